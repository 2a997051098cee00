// What chat and explain have in common: from a body to a question, a selector, a policy and an operation.
import { modelSizes } from '#shared/catalog.ts';
import type { CallerError } from '#shared/failures.ts';
import { loadOnce } from '#shared/load-once.ts';
import type { Assignment } from '#shared/rollout.ts';
import type { Experiment } from '#shared/rollout-schemas.ts';
import { createChatOperation, toChatProfile } from '../gateway/chat.ts';
import { toPolicy } from '../gateway/controls.ts';
import type { Fleet } from '../gateway/fleet.ts';
import type { Operation } from '../gateway/operation.ts';
import { refineProfile } from '../gateway/refine.ts';
import { loadRetelling } from '../gateway/retelling.ts';
import type { RunResult } from '../gateway/run.ts';
import type { ModelAlias } from '../routing/aliases.ts';
import type { Policy } from '../routing/policy.ts';
import type { RequestProfile } from '../routing/profile.ts';
import { joinSelectors, type Selector } from '../routing/selector.ts';
import { foreignFieldsOf, hasVariant } from '../wire/foreign-names.ts';
import type { Field } from '../wire/splice.ts';
import type { ChatQuestion, ChatWire } from '../wire/types.ts';
import { toAssignment, toShadowPolicy, toVariant } from './experiment.ts';
import type { Heeded } from './foreign-fields.ts';
import { admit, readSettings, toDefaults } from './defaults.ts';
import { toPermitted, toPermittedPolicy } from './permitted.ts';
import type { Teller } from './tell.ts';
import type { withinWire } from './within-wire.ts';
import { principalOf, type EndpointDeps, type Services, type Visit } from './endpoint.ts';

/** The longest a whole request may take where the runtime sets no limit. */
export const LONGEST_MS = 600_000;
/** Left for settling and ending the reply before the runtime stops us. */
export const RESERVE_MS = 2_000;

/** When a request must be over, ms since the epoch. */
export const toDeadline = ({ startedAtMs, exchange }: Visit, { timeoutMs = LONGEST_MS }: Policy): number =>
  Math.min(startedAtMs + timeoutMs, (exchange.deadlineAtMs ?? Infinity) - RESERVE_MS);

/**
 * The candidates a model name means; at once where every name is ours. Throws or rejects with CallerError
 * `model_not_found` with near names.
 */
export function toSelector(
  question: Pick<ChatQuestion, 'model' | 'models'>,
  fleet: Fleet,
  aliases: readonly ModelAlias[],
): Selector | Promise<Selector> {
  const names =
    question.models.length === 0
      ? [question.model]
      : [...new Set([...(question.model === 'auto' ? [] : [question.model]), ...question.models])];
  const parsed = names.map((name) => fleet.names.parse(name));
  const selector = parsed.includes(null) ? null : joinSelectors(parsed, fleet.candidates);
  if (selector !== null) return selector;
  return import('./foreign-model.ts').then(({ selectForeign }) => selectForeign({ names, parsed, fleet, aliases }));
}

function toWished(profile: RequestProfile, { wish, name }: Selector): RequestProfile {
  const { classification } = profile;
  if (wish === undefined || classification === null) return profile;
  const signals = [...classification.signals, { name: `asked for as ${name}`, weight: modelSizes.indexOf(wish) }];
  return { ...profile, classification: { ...classification, size: wish, signals } };
}

/** Whether every format has a place for all of the question. */
const isPlain = ({ bound, images, needs }: ChatQuestion): boolean =>
  bound.length === 0 && images.length === 0 && !needs.documents;

const loadIncumbents = loadOnce(() => import('../gateway/incumbents.ts'));

/** Whether a turn came before, or another is likely to come: an agent's. */
const isTurn = ({ needs, texts }: ChatQuestion): boolean =>
  needs.tools || texts.some(({ role }) => role === 'assistant');

interface Recalled {
  /** Index of the candidate that answered the turn before. */
  readonly incumbent: number | undefined;
  /** Remembers who has answered this one. */
  readonly answered: (result: RunResult) => void;
}

/** What is known of the turns before. */
function recall(
  deps: EndpointDeps,
  askerId: string,
  { question: { model, texts }, fleet: { candidates } }: Pick<Asked, 'question'> & { readonly fleet: Fleet },
): Recalled | Promise<Recalled> {
  const opening = { askerId, model, texts };
  const read = ({ incumbentsOf }: Awaited<ReturnType<typeof loadIncumbents>>): Recalled => {
    const incumbents = incumbentsOf(deps);
    return {
      incumbent: incumbents.find(opening, candidates),
      answered: ({ receipt }) => incumbents.note(opening, receipt.candidate),
    };
  };
  const loading = loadIncumbents();
  return loading instanceof Promise ? loading.then(read) : read(loading);
}

export interface Asked {
  readonly operation: Operation;
  readonly question: ChatQuestion;
  /** What the operation was made for and must be carried out by. */
  readonly services: Services;
  /** The experiment it takes part in, and its side there; null when in none. */
  readonly assignment: Assignment | null;
  /** The caller as it wants to be told; absent: as it is. */
  readonly dress?: Heeded['dress'];
  /** Told of an answer that came to its end; absent: nobody wants to know. */
  readonly answered?: Recalled['answered'] | undefined;
  /** The last word of a stream that breaks off, in the caller's wire. */
  readonly breakOff: (error: CallerError) => string;
}

