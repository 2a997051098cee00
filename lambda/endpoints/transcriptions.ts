// POST /v1/audio/transcriptions and /v1/audio/translations: the OpenAI audio format, every reply format made here from one transcript.
import { CallerError } from '#shared/failures.ts';
import type { Caller, Receipt } from '../gateway/answer.ts';
import { readAudioHeader } from '../gateway/audio-header.ts';
import { toPolicy } from '../gateway/controls.ts';
import type { RunResult } from '../gateway/run.ts';
import { createTranscribeOperation, toFitting, type AudioPiece } from '../gateway/transcribe.ts';
import type { ReplyBody } from '../ports.ts';
import type { Selector } from '../routing/selector.ts';
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
import { readUploadForm } from './read-form.ts';
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

/** Who is meant by the model's name, within what the asker may use. */
function toMeant({ deps, visit }: Asking, question: TranscriptionQuestion, { fleet }: Services): Selector {
  const selector = toSelector({ model: question.model, models: [] }, fleet, deps.modelAliases);
  return toPermitted(selector, fleet.candidates, principalOf(visit));
}

async function transcribe(asking: Asking, question: TranscriptionQuestion, piece: AudioPiece): Promise<Made> {
  const { deps, visit, caller, teller } = asking;
  const { exchange, requestId, startedAtMs } = visit;
  const principal = principalOf(visit);
  const services = await deps.current(principal);
  const { fleet, gateway } = services;
  const { selector, bounds } = toFitting(toMeant(asking, question, services), fleet, { question, piece });
  if (bounds !== null)
    throw new CallerError(
      'too_large',
      `The recording is longer than any provider here takes at once (${Math.floor(bounds.bytes / 1_048_576)} MB, ${Math.round(bounds.seconds / 60)} minutes). Send it in parts.`,
      { param: 'file' },
    );
  const policy = toPolicy(null, exchange.headers, { paid: deps.paid, maxWaitMs: PATIENCE_MS });
  let transcript: Transcript | null = null;
  const operation = createTranscribeOperation({
    requestId,
    question,
    piece,
    selector,
    traceparent: teller.traceparent,
    policy: toPermittedPolicy(policy, principal),
    purse: principal.key === null ? null : await deps.keyLimits.admit(principal.key),
    deadlineAtMs: Math.min(startedAtMs + LONGEST_MS, (exchange.deadlineAtMs ?? Infinity) - RESERVE_MS),
    fleet,
    dialectOf: (index) => deps.dialectOf(fleet, index),
    onTranscript: (made) => (transcript = made),
  });
  const result = await gateway.run({ operation, caller: quietly(caller) });
  if (transcript === null)
    throw new CallerError('internal', 'The transcript was lost on our side. Send the request again.');
  return { transcript, result };
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
  const { container, type, seconds } = await readAudioHeader(file.bytes, file.name);
  const made = await transcribe(asking, question, { bytes: file.bytes, name: `audio.${container}`, type, seconds });
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
