// One route of /api: what it is for, who may go there, what comes in, what goes out, and the function between.
import type * as z from 'zod/mini';
import type { Provider } from '#shared/catalog.ts';
import type { ProviderEntry } from '#shared/credentials.ts';
import { CallerError } from '#shared/failures.ts';
import { refused } from '#shared/refused.ts';
import { can, scopeFor, type Action, type Principal, type Resource, type ResourceKind } from '#shared/people.ts';
import type { CredentialDesk } from '../../gateway/credential-desk.ts';
import type { DecisionStore, Headers, UsageBook } from '../../ports.ts';
import type { Alerts, LogFields } from '../../ports-telemetry.ts';
import type { InvokeSettingsStore, TemplateStore, RolloutStore, SettingsStore } from '../../ports-settings.ts';
import type { Background, JobBook, Recordings } from '../../ports-transcription.ts';
import type { AuditEntry, Identity } from '../../ports-people.ts';
import type { JobRunner } from '../job-runner.ts';
import { principalOf, type EndpointDeps, type Visit } from '../endpoint.ts';

/** What the routes stand on. */
export interface ApiDeps extends EndpointDeps {
  readonly identity: Identity;
  readonly invokeSettings: InvokeSettingsStore;
  readonly rollout: RolloutStore;
  readonly decisions: DecisionStore;
  readonly usage: UsageBook;
  readonly settings: SettingsStore;
  readonly alerts: Alerts;
  /** Puts a new secret in force that signs webhooks, and answers it for the only time. */
  readonly webhookSecret: { renew(): Promise<string> };
  /** What the environment lets be paid, US dollars; null bounds nothing. */
  readonly environmentBudget: { readonly usdPerDay: number | null; readonly usdPerMonth: number | null };
  readonly credentials: CredentialDesk;
  /** The catalog, and what was added at run time. */
  readonly providers: () => readonly Provider[];
  readonly templates: TemplateStore;
  /** The environment's credentials in force. */
  readonly environment: () => readonly ProviderEntry[];
  readonly jobs: JobBook;
  /** Loads what knows batches and their files. */
  readonly batchDesk: () => Promise<{
    /** Ends and deletes all that this person has. */
    forget(personId: string): Promise<void>;
  }>;
  /** Loads who works on the jobs of these recordings. */
  readonly jobRunner: (recordings: Recordings) => Promise<JobRunner>;
  /** Where recordings for jobs are uploaded to; null: nowhere. */
  readonly recordings: Recordings | null;
  readonly background: Background;
  /** Whether the process is frozen between requests, so that nothing goes on after them. */
  readonly freezes: boolean;
  readonly newRequestId: () => string;
  /** A name that nobody can guess. */
  readonly newSecretId: () => string;
  /** What may be logged of an error that was not meant for the caller. */
  readonly describe: (error: unknown) => LogFields;
}

/** `open` needs no sign-in, `signed-in` no more than that; else what `can` is asked, about what would be one's own. */
export type ApiAccess = 'open' | 'signed-in' | readonly [Action, ResourceKind];

/** One request, its parts checked against the route's schemas. */
export interface ApiCall<Body, Query> {
  readonly visit: Visit;
  readonly params: Readonly<Record<string, string>>;
  readonly body: Body;
  readonly query: Query;
}

/** A document as JSON, a text of another type, or nothing (204). */
export interface ApiReply {
  readonly status?: number;
  readonly headers?: Headers;
  readonly json?: unknown;
  readonly text?: string;
  /** Events of a stream, one frame each, as long as they come. */
  readonly events?: AsyncIterable<string>;
}

export interface ApiRoute {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Placeholders as `:name`. */
  readonly path: string;
  readonly summary: string;
  readonly access: ApiAccess;
  readonly body: z.ZodMiniType | null;
  /** What else a body may be written as, turned into what its schema takes; absent: nothing. */
  readonly prepare?: (body: unknown) => unknown;
  readonly query: z.ZodMiniType | null;
  /** The document of a successful reply; null when there is none, or it is no JSON. */
  readonly reply: z.ZodMiniType | null;
  /** Types of texts that it answers beside that, or instead. */
  readonly texts: readonly string[];
  readonly handle: (call: ApiCall<unknown, unknown>) => Promise<ApiReply>;
}

