// A chat request as an operation of the loop: classified, estimated, rendered for each candidate, and read back.
import { toTerms } from '../wire/billed.ts';
import type { ChatWires } from '../wire/index.ts';
import { continueQuestion } from '../wire/continue.ts';
import type { Field } from '../wire/splice.ts';
import { bendsSchemas, lostOf, takesRouting } from '../wire/openai-chat/quirks.ts';
import type { ChatQuestion, ChatWire, Dialect, RenderedRequest, RequestTarget, UpstreamWire } from '../wire/types.ts';
import type { StreamWriter } from '../wire/writer.ts';
import type { Headers } from '../ports.ts';
import { needsMask } from '../routing/capabilities.ts';
import { classify } from '../routing/classify.ts';
import { estimateTokens } from '../routing/estimate.ts';
import type { Policy } from '../routing/policy.ts';
import type { RequestProfile } from '../routing/profile.ts';
import type { Selector } from '../routing/selector.ts';
import type { Candidate } from '../routing/types.ts';
import type { Fleet } from './fleet.ts';
import type { Admission } from './quotas.ts';
import { withoutQuotes } from './echo.ts';
import type { Operation, OutgoingCall, ReaderContext } from './operation.ts';
import { createChatReader } from './read-chat.ts';
import type { createStepsReader } from './read-steps.ts';
import { locateFields, toBody } from './own-body.ts';
import { toSpoken, type Place } from './places.ts';
import { createRescue } from './rescue.ts';
import type { Retelling } from './retelling.ts';

/** The codecs of all wires that a candidate may speak, what mends, and puts schemas in other words, where one is marked for it, and what reads answers that take several calls. */
export type ChatMeans = ChatWires & {
  readonly steps?: typeof createStepsReader;
  readonly schemas?: NonNullable<RequestTarget['bendSchemas']>;
};

export interface ChatInput {
  readonly requestId: string;
  readonly question: ChatQuestion;
  /** The caller's own JSON text, UTF-8, which the question was parsed from. */
  readonly bytes: Uint8Array;
  /** Where its fields stand in it (`locateFields`); absent: that is looked for. Null: the question was changed since. */
  readonly fields?: readonly Field[] | null;
  /** The headers the question came with; absent: none that matter. */
  readonly headers?: Headers;
  /** Header by which providers join the request's trace; absent or null when nothing is traced. */
  readonly traceparent?: string | null;
  readonly selector: Selector;
  readonly policy: Policy;
  /** What routing must know of the question; absent: as it is estimated. */
  readonly profile?: RequestProfile;
  /** What whoever asks may pay, and who it is; absent: nothing bounds it, and nobody shares. */
  readonly admission?: Admission | null;
  readonly askerId?: string;
  /** Index of the candidate that answered the turn before, if any is known. */
  readonly incumbent?: number | undefined;
  readonly deadlineAtMs: number;
  readonly fleet: Fleet;
  /** The wire the caller speaks. */
  readonly callerWire: ChatWire;
  /** Loaded for all candidates of the fleet. */
  readonly wires: ChatMeans;
  /** Writes the answer's stream in the caller's wire. */
  readonly writer: StreamWriter;
  /** null where no stream is asked for. */
  readonly retelling: Retelling | null;
  readonly dialectOf: (index: number) => Dialect;
}

/** What routing must know of a chat request. */
export function toChatProfile(question: ChatQuestion): RequestProfile {
  const classification = classify(question);
  const estimate = estimateTokens({
    texts: question.texts,
    images: question.images,
    maxOutputTokens: question.maxOutputTokens,
    task: classification.task,
  });
  const { service_tier, speed, inference_geo } = question.body;
  const billedAs = toTerms(service_tier, speed, inference_geo);
  return {
    kind: 'chat',
    // Reasoning is a wish that any model may answer; the rest are needs.
    needs: needsMask({ ...question.needs, reasoning: false }),
    classification,
    inputTokens: estimate.inputTokens,
    outputTokens: estimate.outputTokens,
    maxOutputTokens: estimate.maxOutputTokens,
    audioSeconds: null,
    ...(billedAs && { billedAs }),
  };
}

