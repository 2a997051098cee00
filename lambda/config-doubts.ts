// What a configuration says that can be read, and yet is hardly meant: nobody notices a setting that does nothing, so it is told.
import type { CredentialField, Provider } from '#shared/catalog.ts';
import * as z from 'zod/mini';
import { providerEntrySchema, type ProviderEntry } from '#shared/credentials.ts';
import { matchesAny, matchesPattern } from '#shared/patterns.ts';
import type { Config } from './config.ts';
import { readCredentialVariables, toPrefix } from './config-credentials.ts';
import { readRawEntries } from './config-entries.ts';
import type { ConfigSource, Environment } from './config-input.ts';
import { findOlderDoubts } from './config-older-doubts.ts';
import { distance } from './routing/selector.ts';

/** Every variable that is read, but for those of providers and of older proxies. A test holds the list to the code. */
export const variables = [
  'PORT', 'HOST', 'ADMIN_EMAILS', 'ALLOWED_EMAILS', 'GOOGLE_CLIENT_ID', 'GOOGLE_CERTS_URL', 'GOOGLE_ISSUER', 'GGL_CID', 'ALLOW_EM',
  'FREEWAY_APPSYNC_TABLES', 'FREEWAY_AUDIT_DAYS', 'FREEWAY_BUDGET_USD_PER_DAY', 'FREEWAY_BUDGET_USD_PER_MONTH', 'FREEWAY_DATA', 'FREEWAY_DEMO',
  'FREEWAY_EDGE_SECRET', 'FREEWAY_GUARDS', 'FREEWAY_HEALTH_CHECKS', 'FREEWAY_HTTP2', 'FREEWAY_KMS_KEY_ID', 'FREEWAY_LOG', 'FREEWAY_METRICS',
  'FREEWAY_MODEL_ALIASES', 'FREEWAY_ORIGINS', 'FREEWAY_OWNER_KEY', 'FREEWAY_PAID', 'FREEWAY_PROVIDERS', 'FREEWAY_PROXIES', 'FREEWAY_SECRET_ID', 'FREEWAY_STORE',
  'FREEWAY_STRATEGY', 'FREEWAY_UPLOADS_BUCKET', 'FREEWAY_USAGE_DAYS', 'OTEL_EXPORTER_OTLP_ENDPOINT', 'OTEL_EXPORTER_OTLP_HEADERS',
  'OTEL_RESOURCE_ATTRIBUTES', 'OTEL_SERVICE_NAME',
] as const; // prettier-ignore

/** Read by programs beside us: clients, `npm run connect`, and the tests. */
const others: ReadonlySet<string> = new Set(['FREEWAY_KEY', 'FREEWAY_API_KEY', 'FREEWAY_URL', 'FREEWAY_AGENTS']);

/** So many letters may be wrong in a name of ours, and in one that others may mean. */
const FAR = 2;
const NEAR = 1;
const LAST_NUMBER = 99;

const envOf = ({ fields }: Provider): string[] => fields.flatMap(({ env }: CredentialField) => env);

const variablesOf = (provider: Provider): string[] => {
  const prefix = toPrefix(provider);
  return [`${prefix}_API_KEY`, `${prefix}_BASE_URL`, `${prefix}_TIER`, ...envOf(provider)];
};

/** The name among the known that was most likely meant; null when none is near. */
function findMeant(name: string, known: Iterable<string>, limit: number): string | null {
  let best: { name: string; cost: number } | null = null;
  for (const one of known) {
    const cost = distance(name, one, limit);
    if (cost <= limit && cost < (best?.cost ?? Infinity)) best = { name: one, cost };
  }
  return best?.name ?? null;
}

const ask = (meant: string | null, otherwise: string): string =>
  meant === null ? otherwise : `Did you mean ${meant}?`;

