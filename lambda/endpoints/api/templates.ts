// /api/templates: providers that admins add at run time; from then on anybody can give a key for them, as for those of the catalog.
import { templatesQuerySchema, templatesSchema, templateViewSchema, type TemplateView } from '#shared/api/templates.ts';
import { withWholeModels } from '#shared/credentials.ts';
import { CallerError } from '#shared/failures.ts';
import { refused } from '#shared/refused.ts';
import { UNDO_MS } from '#shared/stored-credential.ts';
import { templateIdSchema, templateSettingsSchema, toProvider, type Template } from '#shared/template.ts';
import { $ZodError } from 'zod/v4/core';
import * as z from 'zod/mini';
import type { StoredTemplate } from '../../ports-settings.ts';
import { principalOf, type Visit } from '../endpoint.ts';
import { missing, toInstant, toRoute, writeAudit, type ApiDeps, type ApiReply, type ApiRoute } from './route.ts';

const newTemplateSchema = z.extend(templateSettingsSchema._zod.innerType, { id: templateIdSchema });

const toView = ({ template, changedAtMs, deletedAtMs }: StoredTemplate): TemplateView => ({
  ...template,
  changed_at: toInstant(changedAtMs),
  deleted_until: deletedAtMs === null ? null : toInstant(deletedAtMs + UNDO_MS),
});

/** Throws CallerError for what the catalog would not take. */
function check(deps: ApiDeps, template: Template): Template {
  try {
    toProvider(template, new Date(deps.clock.now()).toISOString().slice(0, 10));
    return template;
  } catch (error) {
    if (!(error instanceof $ZodError)) throw error;
    const [issue] = error.issues;
    const param = issue?.path.map(String).join('.') ?? 'body';
    throw new CallerError('invalid_request', `The catalog would not take this: "${param}" is wrong.`, {
      param,
      reason: refused('catalog_refuses', { field: param }),
    });
  }
}

const toAddress = (url: string): string => url.replace(/\/+$/, '');

/**
 * Throws CallerError `forbidden` where keys of others would be led to an address that they were not given for. `before`: where the provider
 * was until now; null when it was nowhere.
 */
async function guardKeys(
  deps: ApiDeps,
  visit: Visit,
  { template, before }: { template: Template; before: Template | null },
): Promise<void> {
  if (before !== null && toAddress(before.base_url) === toAddress(template.base_url)) return;
  const asker = principalOf(visit).id;
  const nowMs = deps.clock.now();
  const theirs = (await deps.credentials.all()).filter(
    ({ provider, ownerId, baseUrl, secrets, deletedAtMs }) =>
      provider === template.id &&
      ownerId !== asker &&
      baseUrl === null &&
      secrets.length > 0 &&
      (deletedAtMs === null || deletedAtMs + UNDO_MS >= nowMs),
  );
  if (theirs.length === 0) return;
  throw new CallerError(
    'forbidden',
    `${theirs.length} ${theirs.length === 1 ? 'key' : 'keys'} of others would be sent to this address, which they were not given for. Add it under another id, and let them give their keys for that.`,
    { param: 'base_url', reason: refused('keys_of_others', { count: theirs.length }) },
  );
}

/** After a change: this instance knows of it before it answers. */
async function tell(
  deps: ApiDeps,
  visit: Visit,
  { stored, detail, status = 200 }: { stored: StoredTemplate; detail: string; status?: number },
): Promise<ApiReply> {
  await deps.templates.read();
  await writeAudit(deps, visit, { action: 'template_changed', target: stored.template.id, detail });
  return { status, json: toView(stored) };
}

const isGone = ({ deletedAtMs }: StoredTemplate, nowMs: number): boolean =>
  deletedAtMs !== null && deletedAtMs + UNDO_MS < nowMs;

