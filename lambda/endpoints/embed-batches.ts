// Vectors for more inputs than anybody takes at once: asked for in batches of one space, joined in their order, and accounted for as one.
import { CallerError, type Attempt } from '#shared/failures.ts';
import { toHeaderText } from '#shared/header-text.ts';
import { toBatchErrand } from '../gateway/embed.ts';
import {
  BATCHES_AT_ONCE,
  fitBatch,
  halveBatch,
  measureInputs,
  sizeOf,
  splitInputs,
  widestOf,
  type BatchSize,
  type Takers,
} from '../gateway/embed-batches.ts';
import type { RunResult } from '../gateway/run.ts';
import { sliceEmbeddings, type EmbeddingsQuestion, type InputSpan } from '../wire/embeddings/question.ts';
import type { Embeddings, WriteVectors } from '../wire/embeddings/reply.ts';
import type { ExchangeCaller } from './caller.ts';
import { createHalt, isTooLarge, joinResults, mapSome, quietly, type PieceCaller } from './pieces.ts';
import type { PlainAsked } from './plain.ts';
import type { Spent } from './tell.ts';

export interface BatchesAsk {
  readonly asked: PlainAsked;
  readonly question: EmbeddingsQuestion;
  readonly write: WriteVectors;
  readonly caller: ExchangeCaller;
  /** Told what was paid for when it comes to nothing. */
  readonly onSpent: (spent: Spent) => void;
}

/** One batch that was answered. */
interface Made {
  readonly span: InputSpan;
  readonly embeddings: Embeddings;
  readonly result: RunResult;
}

/** One request while its batches are asked for. */
interface Work extends BatchesAsk {
  /** Tokens of each input. */
  readonly tokens: readonly number[];
  readonly takers: Takers;
  readonly made: Made[];
  /** Attempts at batches that were then asked for in smaller ones. */
  readonly failed: Attempt[];
  /** What nobody has objected to. */
  most: BatchSize;
  /** The caller, until one batch has failed. */
  readonly patient: PieceCaller;
}

const ableOf = ({ asked: { operation, services } }: Pick<BatchesAsk, 'asked'>): readonly number[] =>
  operation.selector.among ?? [...services.fleet.candidates.keys()];

const UNBOUNDED: BatchSize = { inputs: Infinity, tokens: Infinity };

/** Failures after which others may be asked in smaller batches: those who were asked could not, now. */
const mayBeOthers: ReadonlySet<string> = new Set(['exhausted', 'no_candidate', 'upstream_failed', 'budget_exceeded']);

interface Failed {
  readonly span: InputSpan;
  /** Those who were asked. */
  readonly among: readonly number[];
  readonly error: unknown;
}

/** By which a batch is split after it failed; null when that would not help. */
function toSmaller(work: Work, { span, among, error }: Failed): BatchSize | null {
  const size = sizeOf(work.tokens, span);
  if (!(error instanceof CallerError) || size.inputs < 2 || work.patient.gone) return null;
  if (isTooLarge(error)) return (work.most = halveBatch(size));
  const others = ableOf(work).filter((index) => !among.includes(index));
  return others.length > 0 && mayBeOthers.has(error.code) ? widestOf(work.takers, others, size) : null;
}

/** Asks for one batch, and for parts of it where it has to be smaller. */
async function embed(work: Work, span: InputSpan): Promise<void> {
  const { asked, question, tokens, made, patient, most } = work;
  const { gateway } = asked.services;
  const size = sizeOf(tokens, span);
  if (size.inputs > most.inputs) return embedAll(work, splitInputs(tokens, span, most));
  const { among, bounds } = fitBatch(work.takers, ableOf(work), size);
  if (bounds !== null) return embedAll(work, splitInputs(tokens, span, bounds));
  let embeddings: Embeddings | null = null;
  const errand = toBatchErrand(sliceEmbeddings(question, span), (given) => (embeddings = given));
  try {
    const result = await gateway.run({ operation: asked.toPart(errand, among), caller: quietly(patient) });
    if (embeddings === null)
      throw new CallerError('internal', 'The vectors were lost on our side. Send the request again.');
    made.push({ span, embeddings, result });
  } catch (error) {
    const smaller = toSmaller(work, { span, among, error });
    if (smaller === null) throw toPlaced(error, span, question);
    if (error instanceof CallerError) work.failed.push(...error.attempts);
    await embedAll(work, splitInputs(tokens, span, smaller));
  }
}

async function embedAll(work: Work, spans: readonly InputSpan[]): Promise<void> {
  for (const span of spans) await embed(work, span);
}

/** Says which inputs it was. */
function toPlaced(error: unknown, { start, end }: InputSpan, { inputs }: EmbeddingsQuestion): unknown {
  if (!(error instanceof CallerError) || end - start === inputs.length) return error;
  const { code, message, param, retryable, retryAfterMs, attempts, waitedMs } = error;
  return new CallerError(
    code,
    `Inputs ${start} to ${end - 1} of ${inputs.length}, asked for as one batch, failed: ${message}`,
    {
      ...(param === null ? {} : { param }),
      retryable,
      retryAfterMs,
      attempts,
      waitedMs,
    },
  );
}

