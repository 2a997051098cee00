// The network of the simulation: providers in process that enforce their limits by their own clocks and keep their own books.
import { UpstreamError, type Upstream, type UpstreamListener } from '#lambda/ports.ts';
import type { FakeClock } from '../../tests/fakes/clock.ts';
import { toLimitHeaders } from '../../tests/fakes/provider/headers.ts';
import {
  createLimits,
  limitName,
  type Breach,
  type Charge,
  type Limits,
  type Who,
} from '../../tests/fakes/provider/limits.ts';
import { toLimitedReply } from '../../tests/fakes/provider/limited.ts';
import type { LimitUnit } from '../../tests/fakes/provider/spec.ts';
import type { SimulatedProvider } from './world.ts';

/** What a provider wrote down of one key and model. */
export interface BookLine {
  readonly provider: SimulatedProvider;
  readonly key: string;
  readonly model: string;
  served: number;
  limited: number;
  abandoned: number;
  tokens: number;
  inputTokens: number;
  outputTokens: number;
}

/** One refusal because a limit was reached. */
export interface Refusal {
  readonly atMs: number;
  readonly model: string;
  readonly limit: string;
}

/** What a request really takes, known to providers only. */
export interface Truth {
  readonly inputTokens: number;
  readonly outputTokens: number;
}

export interface SimulatedNetwork extends Upstream {
  readonly lines: () => readonly BookLine[];
  readonly refusals: readonly Refusal[];
}

export interface NetworkInput {
  readonly clock: FakeClock;
  readonly random: () => number;
  readonly providers: readonly SimulatedProvider[];
  /** The truth behind a request, by the number that its prompt consists of. */
  readonly truthOf: (request: number) => Truth;
  /** Whether others use the shared keys too. */
  readonly foreign: boolean;
  readonly lengthMs: number;
}

interface Station {
  readonly provider: SimulatedProvider;
  readonly limits: Limits;
  readonly lines: Map<string, BookLine>;
}

const encoder = new TextEncoder();
/** One way to a provider: 10 to 60 ms. */
const travelMs = (random: () => number): number => 10 + Math.floor(50 * random());

function lineOf({ provider, lines }: Station, { key, model }: Who): BookLine {
  const name = `${key} ${model}`;
  const line = lines.get(name) ?? {
    ...{ provider, key, model, served: 0, limited: 0, abandoned: 0, tokens: 0, inputTokens: 0, outputTokens: 0 },
  };
  lines.set(name, line);
  return line;
}

/** Requests that others make with a shared key, one by one, all day: so many that they take their share of the tightest limit. */
function startForeignUse({ clock, random, lengthMs }: NetworkInput, { provider, limits }: Station): void {
  const { shared } = provider;
  if (shared === undefined) return;
  const tokens = 1_500;
  const perDay = Math.min(
    ...provider.limits.map(({ unit, max, clock }) => {
      const seconds = clock.kind === 'calendar' || clock.kind === 'held' ? 86_400 : clock.seconds;
      return ((unit === 'requests' ? max : max / tokens) * 86_400) / seconds;
    }),
  );
  const gapMs = 86_400_000 / (perDay * shared.share);
  for (const key of shared.keys) {
    for (const { id: model } of provider.models) {
      const next = (): void => {
        if (clock.now() >= endMs) return;
        limits.admit({ key, model }, { requests: 1, tokens, input_tokens: tokens }, clock.now());
        clock.schedule(Math.ceil(-Math.log(1 - random()) * gapMs), next);
      };
      const endMs = clock.now() + lengthMs;
      clock.schedule(Math.ceil(random() * gapMs), next);
    }
  }
}

interface Question {
  readonly model: string;
  readonly request: number;
  readonly key: string;
}

function readQuestion(body: unknown, headers: Readonly<Record<string, string>>): Question {
  const { model, messages } = JSON.parse(String(body)) as { model: string; messages: { content: string }[] };
  return {
    model,
    request: Number(messages[0]?.content),
    key: (headers['authorization'] ?? '').slice('Bearer '.length),
  };
}

