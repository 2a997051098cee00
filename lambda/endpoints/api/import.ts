// /api/import: older settings of any kind become credentials of the asker; a dry run shows the mapping, twice is the same as once.
import { newCredentialSchema } from '#shared/api/credentials.ts';
import { importResultSchema, importSchema, type ImportResult } from '#shared/api/import.ts';
import { CallerError } from '#shared/failures.ts';
import { refused } from '#shared/refused.ts';
import type { FoundCredential, Migration } from '#shared/migrate/found.ts';
import { migrate } from '#shared/migrate/migrate.ts';
import { OWNER_ID } from '#shared/people.ts';
import { VaultError } from '../../ports.ts';
import { principalOf, type Visit } from '../endpoint.ts';
import { toFieldReason } from './field-reason.ts';
import { tellField } from './field-words.ts';
import { toRoute, writeAudit, type ApiDeps, type ApiReply, type ApiRoute } from './route.ts';

type Outcome = ImportResult['credentials'][number];

/** Longer YAML is not read: its parser takes time by the square of what is wrong in a text. JSON may be longer. */
const MAX_YAML_CHARACTERS = 100_000;
/** Errors and warnings of the parser quote the text, which holds keys: they are not even made. */
const quietly = { prettyErrors: false, logLevel: 'silent', uniqueKeys: false } as const;

type ParseYaml = (source: string, options: typeof quietly) => unknown;

/** The document in a text; undefined when it holds none that is read. */
function parseDocument(source: string, parseYaml: ParseYaml): unknown {
  try {
    return JSON.parse(source) as unknown;
  } catch {
    if (source.length > MAX_YAML_CHARACTERS) return undefined;
  }
  try {
    return parseYaml(source, quietly);
  } catch {
    return undefined;
  }
}

async function read(text: string, deps: ApiDeps): Promise<Migration> {
  // Loaded only when somebody imports, and by its default export, the only one that the bundle has of it.
  const { default: yaml } = await import('yaml');
  const found = migrate(text, deps.providers(), (source) => parseDocument(source, yaml.parse));
  if (found !== null) return found;
  throw new CallerError(
    'invalid_request',
    'Nothing was recognised. Known are: .env files, the older web app’s settings (localStorage or IndexedDB as JSON), LiteLLM’s config.yaml, and lists of keys with "provider" and "key". YAML is read up to 100,000 characters.',
    { param: 'text', reason: refused('nothing_recognised') },
  );
}

interface Importing {
  readonly deps: ApiDeps;
  readonly visit: Visit;
  readonly dryRun: boolean;
  /** Fingerprints of what the asker has, or has just been given. */
  readonly present: Set<string>;
}

async function take({ deps, visit, dryRun, present }: Importing, { from, input }: FoundCredential): Promise<Outcome> {
  const { id, email } = principalOf(visit);
  const owner = { id, name: email ?? (id === OWNER_ID ? 'the owner' : id) };
  const told = { from, provider: input.provider, name: input.name ?? input.provider };
  const parsed = newCredentialSchema.safeParse(input);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const field = issue?.path.join('.') ?? '';
    const why = toFieldReason(field, issue, input);
    return { ...told, status: 'refused', message: tellField(field, issue, why.fault), why };
  }
  try {
    const fingerprint = await deps.credentials.fingerprintOf(parsed.data, owner);
    if (present.has(fingerprint)) return { ...told, status: 'present', message: null };
    present.add(fingerprint);
    if (dryRun) return { ...told, status: 'new', message: null };
    const { last_test: test, id: saved } = await deps.credentials
      .create(parsed.data, owner)
      .then((made) => ({ last_test: made.lastTest, id: made.id }));
    await writeAudit(deps, visit, {
      action: 'credential_created',
      target: `${saved} (${told.provider}, ${told.name})`,
      detail: 'imported',
    });
    return { ...told, status: 'new', message: test === null || test.outcome === 'works' ? null : test.message };
  } catch (error) {
    if (!(error instanceof CallerError) && !(error instanceof VaultError)) throw error;
    const why = error instanceof CallerError ? error.reason : null;
    return { ...told, status: 'refused', message: error.message, ...(why === null ? {} : { why }) };
  }
}

const toSet = (name: string, value: unknown): ImportResult['settings'][number] => ({
  from: `settings.${name}`,
  to: name,
  value: typeof value === 'string' ? value : JSON.stringify(value),
});

/** What fits beside the other settings of a person in one item of the store. */
const MAX_KEPT_CHARACTERS = 200_000;

/**
 * Sets what are settings of this server, and keeps what older settings said beside them, under the name of their kind: what means
 * nothing today is in the person's export, and nothing of it is lost. Answers what there is to tell of that.
 */
async function keep(
  { settings: store }: ApiDeps,
  visit: Visit,
  { source, settings, unknown, own = {} }: Migration,
): Promise<string[]> {
  const { id } = principalOf(visit);
  const { person } = await store.of(id);
  const older = Object.fromEntries(settings.map(({ to, value }) => [to, value]));
  const hasOlder = settings.length > 0 || Object.keys(unknown).length > 0;
  const imported = { ...(person['imported'] as Record<string, unknown>), [source]: { settings: older, unknown } };
  const fits = JSON.stringify(imported).length <= MAX_KEPT_CHARACTERS;
  const change = { ...own, ...(hasOlder && fits ? { imported } : {}) };
  if (Object.keys(change).length > 0) await store.changePerson(id, change);
  return fits ? [] : ['There is too much of what means nothing here to be kept: hold on to the file it came from.'];
}

async function run(
  deps: ApiDeps,
  visit: Visit,
  { text, dryRun }: { text: string; dryRun: boolean },
): Promise<ApiReply> {
  const found = await read(text, deps);
  const { source, credentials, settings, unknown, notes, own = {} } = found;
  const mine = (await deps.credentials.all()).filter(
    ({ ownerId, deletedAtMs }) => ownerId === principalOf(visit).id && deletedAtMs === null,
  );
  const importing: Importing = { deps, visit, dryRun, present: new Set(mine.map(({ fingerprint }) => fingerprint)) };
  const outcomes: Outcome[] = [];
  for (const found of credentials) outcomes.push(await take(importing, found));
  const saved = outcomes.filter(({ status }) => status === 'new').length;
  const kept = dryRun ? [] : await keep(deps, visit, found);
  if (!dryRun)
    await writeAudit(deps, visit, {
      action: 'data_imported',
      target: source,
      detail: `${saved} of ${outcomes.length} credentials`,
    });
  const json: ImportResult = {
    source,
    dry_run: dryRun,
    credentials: outcomes,
    settings: [...settings, ...Object.entries(own).map(([name, value]) => toSet(name, value))],
    unknown: Object.keys(unknown),
    notes: [...notes, ...kept],
  };
  return { json };
}

/** The routes over their services. */
export function toImportRoutes(deps: ApiDeps): readonly ApiRoute[] {
  return [
    toRoute({
      method: 'POST',
      path: '/api/import',
      summary:
        'Take over older settings: .env files, exports of the older web app, LiteLLM, lists of keys, as `text` or, where they are JSON, as they are. A dry run unless told otherwise.',
      access: ['create', 'credential'],
      body: importSchema,
      reply: importResultSchema,
      handle: ({ visit, body: { text, dry_run: dryRun, ...document } }) =>
        run(deps, visit, { text: text ?? JSON.stringify(document), dryRun }),
    }),
  ];
}
