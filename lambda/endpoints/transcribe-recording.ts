// A whole recording within one request: in one piece where somebody takes it, else in several at once, smaller ones where providers ask for it.
import type { AudioFacts } from '../gateway/audio-header.ts';
import type { AudioSource } from '../gateway/audio-source.ts';
import type { Span, SplitAudio, SplitBounds } from '../gateway/audio-split.ts';
import { halve, mayHalve, PIECES_AT_ONCE, toPieceBounds, UNBOUNDED } from '../gateway/piece-size.ts';
import { toSent } from '../gateway/piece-format.ts';
import type { RunResult } from '../gateway/run.ts';
import { toFitting, type AudioBytes } from '../gateway/transcribe.ts';
import { stitchTranscripts } from '../wire/transcription/stitch.ts';
import type { ExchangeCaller } from './caller.ts';
import type { EndpointDeps, Visit } from './endpoint.ts';
import { createHalt, isTooLarge, joinResults, mapSome, sumOf } from './pieces.ts';
import { transcribePiece, type Made, type PieceAsk, type Setting } from './transcribe-piece.ts';

/** One request for a transcript. */
export interface RecordingAsk {
  readonly deps: EndpointDeps;
  readonly visit: Visit;
  readonly caller: ExchangeCaller;
  readonly traceparent: string | null;
  readonly deadlineAtMs: number;
  readonly setting: Setting;
}

export interface Recording {
  readonly name: string;
  readonly source: AudioSource;
}

/** One account of all pieces: the sound is known only where all of it is. */
function joinSound(results: readonly RunResult[]): RunResult {
  const seconds = sumOf(results.map(({ usage }) => usage?.audioSeconds ?? null));
  return { ...joinResults(results), usage: seconds === null ? null : { audioSeconds: seconds } };
}

type MadeSpan = Made & Span;

/** The pieces of one recording. Whoever finds one too large makes all that are still to come smaller. */
function createPieces(ask: PieceAsk, audio: SplitAudio): (span: Span) => Promise<MadeSpan[]> {
  const { halt, caller: patient } = createHalt(ask.caller);
  let most = UNBOUNDED;
  const smaller = async (span: Span): Promise<MadeSpan[]> => {
    const made: MadeSpan[] = [];
    for (const part of await audio.split(most, span)) made.push(...(await transcribeSpan(part)));
    return made;
  };
  const transcribeSpan = async (span: Span): Promise<MadeSpan[]> => {
    if (span.end - span.start > most.seconds && mayHalve(span)) return smaller(span);
    const piece = await audio.cut(span);
    try {
      return [{ ...span, ...(await transcribePiece({ ...ask, caller: patient }, piece)) }];
    } catch (error) {
      if (!isTooLarge(error) || !mayHalve(span) || patient.gone) throw error;
      most = halve(most, { bytes: piece.bytes.length, seconds: span.end - span.start });
      return smaller(span);
    }
  };
  return async (span: Span): Promise<MadeSpan[]> => {
    try {
      return await transcribeSpan(span);
    } catch (error) {
      halt();
      throw error;
    }
  };
}

async function inPieces(
  ask: RecordingAsk,
  { source }: Recording,
  { facts, bounds }: { readonly facts: AudioFacts; readonly bounds: SplitBounds },
): Promise<Made> {
  const audio = (await ask.deps.audio()).open(source, facts);
  try {
    const work = createPieces({ ...ask, requestId: ask.visit.requestId }, audio);
    const made = (await mapSome(await audio.split(toPieceBounds(bounds)), work, PIECES_AT_ONCE)).flat();
    return { transcript: stitchTranscripts(made), result: joinSound(made.map(({ result }) => result)) };
  } finally {
    audio.close();
  }
}

/** What is no larger is held while it is sent, so that it is read once for all attempts. */
const HELD_BYTES = 4 * 1024 * 1024;

async function toBytes(source: AudioSource): Promise<AudioBytes> {
  if (source.size <= HELD_BYTES) return source.read(0, source.size);
  return { length: source.size, read: (start, end) => source.read(start, end) };
}

/** The transcript of a recording. Rejects with CallerError for what is wrong with it, before anything is spent, and when nobody could make it. */
export async function transcribeRecording(ask: RecordingAsk, recording: Recording): Promise<Made> {
  const { source, name } = recording;
  const { setting, visit, caller } = ask;
  const facts = await (await ask.deps.audio()).readHeader(source, name);
  const { container, type, seconds, asIs } = facts;
  const size = { bytes: source.size, seconds, container: toSent(container) };
  const { question, meant, services } = setting;
  const { bounds } = toFitting(meant, services.fleet, { question, piece: size, nowMs: ask.deps.clock.now() });
  if (bounds !== null || !asIs) return inPieces(ask, recording, { facts, bounds: bounds ?? UNBOUNDED });
  const bytes = await toBytes(source);
  try {
    return await transcribePiece(
      { ...ask, requestId: visit.requestId },
      { bytes, name: `audio.${container}`, type, seconds },
    );
  } catch (error) {
    if (!isTooLarge(error) || seconds === null || !mayHalve({ start: 0, end: seconds }) || caller.gone) throw error;
    return inPieces(ask, recording, { facts, bounds: halve(UNBOUNDED, { bytes: source.size, seconds }) });
  }
}
