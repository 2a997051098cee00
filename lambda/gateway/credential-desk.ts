// What can be done with provider credentials: give, change, replace, test, remove, bring back. Keys go in and never come out.
import { isDeepStrictEqual } from 'node:util';
import type { Reason } from '#shared/api/reason.ts';
import type { CredentialChange, NewCredential, TestResult } from '#shared/api/credentials.ts';
import type { CredentialField, Provider } from '#shared/catalog.ts';
import { isNeeded } from '#shared/credentials.ts';
import { CallerError } from '#shared/failures.ts';
import { refused } from '#shared/refused.ts';
import { sealedIdentity, UNDO_MS, type StoredCredential } from '#shared/stored-credential.ts';
import type { CredentialBook, Vault } from '../ports.ts';
import { isListed } from './credential-hosts.ts';
import { testCredential, type TestDeps } from './credential-test.ts';
import { toBaseUrl, type FleetEntry } from './credentials.ts';
import type { Locked, Locks } from './locks.ts';
import { toFingerprint, toStoredEntry } from './pooling.ts';

export interface DeskDeps extends TestDeps {
  readonly book: CredentialBook;
  readonly vault: Vault;
  readonly look: Locks['look'];
  readonly providers: () => readonly Provider[];
  readonly allowPrivate: boolean;
  readonly newId: () => string;
}

/** Whose a new credential becomes. */
export interface Owner {
  readonly id: string;
  /** By what others know them. */
  readonly name: string;
}

type Fields = Readonly<Record<string, string>>;

export interface CredentialDesk {
  /** All that are kept, deleted ones too. */
  all(): Promise<readonly StoredCredential[]>;
  /** Which of these can't be opened. */
  locked(credentials: readonly StoredCredential[]): Promise<Locked>;
  create(input: NewCredential, owner: Owner): Promise<StoredCredential>;
  /** Each of the following rejects with CallerError when somebody else has changed it meanwhile. */
  change(credential: StoredCredential, change: CredentialChange): Promise<StoredCredential>;
  replace(credential: StoredCredential, fields: Fields): Promise<StoredCredential>;
  remove(credential: StoredCredential): Promise<StoredCredential>;
  restore(credential: StoredCredential): Promise<StoredCredential>;
  /** Tests it, and remembers the result. */
  test(credential: StoredCredential): Promise<TestResult>;
  /** Equal for equal keys at one provider. Rejects with CallerError for what could not be saved. */
  fingerprintOf(input: NewCredential, owner: Owner): Promise<string>;
  /** Tests what is not saved. */
  tryOut(input: NewCredential, owner: Owner): Promise<TestResult>;
}

const wrong = (message: string, param: string, reason?: Reason): CallerError =>
  new CallerError('invalid_request', message, { param, ...(reason !== undefined && { reason }) });

function findProvider({ providers }: DeskDeps, id: string): Provider {
  const provider = providers().find((known) => known.id === id);
  if (provider === undefined)
    throw wrong(`There is no provider "${id}" in the catalog.`, 'provider', refused('no_provider', { id }));
  if (provider.status === 'retired')
    throw wrong(
      provider.retired?.message ?? `${provider.name} is retired.`,
      'provider',
      refused('provider_retired', { name: provider.name }),
    );
  return provider;
}

/** Some forms ask for the address as a field: it is the setting all the same. Throws CallerError when it is no URL. */
function withBaseUrl<T extends { base_url?: string | null | undefined; fields?: Fields | undefined }>(given: T): T {
  const text = given.fields?.['baseUrl']?.trim();
  if (given.fields === undefined || text === undefined) return given;
  const { baseUrl: _, ...fields } = given.fields;
  if (text === '') return { ...given, fields };
  if (!/^https?:\/\/\S+$/i.test(text) || !URL.canParse(text))
    throw wrong(
      `"${text.slice(0, 80)}" is no address. Give a URL such as https://api.example.com/v1.`,
      'fields.baseUrl',
      refused('no_address', { text: text.slice(0, 80) }),
    );
  return { ...given, fields, base_url: given.base_url ?? text };
}