const FIRST_CONTENT_MS = 20_000;
/** Reasoning models think before the first word. */
const FIRST_THOUGHT_MS = 60_000;
/** Silence inside a stream. Models that think may do so between words, too. */
const IDLE_MS = 12_000;
const IDLE_THOUGHT_MS = 30_000;
const LONGEST_WHOLE_MS = 300_000;
/** The slowest writing that still counts as working, for replies that come in one piece. */
const SLOWEST_TOKENS_PER_SECOND = 15;

function firstContentMs(candidate: Candidate, question: ChatQuestion, profile: RequestProfile): number {
  const first = candidate.sizeRank === 2 || question.needs.reasoning ? FIRST_THOUGHT_MS : FIRST_CONTENT_MS;
  if (question.stream) return first;
  const tokens = profile.maxOutputTokens ?? profile.outputTokens * 4;
  return Math.min(LONGEST_WHOLE_MS, first + (tokens / SLOWEST_TOKENS_PER_SECOND) * 1000);
}

/** What was left out of a request, and what was put right of it and its answer, so far. */
interface Notes {
  readonly dropped: readonly string[];
  readonly mended: readonly string[];
}

/** A context whose closing tells the notes, whose outcome tells what was put right, and whose failures do not repeat what the caller has written. */
function telling(context: ReaderContext, { texts }: ChatQuestion, { dropped, mended }: Notes): ReaderContext {
  return {
    ...context,
    closing: (usage, seenTokens) => {
      const closing = context.closing(usage, seenTokens);
      const told = { ...(dropped.length === 0 ? {} : { dropped }), ...(mended.length === 0 ? {} : { mended }) };
      return { ...closing, freeway: { ...closing.freeway, ...told } };
    },
    finish: (outcome) => {
      const { failure } = outcome;
      const told =
        failure === null
          ? outcome
          : { ...outcome, failure: { ...failure, message: withoutQuotes(failure.message, texts) } };
      context.finish(mended.length === 0 ? told : { ...told, mended });
    },
  };
}

/** When a second candidate is asked too, until the first one's habits are known. */
const USUAL_CONTENT_MS = 8_000;
const USUAL_THOUGHT_MS = 24_000;
const USUAL_TOKENS_PER_SECOND = 250;

function usualContentMs(candidate: Candidate, question: ChatQuestion, profile: RequestProfile): number {
  const first = candidate.sizeRank === 2 || question.needs.reasoning ? USUAL_THOUGHT_MS : USUAL_CONTENT_MS;
  return question.stream ? first : first + (profile.outputTokens / USUAL_TOKENS_PER_SECOND) * 1000;
}

function idleMs(candidate: Candidate, question: ChatQuestion): number {
  return candidate.sizeRank === 2 || question.needs.reasoning ? IDLE_THOUGHT_MS : IDLE_MS;
}

const none: readonly string[] = [];
const bent: readonly string[] = ['schemas'];
const unnoted: Notes = { dropped: none, mended: none };

function pick(headers: Headers, names: readonly string[] = none): Headers {
  const given: Record<string, string> = {};
  for (const name of names) if (headers[name] !== undefined) given[name] = headers[name];
  return given;
}

function toHeaders({ question, traceparent, headers = {} }: ChatInput, wire: UpstreamWire, place: Place): Headers {
  const accept = question.stream ? (wire.framing?.contentType ?? 'text/event-stream') : 'application/json';
  let usual = place.headers.get(accept);
  if (usual === undefined) {
    const required = wire.requiredHeaders(place.target);
    place.headers.set(accept, (usual = Object.freeze({ 'content-type': 'application/json', accept, ...required })));
  }
  const isOwn = wire.id === question.wire && wire.callerHeaders?.some((name) => headers[name] !== undefined) === true;
  if (!traceparent && !isOwn) return usual;
  return { ...(traceparent ? { traceparent } : {}), ...(isOwn ? pick(headers, wire.callerHeaders) : {}), ...usual };
}

const decoder = new TextDecoder();

/** Places of the fields in the caller's own text. */
const fieldsOf = ({ bytes, fields }: ChatInput): readonly Field[] | null =>
  fields === undefined ? locateFields(decoder.decode(bytes), bytes.length) : fields;

interface Left {
  /** What the wire has no place for. */
  readonly rendered: Pick<RenderedRequest, 'dropped' | 'told'>;
  /** What the provider has refused is among it. */
  readonly target: RequestTarget;
}

