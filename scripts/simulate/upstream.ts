// The network of the simulation: providers in process that enforce their limits by their own clocks and keep their own books.
import { toWhole } from '#lambda/gateway/own-body.ts';
import {
  UpstreamError,
  type Upstream,
  type UpstreamCall,
  type UpstreamHandle,
  type UpstreamListener,
} from '#lambda/ports.ts';
import type { FakeClock } from '../../tests/fakes/clock.ts';
import { toLimitHeaders } from '../../tests/fakes/provider/headers.ts';
import {
  createLimits,
  limitName,
  type Amounts,
  type Breach,
  type Charge,
  type Limits,
  type Who,
} from '../../tests/fakes/provider/limits.ts';
import { toLimitedReply } from '../../tests/fakes/provider/limited.ts';
import type { SimulatedProvider } from './world.ts';

/** What a provider wrote down of one key and model. */
export interface BookLine {
  readonly provider: SimulatedProvider;
  readonly key: string;
  readonly model: string;
  served: number;
  limited: number;
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

/** What a limit lets through is counted in these. */
export interface Taken {
  requests: number;
  tokens: number;
}

/** What was taken from one key and model within the run: by Freeway, and by others. */
export interface Share {
  readonly own: Taken;
  readonly others: Taken;
}

export interface SimulatedNetwork extends Upstream {
  readonly shareOf: (provider: string, who: Who) => Share;
  /** Requests that some free provider let in within the run, each counted once. */
  readonly requestsLetIn: () => number;
  readonly lines: () => readonly BookLine[];
  readonly refusals: readonly Refusal[];
  /** When a free provider last let a call in, ms since the epoch. */
  readonly lastAdmittedMs: () => number;
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
  readonly shares: Map<string, Share>;
}

interface Network extends NetworkInput {
  readonly stations: ReadonlyMap<string, Station>;
  readonly refusals: Refusal[];
  readonly endMs: number;
  readonly letIn: Set<number>;
  lastAdmittedMs: number;
}

const encoder = new TextEncoder();
/** One way to a provider: 10 to 60 ms. */
const travelMs = (random: () => number): number => 10 + Math.floor(50 * random());
/** Tokens of a request that others make. */
const FOREIGN_TOKENS = 1_500;

function lineOf({ provider, lines }: Station, { key, model }: Who): BookLine {
  const name = `${key} ${model}`;
  const line = lines.get(name) ?? { provider, key, model, served: 0, limited: 0 };
  lines.set(name, line);
  return line;
}

function shareOf({ shares }: Pick<Station, 'shares'>, { key, model }: Who): Share {
  const name = `${key} ${model}`;
  let share = shares.get(name);
  if (share === undefined)
    shares.set(name, (share = { own: { requests: 0, tokens: 0 }, others: { requests: 0, tokens: 0 } }));
  return share;
}

function add(taken: Taken, tokens: number): void {
  taken.requests++;
  taken.tokens += tokens;
}

/** How far apart the requests of others are: so that they take their share of the tightest limit. */
function foreignGapMs({ limits, shared }: SimulatedProvider): number {
  const perDay = limits.map(({ unit, max, clock }) => {
    const seconds = clock.kind === 'calendar' || clock.kind === 'held' ? 86_400 : clock.seconds;
    return ((unit === 'requests' ? max : max / FOREIGN_TOKENS) * 86_400) / seconds;
  });
  return 86_400_000 / (Math.min(...perDay) * (shared?.share ?? 0));
}

/** Requests that others make with a shared key, one by one, all day. */
function startForeignUse({ clock, random, lengthMs }: NetworkInput, station: Station): void {
  const { provider, limits } = station;
  const gapMs = foreignGapMs(provider);
  const endMs = clock.now() + lengthMs;
  const amounts: Amounts = { requests: 1, tokens: FOREIGN_TOKENS, input_tokens: FOREIGN_TOKENS };
  for (const key of provider.shared?.keys ?? []) {
    for (const model of provider.shared?.models ?? []) {
      const next = (): void => {
        if (clock.now() >= endMs) return;
        const answer = limits.admit({ key, model }, amounts, clock.now());
        if (!('waitMs' in answer)) add(shareOf(station, { key, model }).others, FOREIGN_TOKENS);
        clock.schedule(Math.ceil(-Math.log(1 - random()) * gapMs), next);
      };
      clock.schedule(Math.ceil(random() * gapMs), next);
    }
  }
}

interface Question {
  readonly model: string;
  readonly request: number;
  readonly key: string;
}

function readQuestion({ body, headers }: UpstreamCall): Question {
  const { model, messages } = JSON.parse(String(toWhole(body))) as { model: string; messages: { content: string }[] };
  const key = (headers['authorization'] ?? '').slice('Bearer '.length);
  return { model, request: Number(messages[0]?.content), key };
}

function toReply(model: string, { inputTokens, outputTokens }: Truth): string {
  const usage = {
    prompt_tokens: inputTokens,
    completion_tokens: outputTokens,
    total_tokens: inputTokens + outputTokens,
  };
  const choices = [{ index: 0, message: { role: 'assistant', content: 'Served.' }, finish_reason: 'stop' }];
  const id = 'chatcmpl-simulated';
  return JSON.stringify({ id, object: 'chat.completion', created: 1_790_000_000, model, choices, usage });
}

/** Plays a whole reply to its reader at once. */
function play(
  listener: UpstreamListener,
  reply: { status: number; headers: Record<string, string>; body: string },
): void {
  listener.onHead(reply.status, reply.headers);
  listener.onData(encoder.encode(reply.body));
  listener.onEnd();
}

const lowerCase = (headers: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));