function judgeVariable(name: string, known: ReadonlySet<string>): string | null {
  const [, base = '', digits] = name.match(/^(.+)_(\d+)$/) ?? [];
  if (known.has(name) || others.has(name)) return null;
  if (digits !== undefined && known.has(base)) {
    const number = Number(digits);
    if (number >= 2 && number <= LAST_NUMBER) return null;
    return `${name} is set, but nothing reads it: the first is ${base}, further ones are ${base}_2 to ${base}_${LAST_NUMBER}.`;
  }
  // As other programs call it: whoever does not hear of it sends their key to the provider's own address.
  const place = name.replace(/_(?:API_BASE|API_URL|ENDPOINT)$/, '_BASE_URL');
  if (place !== name && known.has(place)) return `${name} is set, but nothing reads it. Did you mean ${place}?`;
  const isOurs = name.startsWith('FREEWAY_');
  // Most variables are others' by their looks: letters are compared with every name of ours.
  if (!isOurs && !name.includes('_')) return null;
  const meant = findMeant(name, known, isOurs ? FAR : NEAR);
  if (!isOurs && meant === null) return null;
  return `${name} is set, but nothing reads it. ${ask(meant, 'docs/configuration.md lists what is read.')}`;
}

function judgeVariables(env: Environment, providers: readonly Provider[]): string[] {
  const known = new Set([...variables, ...providers.flatMap(variablesOf)]);
  return Object.keys(env)
    .filter((name) => env[name]?.trim())
    .map((name) => judgeVariable(name, known))
    .filter((doubt) => doubt !== null);
}

/** What is said about keys that are not there. A provider that needs none counts as set by its address. */
function judgeKeyless(input: ConfigSource): string[] {
  const made = readCredentialVariables(input);
  return Object.keys(input.env).flatMap((name) => {
    const [, prefix, suffix = ''] = /^(.+)_(?:TIER|BASE_URL)(_\d+)?$/.exec(name) ?? [];
    const provider = input.providers.find((one) => toPrefix(one) === prefix);
    if (provider === undefined || !input.env[name]?.trim()) return [];
    // Without a number it holds for all that have none of their own.
    const isOf = (entry: ProviderEntry): boolean =>
      entry.provider === provider.id && (suffix === '' || entry.name === `${provider.id}${suffix.replace('_', '-')}`);
    if (made.some(isOf)) return [];
    const needsKey = provider.fields.some((field) => field.name === 'apiKey' && field.required);
    const needed = `${prefix}_${needsKey ? 'API_KEY' : 'BASE_URL'}${suffix}`;
    return name === needed ? [] : [`${name} is set, but ${needed} is not: it does nothing.`];
  });
}

/** What of a list of people lets nobody in, in sentences. */
export function judgeAddresses(
  name: string,
  { addresses, rules }: { addresses: readonly string[]; rules: boolean },
): string[] {
  const pattern = rules ? /^(?:\*|[^\s@*]+)@[^\s@*]+$/ : /^[^\s@*]+@[^\s@*]+$/;
  const advice = rules
    ? 'Write addresses such as you@example.com, with commas between them, or *@example.com for everybody there.'
    : 'Write whole addresses such as you@example.com, with commas between them.';
  return addresses
    .filter((address) => !pattern.test(address))
    .map((address) => `${name} holds "${address}", which lets nobody in. ${advice}`);
}

function judgeSignIn({ google }: Config, env: Environment): string[] {
  if (google === null)
    return (['ALLOWED_EMAILS', 'ADMIN_EMAILS'] as const)
      .filter((name) => env[name]?.trim())
      .map(
        (name) =>
          `${name} is set, but GOOGLE_CLIENT_ID is not: nobody signs in with Google, and the list does nothing.`,
      );
  const { allowedEmails, adminEmails } = google;
  return [
    ...judgeAddresses('ALLOWED_EMAILS', { addresses: allowedEmails, rules: true }),
    ...judgeAddresses('ADMIN_EMAILS', { addresses: adminEmails, rules: false }),
    ...(allowedEmails.length + adminEmails.length > 0
      ? []
      : [
          'GOOGLE_CLIENT_ID is set, but neither ADMIN_EMAILS nor ALLOWED_EMAILS: nobody can sign in but those whom the owner invites (POST /api/people with the owner key).',
        ]),
  ];
}

