// POST /v1/audio/transcriptions and /v1/audio/translations: the OpenAI audio format, every reply format made here from one transcript.
import { CallerError } from '#shared/failures.ts';
import type { Caller, Receipt } from '../gateway/answer.ts';
import { readAudioHeader } from '../gateway/audio-header.ts';
import { splitAudio } from '../gateway/audio-split.ts';
import type { Purse } from '../gateway/budget.ts';
import { toPolicy } from '../gateway/controls.ts';
import type { RunResult } from '../gateway/run.ts';
import { createTranscribeOperation, toFitting, type AudioPiece } from '../gateway/transcribe.ts';
import type { ReplyBody } from '../ports.ts';
import type { Policy } from '../routing/policy.ts';
import type { Selector } from '../routing/selector.ts';
import { stitchTranscripts } from '../wire/transcription/stitch.ts';
import { parseTranscriptionForm, type TranscriptionQuestion } from '../wire/transcription/question.ts';
import {
  formatTypes,
  renderTranscript,
  renderTranscriptDelta,
  renderTranscriptDone,
  type Transcript,
} from '../wire/transcription/transcript.ts';
import { LONGEST_MS, PATIENCE_MS, RESERVE_MS, toSelector } from './ask.ts';
import { createCaller, type ExchangeCaller } from './caller.ts';
import { principalOf, replyError, type Endpoint, type EndpointDeps, type Services, type Visit } from './endpoint.ts';
import { toPermitted, toPermittedPolicy } from './permitted.ts';
import { readUploadForm, type UploadForm } from './read-form.ts';
import { toFailureHeaders } from './receipt-headers.ts';
import { createTeller, type Teller } from './tell.ts';

const nowhere: ReplyBody = { write: () => true, drained: () => Promise.resolve(), end: () => undefined };

/** The caller as the loop sees it while a transcript is only being made: nothing goes out yet. */
function quietly(caller: ExchangeCaller): Caller {
  return {
    commit: () => nowhere,
    get gone() {
      return caller.gone;
    },
    onGone: caller.onGone,
  };
}

/** One request under way. */
interface Asking {
  readonly deps: EndpointDeps;
  readonly visit: Visit;
  readonly caller: ExchangeCaller;
  readonly teller: Teller;
}

interface Made {
  readonly transcript: Transcript;
  readonly result: RunResult;
}

/** What holds for the whole recording, whatever pieces it comes in. */
interface Setting {
  readonly services: Services;
  readonly question: TranscriptionQuestion;
  readonly policy: Policy;
  readonly purse: Purse | null;
  /** Who is meant by the model's name, within what the asker may use. */
  readonly meant: Selector;
}

async function toSetting({ deps, visit }: Asking, question: TranscriptionQuestion): Promise<Setting> {
  const principal = principalOf(visit);
  const services = await deps.current(principal);
  const { fleet } = services;
  const selector = toSelector({ model: question.model, models: [] }, fleet, deps.modelAliases);
  const policy = toPolicy(null, visit.exchange.headers, { paid: deps.paid, maxWaitMs: PATIENCE_MS });
  return {
    services,
    question,
    meant: toPermitted(selector, fleet.candidates, principal),
    policy: toPermittedPolicy(policy, principal),
    purse: principal.key === null ? null : await deps.keyLimits.admit(principal.key),
  };
}

async function transcribePiece(asking: Asking, setting: Setting, piece: AudioPiece): Promise<Made> {
  const { deps, visit, caller, teller } = asking;
  const { services, question, policy, purse, meant } = setting;
  const { fleet, gateway } = services;
  let transcript: Transcript | null = null;
  const operation = createTranscribeOperation({
    requestId: visit.requestId,
    question,
    piece,
    selector: toFitting(meant, fleet, { question, piece }).selector,
    traceparent: teller.traceparent,
    policy,
    purse,
    deadlineAtMs: Math.min(visit.startedAtMs + LONGEST_MS, (visit.exchange.deadlineAtMs ?? Infinity) - RESERVE_MS),
    fleet,
    dialectOf: (index) => deps.dialectOf(fleet, index),
    onTranscript: (made) => (transcript = made),
  });
  const result = await gateway.run({ operation, caller: quietly(caller) });
  if (transcript === null)
    throw new CallerError('internal', 'The transcript was lost on our side. Send the request again.');
  return { transcript, result };
}