type Parsed<Schema> = Schema extends z.ZodMiniType ? z.output<Schema> : null;

/** Makes a route whose handler sees the types of its schemas. */
export function toRoute<Body extends z.ZodMiniType | null = null, Query extends z.ZodMiniType | null = null>(
  given: Omit<ApiRoute, 'body' | 'query' | 'reply' | 'texts' | 'handle'> & {
    readonly body?: Body;
    readonly query?: Query;
    readonly reply?: z.ZodMiniType;
    readonly texts?: readonly string[];
    readonly handle: (call: ApiCall<Parsed<Body>, Parsed<Query>>) => Promise<ApiReply>;
  },
): ApiRoute {
  const { body = null, query = null, reply = null, texts = [], handle, ...rest } = given;
  // The app parses both by these very schemas before it calls.
  return { ...rest, body, query, reply, texts, handle: handle as ApiRoute['handle'] };
}

/** What is acted on, as the sentence of a refusal calls it. */
const nouns: Readonly<Record<ResourceKind, string>> = {
  inference: 'models',
  model: 'this model',
  credential: 'this provider key',
  api_key: 'this API key',
  person: 'this person',
  session: 'sessions',
  audit: 'the audit',
  usage: 'this usage',
  limits: 'limits',
  settings: 'the settings of everybody',
  preferences: 'these settings',
  template: 'added providers',
  transcription: 'this transcription',
  metrics: 'metrics',
};
const verbs: Readonly<Record<Action, string>> = {
  use: 'use',
  read: 'see',
  create: 'make',
  change: 'change',
  delete: 'remove',
};

function tellForbidden({ key, role }: Principal, action: Action, kind: ResourceKind): string {
  const what = `${verbs[action]} ${nouns[kind]}`;
  if (key !== null) {
    const scope = scopeFor(action, kind);
    if (scope === null) return `No API key may ${what}. Sign in to do it.`;
    if (!key.scopes.includes(scope))
      return `The API key "${key.name}" may not ${what}: that needs the scope ${scope}, and it has ${key.scopes.join(', ')}. Use another key, or add the scope.`;
  }
  return `As ${role} you may not ${what}; an admin or the owner can.`;
}

/** Who is asking, if they may do this. Throws CallerError `forbidden`, or `unauthenticated`. */
export function allow(visit: Visit, action: Action, resource: Resource): Principal {
  const principal = principalOf(visit);
  if (can(principal, action, resource)) return principal;
  const reason = refused('not_allowed', { role: principal.role, key: principal.key?.name ?? '' });
  throw new CallerError('forbidden', tellForbidden(principal, action, resource.kind), { reason });
}

/** The error for an id that leads nowhere, or to what the asker may not know of. */
export const missing = (what: string): CallerError =>
  new CallerError('not_found', `There is no such ${what}.`, { reason: refused('missing') });

/** Writes an act down, with who asked and whence. */
export function writeAudit({ identity }: ApiDeps, visit: Visit, entry: AuditEntry): Promise<void> {
  const { principal, requestId, exchange } = visit;
  return identity.audit.write(entry, { principal, requestId, address: exchange.remoteAddress });
}

/** What writes down that a setting of everybody was changed, and answers how the settings stand then. */
export type Teller = (visit: Visit, change: { readonly target: string; readonly detail: string }) => Promise<ApiReply>;

/** The teller of the settings that `read` answers. */
export const toTeller =
  (deps: ApiDeps, read: () => Promise<unknown>): Teller =>
  async (visit, { target, detail }) => {
    await writeAudit(deps, visit, { action: 'settings_changed', target, detail });
    return { json: await read() };
  };

/** An instant for people and programs; null stays null. */
export const toInstant = <T extends number | null>(ms: T): T extends null ? string | null : string =>
  (ms === null ? null : new Date(ms).toISOString()) as T extends null ? string | null : string;

/** The instant of a checked text, ms since the epoch. */
export const toMs = (instant: string | null): number | null => (instant === null ? null : Date.parse(instant));