/** How many batches each route has answered, as a header tells it. */
function toTally(results: readonly RunResult[]): string {
  const counts = new Map<string, number>();
  for (const { receipt } of results)
    counts.set(receipt.candidate.route, (counts.get(receipt.candidate.route) ?? 0) + 1);
  return [...counts].map(([route, count]) => `${toHeaderText(route)}=${count}`).join(', ');
}

/** Fields that some of those who answered were not told. */
function toDropped({ asked: { operation, services }, made }: Work): readonly string[] {
  const { candidates } = services.fleet;
  const indices = new Set(made.map(({ result }) => candidates.indexOf(result.receipt.candidate)));
  return [...new Set([...indices].flatMap((index) => operation.dropped?.(index) ?? []))];
}

/** All vectors in one document, and one account of them. */
function join(work: Work): RunResult {
  const { write, made, failed, caller } = work;
  const ordered = made.toSorted((a, b) => a.span.start - b.span.start);
  const joined = joinResults(ordered.map((one) => one.result));
  const { receipt } = joined;
  const attempts = [...failed, ...receipt.attempts];
  const dropped = toDropped(work);
  const result = { ...joined, receipt: { ...receipt, attempts, ...(dropped.length === 0 ? {} : { dropped }) } };
  const vectors = ordered.flatMap(({ embeddings }) => embeddings.vectors);
  const length = vectors[0]?.length;
  if (vectors.some((vector) => vector.length !== length))
    throw new CallerError('upstream_failed', 'The batches came back in vectors of different lengths, which can not be compared. Pin one provider, or ask for dimensions.', { attempts: result.receipt.attempts }); // prettier-ignore
  const model = ordered[0]?.embeddings.model ?? result.receipt.candidate.modelId;
  if (ordered.length > 1) caller.mark('x-freeway-batches', toTally(ordered.map((one) => one.result)));
  const text = write({ vectors, model, usage: result.usage }, model);
  caller.commit(result.receipt, 'application/json').end(text);
  return result;
}

/** How the inputs are divided at first. */
interface Division extends Pick<Work, 'tokens' | 'takers'> {
  readonly spans: readonly InputSpan[];
}

function divide({ asked, question }: Pick<BatchesAsk, 'asked' | 'question'>): Division {
  const tokens = measureInputs(question);
  const { fleet, ledger } = asked.services;
  const standings = ledger.standings(asked.nowMs);
  const takers: Takers = { fleet, ratioOf: (index) => standings[index]?.ratio ?? 1 };
  const whole = { start: 0, end: question.inputs.length };
  const { bounds } = fitBatch(takers, ableOf({ asked }), sizeOf(tokens, whole));
  return { tokens, takers, spans: bounds === null ? [whole] : splitInputs(tokens, whole, bounds) };
}

/** The operation that is begun with, and how many like it there are: for those who only ask what would be done. */
export function toFirstBatch(asked: PlainAsked, question: EmbeddingsQuestion) {
  const { tokens, takers, spans } = divide({ asked, question });
  const [first = { start: 0, end: question.inputs.length }] = spans;
  const { among } = fitBatch(takers, ableOf({ asked }), sizeOf(tokens, first));
  const errand = toBatchErrand(sliceEmbeddings(question, first), () => undefined);
  return { operation: asked.toPart(errand, among), services: asked.services, batches: spans.length };
}

/** Answers the caller. Rejects with CallerError when one of the batches can't be had; then nothing more is asked for, and what was paid for is told. */
export async function embedInBatches(ask: BatchesAsk): Promise<RunResult> {
  const { caller, onSpent } = ask;
  const { spans, ...division } = divide(ask);
  const { caller: patient, halt } = createHalt(caller);
  const work: Work = { ...ask, ...division, made: [], failed: [], most: UNBOUNDED, patient };
  const embedOrHalt = async (span: InputSpan): Promise<void> => {
    try {
      await embed(work, span);
    } catch (error) {
      halt();
      throw error;
    }
  };
  // The quotas of whoever asks have counted the whole.
  const quota = ask.asked.operation.admission?.quota ?? null;
  const follow = (running: Promise<RunResult>): Promise<RunResult> => quota?.follow(running, caller) ?? running;
  let result: RunResult;
  try {
    await mapSome(spans, embedOrHalt, BATCHES_AT_ONCE);
    result = join(work);
  } catch (error) {
    if (work.made.length === 0) return follow(Promise.reject(error as Error));
    const { usage, costUsd, settled } = await follow(Promise.resolve(joinResults(work.made.map((one) => one.result))));
    await settled;
    onSpent({ usage, costUsd });
    throw error;
  }
  return follow(Promise.resolve(result));
}