const isBreach = (answer: Charge | Breach): answer is Breach => 'waitMs' in answer;

function toReply(model: string, { inputTokens, outputTokens }: Truth): string {
  const usage = {
    prompt_tokens: inputTokens,
    completion_tokens: outputTokens,
    total_tokens: inputTokens + outputTokens,
  };
  const choices = [{ index: 0, message: { role: 'assistant', content: 'Served.' }, finish_reason: 'stop' }];
  return JSON.stringify({
    id: 'chatcmpl-simulated',
    object: 'chat.completion',
    created: 1_790_000_000,
    model,
    choices,
    usage,
  });
}

/** All providers behind one upstream port. */
export function createNetwork(input: NetworkInput): SimulatedNetwork {
  const { clock, random, providers, truthOf } = input;
  const refusals: Refusal[] = [];
  const stations = new Map(
    providers.map((provider) => {
      const station: Station = { provider, limits: createLimits(provider.limits), lines: new Map() };
      if (input.foreign) startForeignUse(input, station);
      return [`http://${provider.id}.simulated`, station];
    }),
  );

  function arrive(
    station: Station,
    question: Question,
    listener: UpstreamListener,
  ): { charge: Charge; tookMs: number } | null {
    const { provider, limits } = station;
    const truth = truthOf(question.request);
    const tokens = truth.inputTokens + truth.outputTokens;
    const nowMs = clock.now();
    const units: Partial<Record<LimitUnit, number>> = {
      requests: 1,
      tokens,
      input_tokens: truth.inputTokens,
      concurrent: 1,
    };
    const answer = limits.admit(question, units, nowMs);
    const line = lineOf(station, question);
    if (isBreach(answer)) {
      line.limited++;
      refusals.push({ atMs: nowMs, model: `${question.key}/${question.model}`, limit: limitName(answer.limit) });
      const reply = toLimitedReply(provider.dialect, { model: question.model, breach: answer, nowMs });
      listener.onHead(reply.status, lowerCase(reply.headers));
      listener.onData(encoder.encode(reply.body));
      listener.onEnd();
      return null;
    }
    line.tokens += tokens;
    line.inputTokens += truth.inputTokens;
    line.outputTokens += truth.outputTokens;
    const pace = 0.7 + 0.6 * random();
    return {
      charge: answer,
      tookMs: Math.round((provider.firstTokenMs + (truth.outputTokens / provider.tokensPerSecond) * 1000) * pace),
    };
  }

  function finish(station: Station, question: Question, listener: UpstreamListener): void {
    const { provider, limits } = station;
    lineOf(station, question).served++;
    const headers = toLimitHeaders(provider.dialect, limits.views(question, clock.now()), {
      nowMs: clock.now(),
      refused: false,
    });
    listener.onHead(200, { 'content-type': 'application/json', ...headers });
    listener.onData(encoder.encode(toReply(question.model, truthOf(question.request))));
    listener.onEnd();
  }

  return {
    refusals,
    lines: () => [...stations.values()].flatMap(({ lines }) => [...lines.values()]),
    close: () => Promise.resolve(),
    start(call, listener) {
      const station = stations.get(call.url.slice(0, call.url.indexOf('/v1')));
      if (station === undefined) throw new Error(`nobody at ${call.url}`);
      const question = readQuestion(call.body, call.headers);
      let over = false;
      let charge: Charge | null = null;
      clock.schedule(travelMs(random), () => {
        if (over) return;
        const admitted = arrive(station, question, listener);
        if (admitted === null) over = true;
        else {
          charge = admitted.charge;
          clock.schedule(admitted.tookMs + travelMs(random), () => {
            charge?.settle({ concurrent: 0 }, clock.now());
            if (over) return;
            over = true;
            finish(station, question, listener);
          });
        }
      });
      return {
        pause: () => undefined,
        resume: () => undefined,
        abort: () => {
          if (over) return;
          over = true;
          if (charge !== null) lineOf(station, question).abandoned++;
          listener.onError(new UpstreamError('cancelled', 'the call was given up', true));
        },
      };
    },
  };
}

const lowerCase = (headers: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