/** Pieces under way at once: enough to use several pools, few enough to keep memory small. */
const AT_ONCE = 4;
/** Pieces are no longer than this, so that several providers work at once and little is lost by a fault. */
const PIECE_SECONDS = 600;
/** Estimates of length may be a little short. */
const SECONDS_ROOM = 0.95;

/** Runs the work over all items, some at once, keeping their order. The first failure ends it. */
async function mapSome<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let index = next++; index < items.length; index = next++) {
      const item = items[index];
      if (item !== undefined) results[index] = await work(item);
    }
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, items.length) }, worker));
  return results;
}

const sum = (amounts: readonly (number | null)[]): number | null =>
  amounts.reduce((total, amount) => (total === null || amount === null ? null : total + amount), 0);

/** One account of all pieces, by whoever made the last. */
function joinResults(results: readonly RunResult[]): RunResult {
  const last = results.at(-1);
  if (last === undefined) throw new CallerError('internal', 'The recording has no pieces.');
  const costUsd = sum(results.map((result) => result.costUsd));
  const seconds = sum(results.map(({ usage }) => usage?.audioSeconds ?? null));
  return {
    ...last,
    receipt: {
      ...last.receipt,
      attempts: results.flatMap(({ receipt }) => receipt.attempts),
      waitedMs: Math.max(...results.map(({ receipt }) => receipt.waitedMs)),
      costUsd,
    },
    usage: seconds === null ? null : { audioSeconds: seconds },
    costUsd,
    settled: Promise.all(results.map(({ settled }) => settled)).then(() => undefined),
  };
}

/** The transcript of a recording, in one piece where somebody takes it whole, else in several at once. */
async function transcribe(asking: Asking, question: TranscriptionQuestion, file: UploadForm['file']): Promise<Made> {
  const facts = await readAudioHeader(file.bytes, file.name);
  const whole = { bytes: file.bytes, name: `audio.${facts.container}`, type: facts.type, seconds: facts.seconds };
  const setting = await toSetting(asking, question);
  const { bounds } = toFitting(setting.meant, setting.services.fleet, { question, piece: whole });
  if (bounds === null) return transcribePiece(asking, setting, whole);
  const seconds = Math.min(PIECE_SECONDS, bounds.seconds * SECONDS_ROOM);
  const { spans, cut } = await splitAudio(file.bytes, facts, { seconds, bytes: bounds.bytes });
  const made = await mapSome(spans, async (span) => ({
    ...span,
    ...(await transcribePiece(asking, setting, await cut(span))),
  }));
  return { transcript: stitchTranscripts(made), result: joinResults(made.map(({ result }) => result)) };
}

/** The transcript in the caller's format: in one piece, or as the events of a stream. */
function send(caller: ExchangeCaller, { transcript, result }: Made, question: TranscriptionQuestion): void {
  const receipt: Receipt = { ...result.receipt, costUsd: result.costUsd };
  if (!question.stream) {
    const body = caller.commit(receipt, formatTypes[question.format]);
    return body.end(renderTranscript(transcript, question.format, question));
  }
  const body = caller.commit(receipt, 'text/event-stream; charset=utf-8');
  const parts = transcript.segments?.map(({ text }) => text) ?? [transcript.text];
  for (const part of parts) body.write(renderTranscriptDelta(part));
  body.end(renderTranscriptDone(transcript.text));
}

async function serve(asking: Asking, task: TranscriptionQuestion['task']): Promise<void> {
  const { visit, caller, teller } = asking;
  const { fields, file } = await readUploadForm(visit.exchange);
  const question = parseTranscriptionForm(fields, task);
  const made = await transcribe(asking, question, file);
  send(caller, made, question);
  teller.answered(made.result);
  await made.result.settled;
}

/** The endpoint over its services. */
export function createTranscriptionsEndpoint(deps: EndpointDeps, task: TranscriptionQuestion['task']): Endpoint {
  return async (visit) => {
    const teller = createTeller(deps, visit, task === 'translate' ? 'translation' : 'transcription');
    const caller = createCaller(visit);
    try {
      await serve({ deps, visit, caller, teller }, task);
    } catch (thrown) {
      if (!(thrown instanceof CallerError)) throw thrown;
      const error = caller.explain(thrown);
      teller.failed(error);
      replyError(visit, error, { renderer: deps.chatWire, nowMs: deps.clock.now(), headers: toFailureHeaders(error) });
    }
  };
}