/** Given fields, sorted into secrets and others. Throws CallerError naming a field that is unknown or missing. */
function sortFields(
  provider: Provider,
  given: Fields,
  complete: { baseUrl: string | null } | null,
): { secrets: Fields; open: Fields } {
  const known = new Map<string, CredentialField>(provider.fields.map((field) => [field.name, field]));
  const secrets: Record<string, string> = {};
  const open: Record<string, string> = {};
  for (const [name, raw] of Object.entries(given)) {
    const field = known.get(name);
    if (field === undefined)
      throw wrong(
        `${provider.name} has no field "${name}". Its fields: ${[...known.keys()].join(', ')}.`,
        `fields.${name}`,
        refused('field_unknown', { name, provider: provider.name }),
      );
    const value = raw.trim();
    if (value !== '') (field.secret ? secrets : open)[name] = value;
  }
  for (const field of complete === null ? [] : provider.fields) {
    const { name, label, default: usual } = field;
    const value = name === 'baseUrl' ? complete?.baseUrl : (secrets[name] ?? open[name]);
    if (isNeeded(field, provider, complete?.baseUrl) && (usual ?? value ?? null) === null)
      throw wrong(`"${label}" is missing.`, `fields.${name}`, refused('field_missing', { label }));
  }
  return { secrets, open };
}

/** The last four characters, where that is little enough of it. */
const toEnding = (secret: string): string => (secret.length >= 12 ? secret.slice(-4) : '');

const fromInstant = (instant: string | null): number | null => (instant === null ? null : Date.parse(instant));

/** The settings of a credential after a change. */
function applyChange(before: StoredCredential, change: CredentialChange): StoredCredential {
  const { base_url, allowed_models, trains_on_prompts, retention_days, expires_at, override_terms, ...rest } = change;
  const { fields: _, ...same } = rest;
  const given = Object.fromEntries(Object.entries(same).filter(([, value]) => value !== undefined));
  return {
    ...before,
    ...given,
    baseUrl: base_url === undefined ? before.baseUrl : base_url,
    allowedModels: allowed_models === undefined ? before.allowedModels : allowed_models,
    trainsOnPrompts: trains_on_prompts === undefined ? before.trainsOnPrompts : trains_on_prompts,
    retentionDays: retention_days === undefined ? before.retentionDays : retention_days,
    expiresAtMs: expires_at === undefined ? before.expiresAtMs : fromInstant(expires_at),
    overrideTerms: override_terms === undefined ? before.overrideTerms : override_terms,
  };
}

function toDraft(deps: DeskDeps, input: NewCredential, owner: Owner): StoredCredential {
  const provider = findProvider(deps, input.provider);
  const { provider: _provider, fields: _fields, ...change } = input;
  const nowMs = deps.clock.now();
  const blank: StoredCredential = {
    id: deps.newId(),
    ownerId: owner.id,
    owner: owner.name,
    provider: provider.id,
    name: provider.name,
    enabled: true,
    plan: null,
    baseUrl: null,
    fields: sortFields(provider, input.fields, { baseUrl: input.base_url ?? null }).open,
    secrets: [],
    fingerprint: '',
    sharing: 'private',
    priority: 100,
    weight: 1,
    account: null,
    allowedModels: null,
    models: [],
    pools: [],
    trainsOnPrompts: null,
    regions: null,
    retentionDays: null,
    expiresAtMs: null,
    overrideTerms: null,
    lastTest: null,
    createdAtMs: nowMs,
    changedAtMs: nowMs,
    deletedAtMs: null,
    sealed: null,
    version: 0,
  };
  return applyChange(blank, change);
}

