// A question that says in words of other routers where it may go: the providers it names are looked for here.
import type { Receipt } from '../gateway/answer.ts';
import type { Fleet } from '../gateway/fleet.ts';
import { toHeader } from '../gateway/asked-controls.ts';
import type { Headers, ReplyBody } from '../ports.ts';
import { meantBy, type Selector } from '../routing/selector.ts';
import { readForeign, variantsOf } from '../wire/foreign.ts';
import { isRecord, parseJson, toRecord, type Json } from '../wire/json.ts';
import type { ChatQuestion } from '../wire/types.ts';
import type { ExchangeCaller } from './caller.ts';

/** A question whose words of other routers are heeded. */
export interface Heeded {
  readonly question: ChatQuestion;
  /** Puts those whom a name means into the order that was asked for. */
  readonly arrange: (selector: Selector) => Selector;
  /** The caller as it wants to be told. */
  readonly dress: <C extends ExchangeCaller>(caller: C) => C;
}

interface Known {
  /** The ids and names here that a name means; null: nobody here is called so. */
  readonly find: (name: string) => string | null;
  /** Providers that are routers themselves: whoever is not here may be reached through them. */
  readonly routers: readonly string[];
}

function toKnown({ candidates, credentials, providers }: Fleet): Known {
  const names = new Set(candidates.flatMap(({ providerId, credential }) => [providerId, credential]));
  const routers = credentials
    .map(({ provider }) => provider)
    .filter(({ quirks }) => quirks.some(({ kind }) => kind === 'routing'))
    .map(({ id }) => id);
  return {
    routers: [...new Set(routers)],
    find: (given) => {
      if (names.has(given)) return given;
      // OpenRouter tells apart what one provider serves in several ways: `deepinfra/turbo`.
      const name = given.toLowerCase().replace(/\/.*$/, '');
      const id = providers.find((provider) => provider.id === name || provider.aliases?.includes(name))?.id ?? name;
      return names.has(id) ? id : null;
    },
  };
}

/** What makes a question one for another router. */
export interface ForeignWords {
  /** Fields of its body. */
  readonly names: readonly string[];
  /** It came to a URL of OpenRouter's API, where every answer tells its cost. */
  readonly isRouter: boolean;
  readonly headers: Headers;
}

/** The question with these controls, but for those of which our own fields and headers speak, too. */
function withControls(question: ChatQuestion, said: Json, headers: Headers): ChatQuestion {
  const unsaid = Object.entries(said).filter(([name]) => (headers[toHeader(name)] ?? '').trim() === '');
  const own = question.controls ?? {};
  if (unsaid.length === 0 || !isRecord(own)) return question;
  return { ...question, controls: { ...Object.fromEntries(unsaid), ...own } };
}

/** Heeds the fields of these names, and what stands behind the model's own. Throws CallerError `invalid_request`. */
export function heedForeign(given: ChatQuestion, { names, isRouter, headers }: ForeignWords, fleet: Fleet): Heeded {
  const { find, routers } = toKnown(fleet);
  const { question, controls, providers, tellsCost } = readForeign(given, {
    names,
    // Some models are called so themselves.
    variants: fleet.names.parse(given.model) === null ? variantsOf(given.model) : [],
    tellsCost: isRouter,
    isRouter: (name) => routers.includes(name),
  });
  const toHere = (name: string): readonly string[] => {
    const known = find(name);
    return known === null ? routers : [known];
  };
  const { order, only, ignore, closed } = providers;
  const allowed = closed && order.length > 0 ? order : only;
  const bounds = {
    // Whom nobody knows stays on the list: an empty one would be no bound.
    ...(allowed === null ? {} : { only: [...new Set(allowed.flatMap((name) => [...toHere(name), name]))] }),
    ...(ignore.length === 0 ? {} : { ignore: ignore.flatMap((name) => find(name) ?? []) }),
  };
  const said = {
    ...controls,
    ...(Object.keys(bounds).length === 0 ? {} : { providers: bounds }),
    ...(closed && allowed === null ? { failover: false } : {}),
  };
  const places = order.map(toHere);
  return {
    question: withControls(question, said, headers),
    dress: isRouter && tellsCost ? tellAsRouter : tellsCost ? tellCost : (caller) => caller,
    arrange: (selector) => (order.length === 0 ? selector : arrange(selector, fleet, places)),
  };
}

/** Candidates in the order of their providers, within that of the caller's models. */
function arrange(selector: Selector, { candidates }: Fleet, places: readonly (readonly string[])[]): Selector {
  const among = meantBy(selector, candidates);
  const placeOf = (index: number): number => {
    const candidate = candidates[index];
    const at = places.findIndex((names) =>
      names.some((name) => name === candidate?.providerId || name === candidate?.credential),
    );
    return at < 0 ? places.length : at;
  };
  if (among.every((index) => placeOf(index) === places.length)) return selector;
  const model = (index: number): number => selector.listed?.get(index) ?? 0;
  const listed = new Map(among.map((index) => [index, model(index) * (places.length + 1) + placeOf(index)]));
  return { ...selector, among, listed };
}

/** A whole reply, or the end of a stream, with what OpenRouter tells of it: who answered, and the cost beside what was used. */
function withCost(text: string, { candidate, costUsd }: Receipt): string {
  // Some send blanks before an answer, so that the connection is kept while they think.
  if (/^\s*\{/.test(text)) {
    const { usage, ...reply } = toRecord(parseJson(text));
    const used = isRecord(usage) ? { usage: { ...usage, cost: costUsd } } : {};
    return JSON.stringify({ system_fingerprint: null, ...reply, provider: candidate.providerId, ...used });
  }
  return text.replace(/^data: (\{.*"choices":\[\],.*\})$/m, (frame, data: string) => {
    const chunk = toRecord(parseJson(data));
    const { freeway, usage } = chunk;
    if (!isRecord(usage) || !isRecord(freeway)) return frame;
    const cost = freeway['cost_usd'] ?? null;
    return `data: ${JSON.stringify({ ...chunk, provider: candidate.providerId, usage: { ...usage, cost } })}`;
  });
}

/** Thoughts under the name that OpenRouter gives them. Inside of a string the quotes would be escaped. */
const withThoughts = (text: string): string => text.replaceAll('"reasoning_content":', '"reasoning":');

const toText = (chunk: Uint8Array | string): string =>
  typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString();

/** The caller of OpenRouter's API, told in its words. */
function tellAsRouter<C extends ExchangeCaller>(caller: C): C {
  return dressed(tellCost(caller), (body) => ({
    write: (chunk) => body.write(withThoughts(toText(chunk))),
    drained: () => body.drained(),
    end: (last) => body.end(last === undefined ? last : withThoughts(toText(last))),
  }));
}

/** The caller with the cost told where its use is. */
const tellCost = <C extends ExchangeCaller>(caller: C): C =>
  dressed(caller, (body, receipt) => ({
    write: (chunk) => body.write(chunk),
    drained: () => body.drained(),
    end: (last) => body.end(last === undefined ? last : withCost(toText(last), receipt)),
  }));

function dressed<C extends ExchangeCaller>(caller: C, dress: (body: ReplyBody, receipt: Receipt) => ReplyBody): C {
  const commit: ExchangeCaller['commit'] = (receipt, contentType) =>
    dress(caller.commit(receipt, contentType), receipt);
  // Whether it is gone is asked of the caller itself.
  return Object.assign(Object.create(caller) as C, { commit });
}