/** A call has arrived: it is let in, or refused by the limit that is reached. */
function admit({ clock, truthOf, endMs }: Network, station: Station, question: Question): Charge | Breach {
  const { inputTokens, outputTokens } = truthOf(question.request);
  const tokens = inputTokens + outputTokens;
  const need = { requests: 1, tokens, input_tokens: inputTokens, concurrent: 1 };
  const answer = station.limits.admit(question, need, clock.now());
  if (!('waitMs' in answer) && clock.now() < endMs) add(shareOf(station, question).own, tokens);
  return answer;
}

function refuse(
  network: Network,
  station: Station,
  { question, breach, listener }: { question: Question; breach: Breach; listener: UpstreamListener },
): void {
  const nowMs = network.clock.now();
  const { key, model } = question;
  lineOf(station, question).limited++;
  network.refusals.push({ atMs: nowMs, model: `${key}/${model}`, limit: limitName(breach.limit) });
  const reply = toLimitedReply(station.provider.dialect, { model, breach, nowMs });
  play(listener, { ...reply, headers: lowerCase(reply.headers) });
}

function serve(
  network: Network,
  station: Station,
  { question, listener }: { question: Question; listener: UpstreamListener },
): void {
  const nowMs = network.clock.now();
  lineOf(station, question).served++;
  const views = station.limits.views(question, nowMs);
  const limits = toLimitHeaders(station.provider.dialect, views, { nowMs, refused: false });
  const headers = { 'content-type': 'application/json', ...limits };
  play(listener, { status: 200, headers, body: toReply(question.model, network.truthOf(question.request)) });
}

function tookMs({ random, truthOf }: Network, { provider }: Station, { request }: Question): number {
  const writingMs = (truthOf(request).outputTokens / provider.tokensPerSecond) * 1000;
  return Math.round((provider.firstTokenMs + writingMs) * (0.7 + 0.6 * random()));
}

function start(network: Network, call: UpstreamCall, listener: UpstreamListener): UpstreamHandle {
  const { clock, random } = network;
  const station = network.stations.get(call.url.slice(0, call.url.indexOf('/v1')));
  if (station === undefined) throw new Error(`nobody at ${call.url}`);
  const question = readQuestion(call);
  let over = false;
  clock.schedule(travelMs(random), () => {
    if (over) return;
    const answer = admit(network, station, question);
    if ('waitMs' in answer) {
      over = true;
      return refuse(network, station, { question, breach: answer, listener });
    }
    if (station.provider.tier === 'free') {
      network.lastAdmittedMs = clock.now();
      if (clock.now() < network.endMs) network.letIn.add(question.request);
    }
    clock.schedule(tookMs(network, station, question) + travelMs(random), () => {
      answer.settle({ concurrent: 0 }, clock.now());
      if (over) return;
      over = true;
      serve(network, station, { question, listener });
    });
  });
  return {
    pause: () => undefined,
    resume: () => undefined,
    abort: () => {
      if (over) return;
      over = true;
      listener.onError(new UpstreamError('cancelled', 'the call was given up', true));
    },
  };
}

/** All providers behind one upstream port. */
export function createNetwork(input: NetworkInput): SimulatedNetwork {
  const stations = new Map(
    input.providers.map((provider) => {
      const station: Station = { provider, limits: createLimits(provider.limits), lines: new Map(), shares: new Map() };
      if (input.foreign) startForeignUse(input, station);
      return [`http://${provider.id}.simulated`, station];
    }),
  );
  const endMs = input.clock.now() + input.lengthMs;
  const network: Network = { ...input, stations, refusals: [], endMs, letIn: new Set(), lastAdmittedMs: 0 };
  return {
    refusals: network.refusals,
    shareOf: (provider, who) => {
      const station = stations.get(`http://${provider}.simulated`);
      if (station === undefined) throw new Error(`there is no provider ${provider}`);
      return shareOf(station, who);
    },
    requestsLetIn: () => network.letIn.size,
    lastAdmittedMs: () => network.lastAdmittedMs,
    lines: () => [...stations.values()].flatMap(({ lines }) => [...lines.values()]),
    close: () => Promise.resolve(),
    start: (call, listener) => start(network, call, listener),
  };
}
