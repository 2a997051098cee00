// A provider of vectors with limits of its own on what one call may hold, which it tells in its own words.
import type { Clock } from '#lambda/ports.ts';
import type { FakeProvider } from './provider/core.ts';
import { toErrorDraft } from './provider/plan.ts';
import type { ReplyPlan } from './provider/spec.ts';

export interface VectorsSpec {
  readonly key?: string;
  readonly maxInputs?: number;
  readonly maxTokens?: number;
  /** The refusal of what is beyond them. */
  readonly words?: (limit: number, given: number) => unknown;
  readonly dimensions?: number;
  /** Calls it takes in a fixed minute. */
  readonly perMinute?: number;
  /** How long a call with this first input takes, ms; 100 for others. */
  readonly slow?: Readonly<Record<string, number>>;
  /** A status and body instead of what a call with this first input would be answered with. */
  readonly faults?: Readonly<Record<string, readonly [status: number, body: unknown]>>;
}

export interface FakeVectors extends Pick<FakeProvider, 'handle'> {
  /** The inputs of every call that was answered, oldest first. */
  readonly answered: readonly (readonly unknown[])[];
  /** Status of every call, oldest first. */
  readonly statuses: readonly number[];
  /** Tokens of all that was answered: what has to be paid. */
  tokens(): number;
  /** How many calls were under way at once, at most. */
  readonly crowd: number;
}

const REPLY_MS = 100;
/** A word is a token. */
const tokensOf = (input: unknown): number => (Array.isArray(input) ? input.length : String(input).split(/\s+/).length);

/** The vector of an input is known by its text: two inputs have different ones. */
export function vectorOf(input: unknown, dimensions = 3): number[] {
  const text = JSON.stringify(input);
  let hash = 7;
  for (let at = 0; at < text.length; at++) hash = (hash * 31 + text.charCodeAt(at)) % 999_983;
  return Array.from({ length: dimensions }, (_, at) => hash + at);
}

/** Starts it. */
export function createFakeVectors(spec: VectorsSpec, clock: Pick<Clock, 'now'>): FakeVectors {
  const { maxInputs = Infinity, maxTokens = Infinity, dimensions = 3, perMinute = Infinity } = spec;
  const { words = (limit) => ({ message: `at most ${limit} inputs` }) } = spec;
  const answered: (readonly unknown[])[] = [];
  const statuses: number[] = [];
  const calls = new Map<number, number>();
  const state = { open: 0, crowd: 0 };

  const plan = (status: number, body: unknown, ms = REPLY_MS): ReplyPlan => {
    statuses.push(status);
    state.open += 1;
    state.crowd = Math.max(state.crowd, state.open);
    const headers = { 'content-type': 'application/json' };
    return {
      ...toErrorDraft({ status, headers, body: JSON.stringify(body) }, ms),
      close: () => void (state.open -= 1),
    };
  };

  function answer(body: { readonly input: unknown; readonly model: string }): ReplyPlan {
    const inputs = Array.isArray(body.input) && typeof body.input[0] !== 'number' ? body.input : [body.input];
    const fault = spec.faults?.[String(inputs[0])];
    if (fault !== undefined) return plan(...fault);
    if (inputs.length > maxInputs) return plan(400, words(maxInputs, inputs.length));
    const tokens = inputs.reduce<number>((sum, input) => sum + tokensOf(input), 0);
    if (tokens > maxTokens) return plan(400, words(maxTokens, tokens));
    const minute = Math.floor(clock.now() / 60_000);
    const count = (calls.get(minute) ?? 0) + 1;
    if (count > perMinute) return plan(429, { error: { message: 'Rate limit reached.', code: 'rate_limit_exceeded' } });
    calls.set(minute, count);
    answered.push(inputs);
    // Whoever makes vectors may send them in any order.
    const data = inputs.map((input, index) => ({ object: 'embedding', index, embedding: vectorOf(input, dimensions) }));
    const document = {
      object: 'list',
      data: data.toReversed(),
      model: body.model,
      usage: { prompt_tokens: tokens, total_tokens: tokens },
    };
    return plan(200, document, spec.slow?.[String(inputs[0])]);
  }

  return {
    answered,
    statuses,
    tokens: () => answered.flat().reduce<number>((sum, input) => sum + tokensOf(input), 0),
    get crowd() {
      return state.crowd;
    },
    handle: ({ method, path, headers, body }) => {
      const isKnown = spec.key === undefined || headers['authorization'] === `Bearer ${spec.key}`;
      if (!isKnown) return plan(401, { error: { message: 'Invalid API key', code: 'invalid_api_key' } });
      if (method !== 'POST' || !path.endsWith('/embeddings')) return plan(404, { error: { message: 'Not found' } });
      const text = typeof body === 'string' ? body : Buffer.from(body ?? []).toString();
      return answer(JSON.parse(text) as { input: unknown; model: string });
    },
  };
}
