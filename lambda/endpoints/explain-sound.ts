// A transcription as POST /v1/explain is asked about it: what the form would say, as JSON, and how long the recording is.
import { CallerError } from '#shared/failures.ts';
import type { Operation } from '../gateway/operation.ts';
import { toFitting, toSoundProfile } from '../gateway/transcribe.ts';
import { parseTranscriptionForm, type FormFields } from '../wire/transcription/question.ts';
import { PATIENCE_MS } from './defaults.ts';
import type { EndpointDeps, Services, Visit } from './endpoint.ts';
import { toSetting } from './transcribe-piece.ts';

/** What a decision is made by. */
export interface Considered {
  readonly operation: Pick<Operation, 'selector' | 'profile' | 'policy' | 'incumbent'>;
  readonly services: Services;
  /** How many calls like it would be made; absent: one. */
  readonly batches?: number;
}

type Fields = Readonly<Record<string, unknown>>;

/** Fields as a form would hold them; what is no text, number or switch is in none. */
function toForm(fields: Fields): FormFields {
  const toTexts = (value: unknown): string[] =>
    [value].flat().flatMap((one) => (['string', 'number', 'boolean'].includes(typeof one) ? [String(one)] : []));
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, toTexts(value)]));
}

function readSeconds(value: unknown): number | null {
  if (value === undefined || value === null) return null;
  if (typeof value === 'number' && value >= 0 && Number.isFinite(value)) return value;
  throw new CallerError('invalid_request', 'audio_seconds: expected a number of at least 0.', {
    param: 'audio_seconds',
  });
}

/** Who would be asked. A recording longer than anybody takes is decided piece by piece: told is the decision for one piece. */
export async function toSoundAsked(deps: EndpointDeps, visit: Visit, fields: Fields): Promise<Considered> {
  const { freeway: controls = null, audio_seconds: given, task, ...form } = fields;
  const question = parseTranscriptionForm(toForm(form), task === 'translate' ? 'translate' : 'transcribe');
  const wanted = { question, controls, patienceMs: PATIENCE_MS, hypothetical: true };
  const { services, meant, policy } = await toSetting(deps, visit, wanted);
  const seconds = readSeconds(given);
  const asked = { question, piece: { bytes: 0, seconds }, nowMs: deps.clock.now() };
  const { selector, bounds } = toFitting(meant, services.fleet, asked);
  const longest = bounds === null || seconds === null ? seconds : Math.min(seconds, bounds.seconds);
  return { operation: { selector, profile: toSoundProfile(longest), policy }, services };
}
