// A host of models in the way of Replicate: predictions are made, run by themselves, cost while they run, and are listened to, looked at or cancelled.
import type { Clock } from '#lambda/ports.ts';
import { toErrorDraft } from './provider/plan.ts';
import type { FakeProvider } from './provider/core.ts';
import type { FakeRequest, PlanChunk, ReplyPlan } from './provider/spec.ts';

export interface PredictionsSpec {
  readonly key: string;
  /** Inputs by `owner/name`; others are refused. */
  readonly models: Readonly<Record<string, readonly string[]>>;
  /** The pieces of every answer, one token each; one comes every `pieceMs`. */
  readonly pieces?: readonly string[];
  /** From making to running, ms; default 200. */
  readonly bootMs?: number;
  readonly pieceMs?: number;
  /** Predictions have no events to listen to. */
  readonly isMute?: boolean;
  /** Runs so many pieces, then fails with these words. */
  readonly fails?: { readonly after: number; readonly error: string };
  readonly isWithoutCredit?: boolean;
  /** So many predictions may be made a minute, in the words for accounts with little credit. */
  readonly perMinute?: number;
  /** Status and body instead of what a call would be answered with, by how the call begins. */
  readonly faults?: Readonly<Record<string, readonly [status: number, body: unknown]>>;
}

interface Prediction {
  readonly id: string;
  readonly model: string;
  readonly input: Readonly<Record<string, unknown>>;
  readonly madeAtMs: number;
  cancelledAtMs: number;
}

export interface SeenCall {
  readonly call: string;
  readonly authorization: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Readonly<Record<string, unknown>>;
}

export interface FakePredictions extends Pick<FakeProvider, 'handle'> {
  /** All calls, oldest first. */
  readonly seen: readonly SeenCall[];
  /** How many tokens were written by now, of all predictions together: what has to be paid. */
  written(): number;
  /** Streams nobody has closed. */
  listening(): number;
}

const encoder = new TextEncoder();
/** The address of events is a secret of its own. */
const EVENTS = 'bcwr-';
/** Streams that have ended are left open so long. */
const LINGER_MS = 30_000;

const event = (name: string, data: string): string =>
  `event: ${name}\nid: 1690212292:0\n${data
    .split('\n')
    .map((line) => `data: ${line}\n`)
    .join('')}\n`;

