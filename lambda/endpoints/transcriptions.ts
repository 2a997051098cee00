// POST /v1/audio/transcriptions and /v1/audio/translations: the OpenAI audio format, every reply format made here from one transcript.
import { CallerError } from '#shared/failures.ts';
import type { Receipt } from '../gateway/answer.ts';
import { parseTranscriptionForm, type TranscriptionQuestion } from '../wire/transcription/question.ts';
import {
  formatTypes,
  renderTranscript,
  renderTranscriptDelta,
  renderTranscriptDone,
  toDeltas,
} from '../wire/transcription/transcript.ts';
import { LONGEST_MS, RESERVE_MS } from './ask.ts';
import { createCaller, markLeft, type ExchangeCaller } from './caller.ts';
import { PATIENCE_MS } from './defaults.ts';
import { replyError, type Endpoint, type EndpointDeps, type Visit } from './endpoint.ts';
import { guardSound } from './guard.ts';
import { readUploadForm, type UploadForm } from './read-form.ts';
import { toFailureHeaders } from './receipt-headers.ts';
import { createTeller, type Teller } from './tell.ts';
import { toSetting, type Made } from './transcribe-piece.ts';
import { transcribeRecording } from './transcribe-recording.ts';

/** One request under way. */
interface Asking {
  readonly deps: EndpointDeps;
  readonly visit: Visit;
  readonly caller: ExchangeCaller;
  readonly teller: Teller;
}

/** The transcript in the caller's format: in one piece, or as the events of a stream. */
function send(caller: ExchangeCaller, { transcript, result }: Made, question: TranscriptionQuestion): void {
  const receipt: Receipt = { ...result.receipt, costUsd: result.costUsd };
  if (!question.stream) {
    const body = caller.commit(receipt, formatTypes[question.format]);
    return body.end(renderTranscript(transcript, question.format, question));
  }
  const body = caller.commit(receipt, 'text/event-stream; charset=utf-8');
  for (const delta of toDeltas(transcript)) body.write(renderTranscriptDelta(delta));
  body.end(renderTranscriptDone(transcript.text));
}

/** Controls of routing in the form's field `freeway`, as JSON text; null where there are none. Throws CallerError when it is no JSON. */
function readControls({ freeway }: UploadForm['fields']): unknown {
  const text = freeway?.[0]?.trim();
  if (!text) return null;
  try {
    return JSON.parse(text);
  } catch {
    throw new CallerError('invalid_request', 'freeway is no JSON; expected an object such as {"tier": "free"}.', {
      param: 'freeway',
    });
  }
}

async function serve(asking: Asking, task: TranscriptionQuestion['task']): Promise<void> {
  const { visit, deps } = asking;
  const form = await readUploadForm(visit.exchange, deps.spool);
  try {
    await serveForm(asking, form, task);
  } finally {
    await form.file.content.drop();
  }
}

async function serveForm(
  { deps, visit, caller, teller }: Asking,
  { fields, file }: UploadForm,
  task: TranscriptionQuestion['task'],
): Promise<void> {
  const question = await guardSound(deps, visit, parseTranscriptionForm(fields, task));
  const { deadlineAtMs } = visit.exchange;
  teller.asks(question);
  const setting = await toSetting(deps, visit, { question, controls: readControls(fields), patienceMs: PATIENCE_MS });
  markLeft(caller, setting.admission);
  const made = await transcribeRecording(
    {
      deps,
      visit,
      caller,
      traceparent: teller.traceparent,
      // However long the upload took.
      deadlineAtMs: Math.min(deps.clock.now() + LONGEST_MS, (deadlineAtMs ?? Infinity) - RESERVE_MS),
      setting,
    },
    { name: file.name, source: file.content },
  );
  send(caller, made, question);
  teller.answered(made.result);
  await made.result.settled;
}

/** The endpoint over its services. */
export function createTranscriptionsEndpoint(deps: EndpointDeps, task: TranscriptionQuestion['task']): Endpoint {
  return async (visit) => {
    const teller = createTeller(deps, visit, task === 'translate' ? 'translation' : 'transcription');
    const caller = createCaller(visit, deps.chatWire.idHeader);
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