type Fields = Readonly<Record<string, unknown>>;

/** What a schema says of a value: the fields of an object, or what a list holds; nothing of anything else. */
interface Known {
  readonly fields?: ReadonlyMap<string, Known>;
  readonly items?: Known;
}

function toKnown(schema: z.core.$ZodType): Known {
  if (schema instanceof z.ZodMiniLazy) return toKnown(schema._zod.innerType);
  if (schema instanceof z.ZodMiniOptional || schema instanceof z.ZodMiniDefault)
    return toKnown(schema._zod.def.innerType);
  if (schema instanceof z.ZodMiniArray) return { items: toKnown(schema._zod.def.element) };
  if (!(schema instanceof z.ZodMiniObject)) return {};
  const shape = Object.entries<z.core.$ZodType>(schema._zod.def.shape);
  return { fields: new Map(shape.map(([name, of]) => [name, toKnown(of)])) };
}

/** Of hundreds of models, hardly one has a doubt: words are found only for that, and what a start leaves behind stays small. */
interface Walk {
  /** Where in the entries it stands. */
  readonly path: string[];
  readonly doubts: string[];
}

/** What one of a list is called: `tier 0`, or by its id `model "m1"`. */
function toPart(list: string, one: unknown, index: number): string {
  const { id } = one as Fields;
  return `${list.replace(/s$/, '')} ${typeof id === 'string' ? `"${id}"` : index}`;
}

function noteStranger({ path, doubts }: Walk, name: string, known: Iterable<string>): void {
  const names = new Set(known);
  const meant = ask(findMeant(name, names, FAR), `Known: ${[...names].join(', ')}.`);
  doubts.push(`${path.join(', ')}, has a field "${name}", which nothing reads. ${meant}`);
}

/** Fields at any depth that nothing is said of. The value is known to fit. */
function judgeFields(walk: Walk, given: Fields, known: ReadonlyMap<string, Known>): void {
  for (const name of Object.keys(given)) {
    const field = known.get(name);
    if (field === undefined) noteStranger(walk, name, known.keys());
    else judgeAt(walk, name, () => judgeValue(walk, given[name], field));
  }
}

function judgeAt({ path }: Walk, part: string, judge: () => void): void {
  path.push(part);
  judge();
  path.pop();
}

function judgeValue(walk: Walk, value: unknown, { fields, items }: Known): void {
  if (typeof value !== 'object' || value === null) return;
  if (fields !== undefined) judgeFields(walk, value as Fields, fields);
  if (items === undefined || !Array.isArray(value)) return;
  const list = walk.path.pop() ?? '';
  for (const [index, one] of value.entries())
    if (typeof one === 'object' && one !== null)
      judgeAt(walk, toPart(list, one, index), () => judgeValue(walk, one, items));
  walk.path.push(list);
}

function judgeEntries(entries: readonly unknown[], providers: readonly Provider[]): string[] {
  const { fields = new Map<string, Known>() } = toKnown(providerEntrySchema);
  return entries.flatMap((value) => {
    const entry = value as Fields;
    const own = providers.find(({ id }) => id === entry['provider'])?.fields.map(({ name }) => name) ?? [];
    const walk: Walk = { path: [`The credential "${String(entry['name'] ?? entry['provider'])}"`], doubts: [] };
    const more = ['plugin', 'options', ...own].filter((name) => !fields.has(name));
    judgeFields(walk, entry, new Map([...fields, ...more.map((name): [string, Known] => [name, {}])]));
    return walk.doubts;
  });
}

/** Ids of all models that a credential can serve; null where its address is asked for more of them. */
function modelsOf({ discover, models = [] }: ProviderEntry, provider: Provider | undefined): readonly string[] | null {
  const lists = discover ?? provider?.discovery !== undefined;
  if (lists && !(provider?.discovery === 'once' && models.length > 0)) return null;
  return [...models, ...(provider?.models ?? [])].map(({ id }) => id);
}