/** The credential with its secrets in the clear, for one test call and for nothing else. */
function toOpenEntry(deps: DeskDeps, credential: StoredCredential, secrets: Fields): FleetEntry {
  const entry = toStoredEntry(credential, { vault: deps.vault, allowPrivate: deps.allowPrivate });
  return { ...entry, sealed: { id: credential.fingerprint, open: () => secrets } };
}

/** With the secrets sealed, and what may be told of them. */
async function withSecrets(deps: DeskDeps, credential: StoredCredential, secrets: Fields): Promise<StoredCredential> {
  const { vault } = deps;
  const names = Object.entries(secrets);
  const provider = findProvider(deps, credential.provider);
  return {
    ...credential,
    secrets: names.map(([field, secret]) => ({ field, ending: toEnding(secret) })),
    fingerprint: toFingerprint(credential, secrets['apiKey'] ?? names[0]?.[1], provider),
    sealed:
      names.length === 0
        ? null
        : await vault.seal(credential.ownerId, sealedIdentity(credential), JSON.stringify(secrets)),
  };
}

/** Custom endpoints have no models in the catalog: those they list are taken. */
function withListedModels(credential: StoredCredential, provider: Provider, test: TestResult): StoredCredential {
  if (provider.models.length > 0 || credential.models.length > 0) return credential;
  const ids = test.models ?? [];
  if (ids.length > 0) return { ...credential, models: ids.slice(0, 500).map((id) => ({ id })) };
  throw wrong(
    `${test.outcome === 'works' ? 'It answers, but lists no models' : test.message} Name at least one model, such as [{"id": "my-model"}].`,
    'models',
    refused('no_models', { outcome: test.outcome, cause: test.cause ?? '', said: test.message }),
  );
}

/** Where the key of a credential is sent. */
function toOrigin(deps: DeskDeps, credential: StoredCredential): string {
  const url = toBaseUrl(toStoredEntry(credential, deps), findProvider(deps, credential.provider));
  return URL.canParse(url) ? new URL(url).origin : url;
}

/** A key that nobody can read is not sent to a host that it was not given for, where somebody could read it: it is given again with the new address. */
function checkMove(
  deps: DeskDeps,
  { before, next, secrets }: { before: StoredCredential; next: StoredCredential; secrets: Fields },
): boolean {
  const [from, to] = [toOrigin(deps, before), toOrigin(deps, next)];
  const isOwn = next.baseUrl === null && isListed(findProvider(deps, next.provider), to);
  if (from === to || (before.baseUrl === null && isOwn)) return false;
  const kept = before.secrets.find(({ field }) => secrets[field] === undefined);
  if (kept === undefined) return true;
  throw wrong(
    `The key was given for ${from}, and would be sent to ${to}. Give it again in "fields", with the new address in the same request.`,
    `fields.${kept.field}`,
    refused('key_moves', { from, to }),
  );
}

async function readSecrets({ vault }: DeskDeps, credential: StoredCredential): Promise<Fields> {
  const { ownerId, sealed } = credential;
  if (sealed === null) return {};
  return JSON.parse(await vault.open(ownerId, sealedIdentity(credential), sealed)) as Fields;
}

/** Those that are given, over those of before. Where all are given anew, the others are not asked for: they may be past opening. */
async function withKept(deps: DeskDeps, credential: StoredCredential, given: Fields): Promise<Fields> {
  const isWhole = credential.secrets.every(({ field }) => given[field] !== undefined);
  return isWhole ? given : { ...(await readSecrets(deps, credential)), ...given };
}

/** Whether both are the same to whoever books calls: then secrets and fingerprint stay, and need not be opened. */
const isSameAccount = (before: StoredCredential, next: StoredCredential): boolean =>
  before.sealed !== null && before.baseUrl === next.baseUrl && isDeepStrictEqual(before.fields, next.fields);

async function save(deps: DeskDeps, credential: StoredCredential, over: number | null): Promise<StoredCredential> {
  if (await deps.book.write(credential, over)) return { ...credential, version: (over ?? 0) + 1 };
  throw new CallerError(
    'invalid_request',
    'Somebody else has changed this credential meanwhile. Load it again and repeat the change.',
    { reason: refused('changed_meanwhile') },
  );
}