/** Starts it. Predictions run by the clock, whether anybody listens or not. */
export function createFakePredictions(spec: PredictionsSpec, clock: Pick<Clock, 'now'>): FakePredictions {
  const { pieces = ['Hello', ' there,', '\n', 'friend.'], bootMs = 200, pieceMs = 50, perMinute = Infinity } = spec;
  const predictions = new Map<string, Prediction>();
  const seen: SeenCall[] = [];
  const made: number[] = [];
  let listening = 0;

  const count = spec.fails?.after ?? pieces.length;
  const startOf = ({ madeAtMs }: Prediction): number => madeAtMs + bootMs;
  const endOf = (one: Prediction): number => startOf(one) + boundOf(one) * pieceMs;
  const boundOf = ({ input }: Prediction): number =>
    Math.min(count, Number(input['max_tokens'] ?? input['max_completion_tokens'] ?? Infinity));
  function writtenOf(one: Prediction): number {
    const untilMs = Math.min(clock.now(), one.cancelledAtMs, endOf(one));
    return Math.max(0, Math.floor((untilMs - startOf(one)) / pieceMs));
  }
  function statusOf(one: Prediction): string {
    if (one.cancelledAtMs < endOf(one)) return 'canceled';
    if (clock.now() < startOf(one)) return 'starting';
    if (clock.now() < endOf(one)) return 'processing';
    return spec.fails === undefined ? 'succeeded' : 'failed';
  }
  function tell(one: Prediction): unknown {
    const status = statusOf(one);
    const written = writtenOf(one);
    const isOver = status === 'succeeded' || status === 'failed';
    const address = `https://api.replicate.com/v1/predictions/${one.id}`;
    return {
      id: one.id,
      model: one.model,
      version: 'hidden',
      input: one.input,
      logs: '',
      output: written === 0 ? null : pieces.slice(0, written),
      data_removed: false,
      error: status === 'failed' ? spec.fails?.error : null,
      status,
      created_at: new Date(one.madeAtMs).toISOString(),
      urls: {
        cancel: `${address}/cancel`,
        get: address,
        ...(spec.isMute ? {} : { stream: `https://stream.replicate.com/v1/files/${EVENTS}${one.id}` }),
        web: `https://replicate.com/p/${one.id}`,
      },
      ...(isOver && {
        metrics: { input_token_count: 11, output_token_count: written, predict_time: (written * pieceMs) / 1000 },
      }),
    };
  }

  const plan = (status: number, body: unknown, delayMs = 15): ReplyPlan => ({
    ...toErrorDraft({ status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }, delayMs),
    close: () => undefined,
  });
  const refuse = (status: number, title: string, detail: string, more = {}): ReplyPlan =>
    plan(status, { title, detail, status, ...more });

  function make(model: string, body: SeenCall['body']): ReplyPlan {
    const inputs = spec.models[model];
    if (inputs === undefined) return plan(404, { detail: 'The requested resource could not be found.', status: 404 });
    if (spec.isWithoutCredit)
      return refuse(402, 'Insufficient credit', 'You have insufficient credit to run this model. Go to https://replicate.com/account/billing#billing to purchase credit.'); // prettier-ignore
    const recent = made.filter((atMs) => atMs > clock.now() - 60_000);
    if (recent.length >= perMinute) {
      const seconds = Math.ceil(((recent[0] ?? 0) + 60_000 - clock.now()) / 1000);
      return plan(429, { detail: `Request was throttled. Your rate limit for creating predictions is reduced to ${perMinute} requests per minute with a burst of 1 requests while you have less than $5.0 in credit. Your rate limit resets in ~${seconds}s.`, status: 429, retry_after: seconds }); // prettier-ignore
    }
    const input = (body['input'] ?? {}) as Prediction['input'];
    const wrong = Object.keys(input).find((name) => !inputs.includes(name));
    const fault = wrong === undefined ? (input['prompt'] ?? input['messages']) === undefined ? 'prompt is required' : null : `Additional property ${wrong} is not allowed`; // prettier-ignore
    if (fault !== null)
      return refuse(422, 'Input validation failed', `- input: ${fault}\n`, {
        invalid_fields: [{ type: 'additional_property_not_allowed', field: 'input', description: fault }],
      });
    made.push(clock.now());
    const one = { id: `p${predictions.size}rmc0cm2q`, model, input, madeAtMs: clock.now(), cancelledAtMs: Infinity };
    predictions.set(one.id, one);
    return plan(201, tell(one));
  }

  function listen(one: Prediction): ReplyPlan {
    listening += 1;
    const chunks: PlanChunk[] = [];
    let atMs = clock.now();
    const send = (text: string, dueMs: number): void => {
      chunks.push({ delayMs: Math.max(0, dueMs - atMs), bytes: encoder.encode(text) });
      atMs = Math.max(atMs, dueMs);
    };
    pieces.slice(0, boundOf(one)).forEach((piece, index) => send(event('output', piece), startOf(one) + (index + 1) * pieceMs)); // prettier-ignore
    const { fails } = spec;
    if (fails !== undefined) send(event('error', JSON.stringify({ detail: fails.error })), endOf(one));
    send(event('done', fails === undefined ? '{}' : '{"reason": "error"}'), endOf(one));
    send(':408: 408 Request Timeout\n\n', endOf(one) + LINGER_MS);
    return {
      status: 200,
      headers: { 'content-type': 'text/event-stream' },
      encoding: 'identity',
      headDelayMs: 15,
      head: 'sent',
      chunks,
      end: 'end',
      endDelayMs: 0,
      close: () => void (listening -= 1),
    };
  }

  function answer({ call, authorization, body }: SeenCall): ReplyPlan {
    const fault = Object.entries(spec.faults ?? {}).find(([beginning]) => call.startsWith(beginning))?.[1];
    if (fault !== undefined) return plan(...fault);
    const events = /^GET \/files\/bcwr-(\w+)$/.exec(call)?.[1];
    if (events !== undefined) return listen(predictions.get(events)!);
    if (authorization !== `Bearer ${spec.key}`)
      return refuse(401, 'Unauthenticated', 'You did not pass a valid authentication token');
    if (call === 'GET /account') return plan(200, { type: 'organization', username: 'acme', name: 'Acme' });
    const official = /^POST \/models\/([^/]+\/[^/]+)\/predictions$/.exec(call)?.[1];
    if (official !== undefined) return make(official, body);
    if (call === 'POST /predictions') return make(String(body['version']), body);
    const [, id = '', cancel] = /^(?:GET|POST) \/predictions\/(\w+)(\/cancel)?$/.exec(call) ?? [];
    const one = predictions.get(id);
    if (one === undefined) return plan(404, { detail: 'The requested resource could not be found.', status: 404 });
    if (cancel !== undefined) one.cancelledAtMs = Math.min(one.cancelledAtMs, clock.now());
    return plan(200, tell(one));
  }

  return {
    seen,
    written: () => [...predictions.values()].reduce((sum, one) => sum + writtenOf(one), 0),
    listening: () => listening,
    handle: ({ method, path, headers, body }: FakeRequest) => {
      const text = typeof body === 'string' ? body : Buffer.from(body ?? []).toString();
      const json = text === '' ? {} : (JSON.parse(text) as SeenCall['body']);
      const call = { call: `${method} ${path}`, authorization: headers['authorization'], headers, body: json };
      seen.push(call);
      return answer(call);
    },
  };
}