async function create(deps: ApiDeps, visit: Visit, template: Template): Promise<ApiReply> {
  check(deps, template);
  if (deps.providers().some(({ id }) => id === template.id))
    throw new CallerError('invalid_request', `There is a provider "${template.id}" already. Choose another id.`, {
      param: 'id',
      reason: refused('provider_exists', { id: template.id }),
    });
  const removed = (await deps.templates.read()).find((one) => one.template.id === template.id);
  await guardKeys(deps, visit, { template, before: removed?.template ?? null });
  const stored: StoredTemplate = { template, changedAtMs: deps.clock.now(), deletedAtMs: null };
  // One of this id that was removed makes room for it.
  const made =
    (await deps.templates.create(template)) || (await deps.templates.change(template.id, () => stored)) !== null;
  if (!made) throw missing('template');
  return tell(deps, visit, { stored, detail: `added, ${template.base_url}`, status: 201 });
}

/** Changes one that is there; `deleted` says whether it must have been removed before, or must not. */
async function change(
  deps: ApiDeps,
  visit: Visit,
  wanted: { id: string; deleted: boolean; detail: string; to: (before: StoredTemplate) => StoredTemplate },
): Promise<ApiReply> {
  const { id, deleted, detail, to } = wanted;
  const known = (await deps.templates.read()).find(({ template }) => template.id === id);
  if (known === undefined || isGone(known, deps.clock.now()) || (known.deletedAtMs !== null) !== deleted)
    throw missing('template');
  const stored = await deps.templates.change(id, to);
  if (stored === null) throw missing('template');
  return tell(deps, visit, { stored, detail });
}

function toChangeRoutes(deps: ApiDeps): readonly ApiRoute[] {
  return [
    toRoute({
      method: 'PUT',
      path: '/api/templates/:id',
      summary: 'Describe a provider that was added anew.',
      access: ['change', 'template'],
      body: templateSettingsSchema,
      prepare: withWholeModels,
      reply: templateViewSchema,
      handle: async ({ visit, params: { id = '' }, body }) => {
        const template = check(deps, { ...body, id });
        const known = (await deps.templates.read()).find((one) => one.template.id === id);
        if (known !== undefined) await guardKeys(deps, visit, { template, before: known.template });
        const to = (before: StoredTemplate): StoredTemplate => ({ ...before, template });
        return change(deps, visit, { id, deleted: false, detail: `changed, ${body.base_url}`, to });
      },
    }),
    toRoute({
      method: 'DELETE',
      path: '/api/templates/:id',
      summary: 'Remove a provider that was added. Keys for it serve nothing then; it can be brought back for a week.',
      access: ['delete', 'template'],
      reply: templateViewSchema,
      handle: ({ visit, params: { id = '' } }) => {
        const to = (before: StoredTemplate): StoredTemplate => ({ ...before, deletedAtMs: deps.clock.now() });
        return change(deps, visit, { id, deleted: false, detail: 'removed', to });
      },
    }),
    toRoute({
      method: 'POST',
      path: '/api/templates/:id/restore',
      summary: 'Bring back a provider that was removed within the last week.',
      access: ['change', 'template'],
      reply: templateViewSchema,
      handle: ({ visit, params: { id = '' } }) => {
        const to = (before: StoredTemplate): StoredTemplate => ({ ...before, deletedAtMs: null });
        return change(deps, visit, { id, deleted: true, detail: 'brought back', to });
      },
    }),
  ];
}

/** The routes over their services. */
export const toTemplateRoutes = (deps: ApiDeps): readonly ApiRoute[] => [
  toRoute({
    method: 'GET',
    path: '/api/templates',
    summary: 'Providers that were added here, beside those of the catalog.',
    access: ['read', 'template'],
    query: templatesQuerySchema,
    reply: templatesSchema,
    handle: async ({ query }) => {
      const nowMs = deps.clock.now();
      const all = (await deps.templates.read()).filter((one) => !isGone(one, nowMs));
      const shown = query.deleted === 'true' ? all : all.filter(({ deletedAtMs }) => deletedAtMs === null);
      return { json: { data: shown.map(toView) } };
    },
  }),
  toRoute({
    method: 'POST',
    path: '/api/templates',
    summary: 'Add an OpenAI-compatible provider, as data: address, how keys are sent, models, limits, terms.',
    access: ['create', 'template'],
    body: newTemplateSchema,
    prepare: withWholeModels,
    reply: templateViewSchema,
    handle: ({ visit, body }) => create(deps, visit, body),
  }),
  ...toChangeRoutes(deps),
];