function toRestored(credential: StoredCredential, nowMs: number): StoredCredential {
  if (nowMs <= (credential.deletedAtMs ?? nowMs) + UNDO_MS) return { ...credential, deletedAtMs: null };
  throw new CallerError(
    'not_found',
    'It was deleted more than a week ago and can not be brought back. Enter it again.',
    { reason: refused('deleted_long_ago') },
  );
}

function toFingerprintOf(deps: DeskDeps, input: NewCredential, owner: Owner): string {
  const provider = findProvider(deps, input.provider);
  const { secrets } = sortFields(provider, input.fields, null);
  return toFingerprint(toDraft(deps, input, owner), secrets['apiKey'] ?? Object.values(secrets)[0], provider);
}

/** The desk over its services. */
export function createCredentialDesk(deps: DeskDeps): CredentialDesk {
  const { book, clock } = deps;
  const run = async (credential: StoredCredential, secrets: Fields): Promise<TestResult> =>
    testCredential(toOpenEntry(deps, credential, secrets), findProvider(deps, credential.provider), deps);
  const saveChanged = (credential: StoredCredential): Promise<StoredCredential> =>
    save(deps, { ...credential, changedAtMs: clock.now() }, credential.version);
  return {
    all: async () => (await book.snapshot()).all,
    locked: async (credentials) => deps.look(credentials, (await book.snapshot()).all),
    create: async (given, owner) => {
      const input = withBaseUrl(given);
      const provider = findProvider(deps, input.provider);
      const draft = toDraft(deps, input, owner);
      const { secrets } = sortFields(provider, input.fields, null);
      const lastTest = await run(draft, secrets);
      const credential = withListedModels({ ...draft, lastTest }, provider, lastTest);
      return save(deps, await withSecrets(deps, credential, secrets), null);
    },
    change: async (credential, given) => {
      const change = withBaseUrl(given);
      const provider = findProvider(deps, credential.provider);
      const { secrets, open } = sortFields(provider, change.fields ?? {}, null);
      const next = applyChange({ ...credential, fields: { ...credential.fields, ...open } }, change);
      const name = Object.keys(secrets)[0];
      if (!checkMove(deps, { before: credential, next, secrets }) && name !== undefined)
        throw wrong(
          'Secrets are replaced by PUT /api/credentials/:id/key, and stay as they are otherwise.',
          `fields.${name}`,
        );
      if (name === undefined && isSameAccount(credential, next)) return saveChanged(next);
      // Address and fields are part of what tells one key's books from another's.
      return saveChanged(await withSecrets(deps, next, await withKept(deps, credential, secrets)));
    },
    replace: async (credential, fields) => {
      const provider = findProvider(deps, credential.provider);
      const { secrets, open } = sortFields(provider, fields, null);
      const all = await withKept(deps, credential, secrets);
      const next = { ...credential, fields: { ...credential.fields, ...open } };
      checkMove(deps, { before: credential, next, secrets });
      const lastTest = await run(next, all);
      return saveChanged(await withSecrets(deps, { ...next, lastTest }, all));
    },
    remove: (credential) => saveChanged({ ...credential, deletedAtMs: clock.now() }),
    restore: (credential) => saveChanged(toRestored(credential, clock.now())),
    test: async (credential) => {
      const lastTest = await run(credential, await readSecrets(deps, credential));
      // What was found is told even when somebody else has changed the credential meanwhile.
      await book.write({ ...credential, lastTest }, credential.version);
      return lastTest;
    },
    fingerprintOf: async (given, owner) => toFingerprintOf(deps, withBaseUrl(given), owner),
    tryOut: async (given, owner) => {
      const input = withBaseUrl(given);
      const draft = toDraft(deps, input, owner);
      return run(draft, sortFields(findProvider(deps, input.provider), input.fields, null).secrets);
    },
  };
}