/** What a caller has sent, in the wire it speaks. */
export interface AskedBody {
  readonly json: unknown;
  /** What it was parsed from, and where its fields stand there; null: it was changed since. */
  readonly bytes: Uint8Array;
  readonly fields: readonly Field[] | null;
  readonly wire: ChatWire;
  readonly traceparent?: string | null;
  /** Told what is asked for; absent: nobody is. */
  readonly teller?: Pick<Teller, 'asks'>;
  /** Only asked about, not to be carried out: it counts against no limit of the key. */
  readonly hypothetical?: boolean;
  /** Asked for the sake of this experiment, beside the request itself. */
  readonly shadowOf?: Experiment;
}

/** The question as it will be asked, after the experiment it takes part in. */
function toSide(
  deps: EndpointDeps,
  visit: Visit,
  { json, wire, teller, hypothetical, shadowOf }: AskedBody,
): Pick<Asked, 'question' | 'assignment'> {
  const question = wire.parseQuestion(json);
  teller?.asks(question);
  if (shadowOf !== undefined) return { question: toVariant(question, shadowOf), assignment: null };
  const assignment = hypothetical === true ? null : toAssignment(deps, visit, question);
  return {
    question: assignment?.arm === 'variant' ? toVariant(question, assignment.experiment) : question,
    assignment,
  };
}

/** The body as guards leave it. */
async function toGuarded(deps: EndpointDeps, visit: Visit, body: AskedBody): Promise<AskedBody> {
  const read = (json: unknown): ChatQuestion => body.wire.parseQuestion(json);
  const { guardBody } = await import('./guard.ts');
  const json = await guardBody(deps, visit, { json: body.json, operation: 'chat', read });
  return json === body.json ? body : { ...body, json, fields: null };
}

const hasGuards = ({ guards }: EndpointDeps): boolean => guards !== undefined && guards.length > 0;

/** What routing must know of the question, counted exactly where that matters. */
function toProfile(
  { exactTokens }: EndpointDeps,
  question: ChatQuestion,
  { selector, fleet: { candidates } }: { selector: Selector; fleet: Fleet },
): RequestProfile | Promise<RequestProfile> {
  const profile = toWished(toChatProfile(question), selector);
  return refineProfile({ profile, texts: question.texts, candidates, among: selector.among }, exactTokens);
}

/** What the question says in words of other routers, heeded; null when it has none. Loaded with the first that has some. */
function heed({ exchange }: Visit, question: ChatQuestion, fleet: Fleet): Promise<Heeded> | null {
  const names = foreignFieldsOf(question.body, question.wire === 'openai-responses');
  const isRouter = exchange.path.startsWith('/api/');
  if (names.length === 0 && !isRouter && !hasVariant(question.model)) return null;
  return import('./foreign-fields.ts').then(({ heedForeign }) =>
    heedForeign(question, { names, isRouter, headers: exchange.headers }, fleet),
  );
}

const toWithin = async (...asked: Parameters<typeof withinWire>): Promise<Selector> =>
  (await import('./within-wire.ts')).withinWire(...asked);

/** Builds the operation for a chat body. Throws CallerError for anything wrong with it. */
export async function toChatAsked(deps: EndpointDeps, visit: Visit, given: AskedBody): Promise<Asked> {
  const body = given.hypothetical !== true && hasGuards(deps) ? await toGuarded(deps, visit, given) : given;
  const { bytes, wire, traceparent = null, hypothetical = false, shadowOf } = body;
  const principal = principalOf(visit);
  const serving = deps.current(principal);
  const services = serving instanceof Promise ? await serving : serving;
  const { fleet } = services;
  const { question: asked, assignment } = toSide(deps, visit, body);
  const heeding = heed(visit, asked, fleet);
  const heeded = heeding === null ? null : await heeding;
  const { question } = heeded ?? { question: asked };
  const writer = wire.openWriter(question);
  const { exchange, requestId } = visit;
  const settings = readSettings(deps, principal);
  const inForce = settings instanceof Promise ? await settings : settings;
  const wishing = toPolicy(question.controls, exchange.headers, toDefaults(deps, inForce, principal.key));
  const policy = wishing instanceof Promise ? await wishing : wishing;
  const allowed = toPermittedPolicy(policy, principal, inForce);
  const naming = toSelector(question, fleet, deps.modelAliases);
  const plain = naming instanceof Promise ? await naming : naming;
  const named = heeded?.arrange(plain) ?? plain;
  const meant = isPlain(question) ? named : await toWithin(named, question, { fleet, wires: deps.chatWires });
  const selector = toPermitted(meant, fleet.candidates, principal);
  const refining = toProfile(deps, question, { selector, fleet });
  const profile = refining instanceof Promise ? await refining : refining;
  const admitting = hypothetical || shadowOf !== undefined ? null : admit(deps, principal, { inForce, need: profile });
  const admission = admitting === null ? null : await admitting;
  const isRecalled = shadowOf === undefined && isTurn(question);
  const recalled = isRecalled ? await recall(deps, principal.id, { question, fleet }) : null;
  const operation = createChatOperation({
    requestId,
    question,
    profile,
    bytes,
    // What was heeded stands in the bytes still, and is no longer in the question.
    fields: heeded === null ? body.fields : null,
    headers: exchange.headers,
    traceparent,
    selector,
    policy: shadowOf === undefined ? allowed : toShadowPolicy(allowed, shadowOf),
    admission,
    askerId: principal.id,
    incumbent: recalled?.incumbent,
    deadlineAtMs: toDeadline(visit, policy),
    fleet,
    callerWire: wire,
    wires: deps.chatWires,
    writer,
    retelling: question.stream ? await loadRetelling() : null,
    dialectOf: (index) => deps.dialectOf(fleet, index),
  });
  return {
    operation,
    question,
    services,
    assignment,
    ...(heeded === null ? {} : { dress: heeded.dress }),
    answered: recalled?.answered,
    breakOff: (error) => writer.fail(error, requestId, deps.clock.now()),
  };
}