/** Why a credential can call no model; null when it can call some, or may learn of some. */
function findNoModel(entry: ProviderEntry, provider: Provider | undefined): string | null {
  const { enabled, plugin, tier, models = [], allowedModels = [] } = entry;
  const name = `The credential "${entry.name ?? entry.provider}"`;
  const known = modelsOf(entry, provider);
  if (enabled === false || plugin !== undefined || known === null) return null;
  const allowed = known.filter((id) => allowedModels.length === 0 || matchesAny(allowedModels, id));
  if (allowed.length === 0)
    return `${name} serves nothing: "allowedModels" fits none of its models. Its models: ${known.join(', ')}.`;
  // Whoever lists a model with a free key says that it is free.
  const free = [...models, ...(provider?.models ?? []).filter((model) => model.free !== undefined)];
  return tier !== 'free' || free.some(({ id }) => allowed.includes(id))
    ? null
    : `${name} has the tier "free", but none of its models is free: it serves nothing. Leave the tier out, or write "paid".`;
}

/** Keys that no model can be called with. */
function judgeModels({ entries }: Config, providers: readonly Provider[]): string[] {
  const byId = new Map(providers.map((provider) => [provider.id, provider]));
  return entries.map((entry) => findNoModel(entry, byId.get(entry.provider))).filter((doubt) => doubt !== null);
}

/** Limits that hold for nothing, or for something else than they seem to. */
function judgePools({ entries }: Config, providers: readonly Provider[]): string[] {
  const byId = new Map(providers.map((provider) => [provider.id, provider]));
  return entries.flatMap((entry) => {
    const known = modelsOf(entry, byId.get(entry.provider));
    return (entry.pools ?? []).flatMap(({ models, unit, clock }, index) => {
      const where = `The credential "${entry.name ?? entry.provider}", pool ${index},`;
      const absent = known === null ? [] : models.filter((pattern) => !known.some((id) => matchesPattern(pattern, id)));
      return [
        ...absent.map(
          (pattern) =>
            `${where} limits "${pattern}", which none of its models is called: that does nothing. ${ask(findMeant(pattern, known ?? [], FAR), `Its models: ${(known ?? []).join(', ')}.`)}`,
        ),
        ...(unit !== 'concurrent' || clock.kind === 'concurrent'
          ? []
          : [
              `${where} counts what runs at once, but by the clock "${clock.kind}": so it bounds how many begin in that time. Write the unit "requests" for that, or the clock {"kind": "concurrent"}.`,
            ]),
      ];
    });
  });
}

/** Keys of one server may share a name; of two servers nobody could tell which one it asks for, leaves out, or allows. */
function judgeNames({ entries }: Config): string[] {
  const places = new Map<string, Set<string>>();
  for (const { name, provider, baseUrl = '' } of entries) {
    if (name === undefined) continue;
    const known = places.get(name) ?? new Set();
    places.set(name, known.add(`${provider} ${baseUrl}`));
  }
  return [...places].flatMap(([name, { size }]) =>
    size < 2
      ? []
      : [
          `The name "${name}" is that of credentials at ${size} places: whoever asks for it, leaves it out or is allowed it means all of them. Give each a name of its own.`,
        ],
  );
}

/** A shell takes quotes away; a file that Docker or systemd reads may leave them where they are, and each call would be refused. */
const judgeKeys = ({ entries }: Config): string[] =>
  entries
    .filter(({ apiKey = '' }) => /^(["']).*\1$/.test(apiKey))
    .map(
      ({ name, provider }) =>
        `The key of "${name ?? provider}" stands in quotes, which are sent as a part of it. Write it without them.`,
    );

/** What is set and does nothing, lets nobody in, or means two things: sentences for whoever starts the server. Holds no values but addresses of people. */
export function findDoubts(config: Config, input: ConfigSource): string[] {
  const { env, providers } = input;
  return [
    ...judgeVariables(env, providers),
    ...judgeKeyless(input),
    ...findOlderDoubts(input),
    ...judgeSignIn(config, env),
    ...judgeEntries(readRawEntries(input), providers),
    ...judgeModels(config, providers),
    ...judgePools(config, providers),
    ...judgeKeys(config),
    ...judgeNames(config),
  ];
}