/** What a request leaves out, words of other routers that neither the candidate heeds nor we included. */
function leftBy({ foreign }: ChatQuestion, isOwn: boolean, { rendered: { dropped }, target }: Left): readonly string[] {
  if (foreign === undefined) return dropped;
  const { routers, nobody, unsaid } = foreign;
  return [...(takesRouting(target) ? none : routers), ...nobody, ...(isOwn ? unsaid : none), ...dropped];
}

/** Fields of the question that a candidate is not told. */
function droppedOf(question: ChatQuestion, isOwn: boolean, wanting: Left): readonly string[] {
  const { stripped } = wanting.target;
  const left = leftBy(question, isOwn, wanting);
  const lost = stripped.length === 0 ? none : lostOf(isOwn ? question.body : question.pivot, stripped);
  if (isOwn && lost.length === 0) return left;
  const { told = none } = wanting.rendered;
  const untold = isOwn ? none : question.dropped.filter((field) => !told.includes(field));
  return [...untold, ...left, ...lost];
}

const toAsker = ({ askerId, incumbent }: ChatInput): Pick<Operation, 'askerId' | 'incumbent'> => ({
  ...(askerId === undefined ? {} : { askerId }),
  incumbent,
});

/** Builds the operation. Pure but for what its readers are given. */
export function createChatOperation(input: ChatInput): Operation {
  const { question, fleet, wires, writer, callerWire, retelling } = input;
  const { profile = toChatProfile(question) } = input;
  const rescue = createRescue(fleet.candidates, input.policy.rescue, retelling?.toResumption);
  const tellsRefusals = callerWire.tellsRefusals === true && input.policy.contentFilter !== 'failover';
  const shared = { question, callerWire, writer, tellsRefusals, rescue, retelling };
  const notes = new Map<number, Notes>();
  const prepare = (index: number, stripped: readonly string[]): OutgoingCall => {
    const continuation = rescue.resume(index)?.continuation ?? null;
    const isAnew = continuation === null;
    const { place, wire, format, target, pathOf } = toSpoken(input, index, { stripped, isAnew });
    const { candidate } = place;
    const isOwn = format === question.wire;
    const asked = isAnew ? question : continueQuestion(question, continuation);
    const rendered = wire.renderRequest(asked, isAnew && isOwn ? fieldsOf(input) : null, target);
    const all = droppedOf(question, isOwn, { rendered, target });
    // Schemas that had to be put in other words are told with what is put right of the answer.
    notes.set(index, { dropped: all, mended: bendsSchemas(question.pivot, target) ? bent : none });
    return {
      path: pathOf(wire.requestPath(question, target)),
      headers: toHeaders(input, wire, place),
      body: toBody(rendered, input.bytes),
      firstContentTimeoutMs: firstContentMs(candidate, question, profile),
      usualContentMs: usualContentMs(candidate, question, profile),
      idleTimeoutMs: idleMs(candidate, question),
    };
  };
  return {
    name: 'chat',
    requestId: input.requestId,
    streamed: question.stream,
    selector: input.selector,
    profile,
    policy: input.policy,
    admission: input.admission ?? null,
    ...toAsker(input),
    deadlineAtMs: input.deadlineAtMs,
    rescue,
    prepare,
    dropped: (index) => notes.get(index)?.dropped ?? none,
    mended: (index) => notes.get(index)?.mended ?? none,
    read: (index, context) => {
      const dialect = input.dialectOf(index);
      const resumption = rescue.resume(index);
      const isAnew = !resumption?.continuation;
      const { target, wire: plain } = toSpoken(input, index, { stripped: none, isAnew });
      const { dropped, mended: asked } = notes.get(index) ?? unnoted;
      // Each answer begins anew with what was put right of its request.
      const mended = [...asked];
      notes.set(index, { dropped, mended });
      const onMend = (what: string): unknown => mended.push(what);
      const wire = wires.mend?.(plain, question, { target, onMend }) ?? plain;
      const careful = telling(context, question, { dropped, mended });
      const reader = createChatReader(
        { ...shared, wire, model: target.model, dialect, context: careful, dropped, mended },
        resumption,
      );
      const steps = plain.openSteps?.();
      return steps === undefined ? reader : (wires.steps?.({ wire: plain, steps, context, reader }) ?? reader);
    },
  };
}
