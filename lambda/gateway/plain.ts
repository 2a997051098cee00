// A request of one body and one reply as an operation of the loop: what embeddings, images, speech and moderation have in common.
import type { Auth, Model, ModelKind } from '#shared/catalog.ts';
import type { Policy } from '../routing/policy.ts';
import { estimateTokens } from '../routing/estimate.ts';
import type { RequestProfile } from '../routing/profile.ts';
import type { Selector } from '../routing/selector.ts';
import type { EmbeddingsQuestion } from '../wire/embeddings/question.ts';
import type { WriteVectors } from '../wire/embeddings/reply.ts';
import { unheededBy, type PlainQuestion } from '../wire/plain.ts';
import type { Dialect, RequestTarget } from '../wire/types.ts';
import { withoutQuotes } from './echo.ts';
import type { Fleet } from './fleet.ts';
import type { Operation, OutgoingCall, ReaderContext, ReplyReader } from './operation.ts';
import { createRescue } from './rescue.ts';

/** What a reader of one reply is given. */
export interface PlainReading {
  readonly dialect: Dialect;
  readonly context: ReaderContext;
  /** The model that was asked. */
  readonly model: Model;
}

/** A question that may be put in several batches. */
export interface Divisible {
  readonly question: EmbeddingsQuestion;
  /** Writes the vectors of all batches for the caller. */
  readonly write: WriteVectors;
}

type Target = Pick<RequestTarget, 'model' | 'quirks'>;

/** One operation of this kind, for one request. */
export interface Errand {
  readonly name: Exclude<ModelKind, 'chat' | 'transcription'>;
  readonly question: PlainQuestion;
  /** Absent: it must be asked as one. */
  readonly divisible?: Divisible;
  /** What it takes beside the tokens of its texts. */
  readonly takes?: Partial<
    Pick<RequestProfile, 'inputTokens' | 'maxOutputTokens' | 'images' | 'characters' | 'longestInputTokens'>
  >;
  /** The provider's name for the path of these calls, and the path where it names none. */
  readonly path: { readonly key: string; readonly usual: string };
  readonly accept: string;
  /** How long a reply may take, and when a second candidate is asked too, ms. */
  readonly patience: { readonly longestMs: number; readonly usualMs: number };
  /** Content comes piece by piece. */
  readonly streamed: boolean;
  /** Of the candidates a name means, those that may stand in for each other now. Throws CallerError when there are none. */
  narrow(selector: Selector, fleet: Fleet, nowMs: number): Selector;
  render(target: RequestTarget, model: Model): string;
  /** Fields of the caller that this target is not told, beside those that nobody is; absent: there are none. */
  readonly left?: (target: Target, model: Model) => readonly string[];
  /** Where this target is asked in a way of its own, and how that call carries the key; absent or null: as all are. */
  readonly way?: (target: Target, model: Model) => { readonly path: string; readonly auth?: Auth | undefined } | null;
  read(reading: PlainReading): ReplyReader;
}

/** What the operation is made of. */
export interface PlainInput {
  readonly requestId: string;
  readonly errand: Errand;
  readonly traceparent?: string | null;
  readonly selector: Selector;
  readonly policy: Policy;
  readonly deadlineAtMs: number;
  readonly fleet: Fleet;
  readonly dialectOf: (index: number) => Dialect;
}

/** What routing must know of the request. */
function toProfile({ name, question, takes = {} }: Errand): RequestProfile {
  const { inputTokens } = estimateTokens({ texts: question.texts, images: [], maxOutputTokens: 0, task: 'extraction' });
  return {
    kind: name,
    needs: 0,
    classification: null,
    outputTokens: 0,
    maxOutputTokens: 0,
    audioSeconds: null,
    ...takes,
    inputTokens: inputTokens + (takes.inputTokens ?? 0),
  };
}

/** A context whose failures do not repeat what the caller has written. */
function quotingNothing(context: ReaderContext, { texts }: PlainQuestion): ReaderContext {
  return {
    ...context,
    finish: ({ failure, ...rest }) =>
      context.finish({
        ...rest,
        failure: failure === null ? null : { ...failure, message: withoutQuotes(failure.message, texts) },
      }),
  };
}

function findAsked({ fleet }: PlainInput, index: number) {
  const candidate = fleet.candidates[index];
  const credential = fleet.credentials[index];
  const model = fleet.models[index];
  if (!candidate || !credential || !model) throw new Error('no such candidate');
  return { candidate, provider: credential.provider, model };
}

function prepare(input: PlainInput, index: number, stripped: readonly string[]): OutgoingCall {
  const { candidate, provider, model } = findAsked(input, index);
  const { path, accept, patience, render, way } = input.errand;
  const target: RequestTarget = {
    model: candidate.modelId,
    quirks: provider.quirks,
    stripped,
    wantUsage: true,
    maxOutputTokens: null,
  };
  const own = way?.(target, model) ?? null;
  return {
    path: own?.path ?? model.path ?? provider.paths[path.key] ?? path.usual,
    headers: {
      'content-type': 'application/json',
      accept,
      ...(input.traceparent ? { traceparent: input.traceparent } : {}),
    },
    ...(own?.auth === undefined ? {} : { auth: own.auth }),
    body: render(target, model),
    firstContentTimeoutMs: patience.longestMs,
    usualContentMs: patience.usualMs,
    idleTimeoutMs: patience.longestMs,
  };
}

/** Fields of the caller that candidate `index` is not told. */
function droppedBy(input: PlainInput, index: number): readonly string[] {
  const { question, left } = input.errand;
  const { candidate, provider, model } = findAsked(input, index);
  const target = { model: candidate.modelId, quirks: provider.quirks };
  return [...(question.dropped ?? []), ...unheededBy(question, target), ...(left?.(target, model) ?? [])];
}

/** Builds the operation. */
export function createPlainOperation(input: PlainInput): Operation {
  const { errand, fleet } = input;
  return {
    name: errand.name,
    requestId: input.requestId,
    streamed: errand.streamed,
    selector: input.selector,
    profile: toProfile(errand),
    policy: input.policy,
    deadlineAtMs: input.deadlineAtMs,
    // What broke off can't be told again from where it stopped.
    rescue: createRescue(fleet.candidates, false),
    prepare: (index, stripped) => prepare(input, index, stripped),
    dropped: (index) => droppedBy(input, index),
    read: (index, context) =>
      errand.read({
        dialect: input.dialectOf(index),
        context: quotingNothing(context, errand.question),
        model: findAsked(input, index).model,
      }),
  };
}
