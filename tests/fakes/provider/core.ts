// The simulated provider itself: checks key, model, request and limits, keeps the books, and plans the reply.
import type { DialectId } from '#shared/catalog.ts';
import type { Clock } from '#lambda/ports.ts';
import { createRandom } from '../random.ts';
import { type Ask, operationOf, parseAsk } from './asks.ts';
import { type BookKeeping, type BookLine, type Books, createBooks } from './books.ts';
import { type Fault, type RefusalKind, splitModelName } from './faults.ts';
import { withoutArrays } from './gemini-face.ts';
import { toLimitHeaders } from './headers.ts';
import { toLimitedReply, toScriptedLimitReply } from './limited.ts';
import { type Breach, type Charge, createLimits, limitName, type Limits } from './limits.ts';
import { bend, type Draft, toDraft, toErrorDraft } from './plan.ts';
import { BadQuestion } from './question.ts';
import { type ErrorReply, type RefusalContext, toRefusal } from './refusals.ts';
import { createStriking, type Striking } from './schedule.ts';
import type { FakeModel, FakeProviderSpec, FakeRequest, ForeignUse, ReplyPlan } from './spec.ts';

/** A request as it arrived, kept when `keepRequests` is set. */
export interface Received {
  readonly atMs: number;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/**
 * One simulated provider. Its clock may be fake or real; `createFakeUpstream` plays it in virtual time, `serveFakeProvider`
 * over real sockets.
 *
 *     const alpha = createFakeProvider({
 *       name: 'alpha', dialect: 'groq', keys: ['k'], countsMaxTokens: true,
 *       models: [{ id: 'm1', ttftMs: 200, tokensPerSecond: 300 }],
 *       limits: [{ models: ['m1'], unit: 'requests', max: 30, clock: { kind: 'fixed', seconds: 60 } }],
 *     }, clock);
 *     alpha.script(['503', 'ok', '429-after-2']);       // the next three requests
 *     alpha.books().total().limited;                    // how often a limit really was hit
 *
 * A model asked for as `m1--cut-40` is `m1` with that fault, for this request.
 */
export interface FakeProvider {
  readonly name: string;
  readonly spec: FakeProviderSpec;
  handle(request: FakeRequest): ReplyPlan;
  /** Queues what happens to the next requests: a fault, its short name, or `ok`. */
  script(steps: readonly (Fault | string)[]): void;
  /** Use by somebody else, right now. */
  use(foreign: ForeignUse): void;
  books(): Books;
  received(): readonly Received[];
}

interface Provider {
  readonly spec: FakeProviderSpec;
  readonly dialect: DialectId;
  readonly models: ReadonlyMap<string, FakeModel>;
  readonly limits: Limits;
  readonly books: BookKeeping;
  readonly striking: Striking;
  readonly random: () => number;
  readonly clock: Pick<Clock, 'now'>;
}

/** One request on its way through the checks. */
interface Case {
  readonly ask: Ask;
  readonly model: FakeModel;
  readonly fault: Fault | null;
  readonly key: string;
  readonly line: BookLine;
  readonly nowMs: number;
  readonly number: number;
}

/** Error replies come this long after the request, ms. */
const refusalDelayMs = 15;

function keyOf(headers: FakeRequest['headers']): string {
  const bearer = /^Bearer (.+)$/i.exec(headers['authorization'] ?? '')?.[1];
  return bearer ?? headers['x-api-key'] ?? headers['x-goog-api-key'] ?? headers['api-key'] ?? '';
}

function closed(draft: Draft, close: ReplyPlan['close'] = () => undefined): ReplyPlan {
  let open = true;
  return {
    ...draft,
    close(outcome) {
      if (open) close(outcome);
      open = false;
    },
  };
}

/** Refuses without charge and writes it down. */
function refuse(provider: Provider, line: BookLine, said: { readonly reply: ErrorReply; readonly reason: string }) {
  provider.books.refuse(line, said.reason);
  if (said.reply.status === 429) line.sent429 += 1;
  return closed(toErrorDraft(said.reply, refusalDelayMs));
}

function refusalOf(provider: Provider, kind: RefusalKind, context: RefusalContext & { readonly status?: number }) {
  return { reply: toRefusal(provider.dialect, kind, context), reason: kind };
}

/** Is this the provider's own failure, which strikes only calls that the limits let in? */
function isOwnFailure(kind: RefusalKind): boolean {
  return kind === 'server_error' || kind === 'overloaded';
}

/** The reply to a fault that strikes before the limits are looked at; null for the others. */
function earlyRefusal(provider: Provider, { fault, ask, model, nowMs }: Case) {
  if (fault?.kind === 'rate_limited') {
    const scripted = { ...fault, daily: fault.daily ?? false, model: model.id, nowMs };
    return { reply: toScriptedLimitReply(provider.dialect, scripted), reason: 'fault rate_limited' };
  }
  if (fault?.kind === 'raw') return { reply: fault, reason: `fault ${fault.status}` };
  if (fault?.kind !== 'refusal' || isOwnFailure(fault.refusal)) return null;
  if (fault.refusal === 'prefill_rejected' && !ask.hasPrefill) return null;
  if (fault.field !== undefined && !ask.fields.includes(fault.field)) return null;
  const reason = `fault ${fault.refusal}`;
  if (fault.refusal === 'content_filtered' && ask.blocked) return { reply: ask.blocked, reason };
  return { ...refusalOf(provider, fault.refusal, { ...fault, model: model.id }), reason };
}

function needOf(spec: FakeProviderSpec, ask: Ask) {
  const { countsMaxTokens } = spec;
  const whenAbsent = typeof countsMaxTokens === 'object' ? countsMaxTokens.whenAbsent : 0;
  const bound = countsMaxTokens ? (ask.maxTokens ?? whenAbsent) : 0;
  return {
    requests: 1,
    concurrent: 1,
    tokens: ask.inputTokens + bound,
    input_tokens: ask.inputTokens,
    audio_seconds: ask.audioSeconds,
  };
}

function limited(provider: Provider, { key, model, line, nowMs }: Case, breach: Breach): ReplyPlan {
  line.limited += 1;
  if (provider.spec.countsRefused) provider.limits.charge({ key, model: model.id }, { requests: 1 }, nowMs);
  const reply = toLimitedReply(provider.dialect, { model: model.id, breach, nowMs });
  return refuse(provider, line, { reply, reason: `limit ${limitName(breach.limit)}` });
}

/** Plans the answer to an admitted call, and what is written when it is over. */
function serve(provider: Provider, one: Case, charge: Charge): ReplyPlan {
  const { spec, books, dialect } = provider;
  const { ask, model, fault, line, nowMs } = one;
  const event = books.open(line, nowMs, ask.inputTokens);
  const finish = (outputTokens: number, isFailure: boolean): void => {
    const kept = !isFailure || spec.countsFailed === true;
    const tokens = kept ? ask.inputTokens + outputTokens : 0;
    charge.settle(
      { concurrent: 0, tokens, ...(!kept && { requests: 0, input_tokens: 0, audio_seconds: 0 }) },
      provider.clock.now(),
    );
    event.tokens = tokens;
    line.inputTokens += kept ? ask.inputTokens : 0;
    line.outputTokens += outputTokens;
    line.audioSeconds += kept ? ask.audioSeconds : 0;
    books.close(line);
  };
  if (fault?.kind === 'refusal' && isOwnFailure(fault.refusal)) {
    const reply = toRefusal(dialect, fault.refusal, { ...fault, model: model.id });
    books.refuse(line, `fault ${fault.refusal}`);
    return closed(toErrorDraft(reply, refusalDelayMs), () => finish(0, true));
  }
  const spread = (): number => 1 + (model.jitter ?? 0) * (2 * provider.random() - 1);
  const pace = {
    ttftMs: (model.ttftMs ?? 100) * spread(),
    tokensPerSecond: (model.tokensPerSecond ?? 100) * spread(),
  };
  const { answer: mode = 'canonical', preface = '', wordsPerChunk = 1 } = spec;
  const reply = ask.reply({
    model,
    dialect,
    fault,
    number: one.number,
    nowMs,
    mode,
    preface,
    wordsPerChunk,
    hearing: spec,
  });
  const views = provider.limits.views({ key: one.key, model: model.id }, nowMs);
  const headers = {
    ...toLimitHeaders(dialect, views, { nowMs, refused: false }),
    ...(reply.contentType !== undefined && { 'content-type': reply.contentType }),
  };
  const draft = bend({ draft: toDraft(reply.pieces, headers, pace), pieces: reply.pieces, dialect }, fault);
  return closed(draft, (outcome) => {
    line[outcome === 'ended' ? 'served' : outcome] += 1;
    const made = ((provider.clock.now() - nowMs - pace.ttftMs) / 1000) * pace.tokensPerSecond;
    const outputTokens =
      outcome === 'ended' ? reply.outputTokens : Math.max(0, Math.min(reply.outputTokens, Math.round(made)));
    finish(outputTokens, false);
  });
}

function judge(provider: Provider, one: Case): ReplyPlan {
  const early = earlyRefusal(provider, one);
  if (early) return refuse(provider, one.line, early);
  const wrong = one.ask.refusal(one.model);
  if (wrong) {
    const { kind, ...context } = wrong;
    return refuse(provider, one.line, refusalOf(provider, kind, { model: one.model.id, ...context }));
  }
  const need = needOf(provider.spec, one.ask);
  const admitted = provider.limits.admit({ key: one.key, model: one.model.id }, need, one.nowMs);
  return 'settle' in admitted ? serve(provider, one, admitted) : limited(provider, one, admitted);
}

function listModels({ spec }: Provider, nowMs: number): ReplyPlan {
  const data = spec.models.map(({ id, context }) => ({
    id,
    object: 'model',
    created: Math.floor(nowMs / 1000),
    owned_by: spec.name,
    context_window: context ?? 131_072,
  }));
  const body = JSON.stringify({ object: 'list', data });
  return closed(toErrorDraft({ status: 200, headers: { 'content-type': 'application/json' }, body }, refusalDelayMs));
}

/** Who speaks this format natively has its dialect, too. */
function answer(provider: Provider, request: FakeRequest, number: number): ReplyPlan {
  if (operationOf(request.method, request.path) !== 'gemini') return answerIn(provider, request, number);
  return withoutArrays(answerIn({ ...provider, dialect: 'gemini' }, request, number));
}

function answerIn(provider: Provider, request: FakeRequest, number: number): ReplyPlan {
  const { spec, books, models } = provider;
  const nowMs = provider.clock.now();
  const key = keyOf(request.headers);
  const turnAway = (kind: RefusalKind, model: string, field?: string): ReplyPlan => {
    const context = field === undefined ? { model } : { model, field };
    return refuse(provider, books.line(key, model), refusalOf(provider, kind, context));
  };
  if (spec.keys && !spec.keys.includes(key)) return turnAway('bad_key', '');
  const operation = operationOf(request.method, request.path);
  if (operation === null) return turnAway('not_found', '');
  if (operation === 'models') return listModels(provider, nowMs);
  let ask: Ask;
  try {
    ask = parseAsk(operation, request);
  } catch (error) {
    if (error instanceof BadQuestion) return turnAway('invalid_request', '', error.field);
    throw error;
  }
  const model = models.get(ask.model) ?? models.get(splitModelName(ask.model).id);
  const fault = provider.striking.next(ask.model, model, nowMs);
  if (!model) return turnAway('model_missing', ask.model);
  return judge(provider, { ask, model, fault, key, line: books.line(key, model.id), nowMs, number });
}

/** Makes a provider that counts by `clock`. */
export function createFakeProvider(spec: FakeProviderSpec, clock: Pick<Clock, 'now'>): FakeProvider {
  const provider: Provider = {
    spec,
    dialect: spec.dialect ?? 'openai',
    models: new Map(spec.models.map((model) => [model.id, model])),
    limits: createLimits(spec.limits ?? []),
    books: createBooks(spec.keepEvents ?? 0),
    striking: createStriking(spec, clock.now()),
    random: createRandom(spec.seed ?? 1),
    clock,
  };
  const received: Received[] = [];
  let number = 0;
  let seenAtMs = clock.now();

  function use({ key, model, requests, tokens }: ForeignUse): void {
    provider.limits.charge({ key, model }, { requests, tokens, input_tokens: tokens }, clock.now());
  }
  function remember(request: FakeRequest, atMs: number): void {
    const keep = spec.keepRequests ?? 0;
    if (keep === 0) return;
    const body = typeof request.body === 'string' ? request.body : Buffer.from(request.body ?? []).toString();
    received.push({ atMs, path: request.path, headers: request.headers, body });
    if (received.length > keep) received.shift();
  }

  return {
    name: spec.name,
    spec,
    handle(request) {
      const nowMs = clock.now();
      for (const foreign of spec.foreignTraffic?.(seenAtMs, nowMs) ?? []) use(foreign);
      seenAtMs = nowMs;
      remember(request, nowMs);
      number += 1;
      return answer(provider, request, number);
    },
    script: provider.striking.script,
    use,
    books: () => provider.books,
    received: () => [...received],
  };
}
