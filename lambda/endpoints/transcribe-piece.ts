// One piece of audio through the loop: what holds for the whole recording, and the transcript of each piece with who made it.
import { CallerError } from '#shared/failures.ts';
import { toPolicy } from '../gateway/controls.ts';
import type { Admission } from '../gateway/quotas.ts';
import type { RunResult } from '../gateway/run.ts';
import { createTranscribeOperation, toFitting, type AudioPiece } from '../gateway/transcribe.ts';
import type { Policy } from '../routing/policy.ts';
import type { Selector } from '../routing/selector.ts';
import type { TranscriptionQuestion } from '../wire/transcription/question.ts';
import type { Transcript } from '../wire/transcription/transcript.ts';
import { toSelector } from './ask.ts';
import { admit, readSettings, toDefaults } from './defaults.ts';
import { principalOf, type EndpointDeps, type Services, type Visit } from './endpoint.ts';
import { quietly, type PieceCaller } from './pieces.ts';
import { toPermitted, toPermittedPolicy } from './permitted.ts';

/** What holds for the whole recording, whatever pieces it comes in. */
export interface Setting {
  readonly services: Services;
  readonly question: TranscriptionQuestion;
  readonly policy: Policy;
  readonly admission: Admission | null;
  readonly askerId: string;
  /** Who is meant by the model's name, within what the asker may use. */
  readonly meant: Selector;
}

export interface Wanted {
  readonly question: TranscriptionQuestion;
  /** Controls of routing as the body field `freeway` holds them; null when only headers say any. */
  readonly controls: unknown;
  /** How long to wait for quota unless the asker says otherwise, ms. */
  readonly patienceMs: number;
  /** Only asked about, not to be carried out: it counts against no limit of the key. */
  readonly hypothetical?: boolean;
}

/** Throws CallerError for a model or controls that are wrong, and for what the asker may not use. */
export async function toSetting(
  deps: EndpointDeps,
  visit: Visit,
  { question, controls, patienceMs, hypothetical = false }: Wanted,
): Promise<Setting> {
  const principal = principalOf(visit);
  const services = await deps.current(principal);
  const { fleet } = services;
  const selector = await toSelector({ model: question.model, models: [] }, fleet, deps.modelAliases);
  const inForce = await readSettings(deps, principal);
  const defaults = { ...toDefaults(deps, inForce, principal.key), maxWaitMs: patienceMs };
  const policy = await toPolicy(controls, visit.exchange.headers, defaults);
  return {
    services,
    question,
    meant: toPermitted(selector, fleet.candidates, principal),
    policy: toPermittedPolicy(policy, principal, inForce),
    // How many tokens sound comes to is known when it has been heard, if at all.
    admission: hypothetical ? null : await admit(deps, principal, { inForce, need: null }),
    askerId: principal.id,
  };
}

/** On whose behalf a piece is transcribed, and until when. */
export interface PieceAsk {
  readonly deps: EndpointDeps;
  readonly requestId: string;
  readonly setting: Setting;
  readonly caller: PieceCaller;
  /** Header by which providers join the request's trace; null when nothing is traced. */
  readonly traceparent: string | null;
  /** When it must be over, ms since the epoch. */
  readonly deadlineAtMs: number;
}

export interface Made {
  readonly transcript: Transcript;
  readonly result: RunResult;
}

/** The transcript of one piece. Rejects with CallerError when nobody could make it. */
export async function transcribePiece(ask: PieceAsk, piece: AudioPiece): Promise<Made> {
  const { deps, requestId, setting, traceparent, deadlineAtMs } = ask;
  const { services, question, policy, admission, meant } = setting;
  const { fleet, gateway } = services;
  let transcript: Transcript | null = null;
  const container = piece.name.slice(piece.name.lastIndexOf('.') + 1);
  const size = { bytes: piece.bytes.length, seconds: piece.seconds, container };
  const operation = createTranscribeOperation({
    requestId,
    question,
    piece,
    selector: toFitting(meant, fleet, { question, piece: size, nowMs: deps.clock.now() }).selector,
    traceparent,
    policy,
    admission,
    deadlineAtMs,
    fleet,
    dialectOf: (index) => deps.dialectOf(fleet, index),
    onTranscript: (made) => (transcript = made),
  });
  const result = await gateway.run({
    operation: { ...operation, askerId: setting.askerId },
    caller: quietly(ask.caller),
  });
  if (transcript === null)
    throw new CallerError('internal', 'The transcript was lost on our side. Send the request again.');
  return { transcript, result };
}
