// /api/templates: providers that admins add at run time; from then on anybody can give a key for them, as for those of the catalog.
import { templatesQuerySchema, templatesSchema, templateViewSchema, type TemplateView } from '#shared/api/templates.ts';
import { CallerError } from '#shared/failures.ts';
import { UNDO_MS } from '#shared/stored-credential.ts';
import { templateIdSchema, templateSettingsSchema, toProvider, type Template } from '#shared/template.ts';
import { $ZodError } from 'zod/v4/core';
import * as z from 'zod/mini';
import type { StoredTemplate } from '../../ports-settings.ts';
import type { Visit } from '../endpoint.ts';
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
    throw new CallerError('invalid_request', `The catalog would not take this: "${param}" is wrong.`, { param });
  }
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
    });
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
      reply: templateViewSchema,
      handle: ({ visit, params: { id = '' }, body }) => {
        const to = (before: StoredTemplate): StoredTemplate => ({ ...before, template: check(deps, { ...body, id }) });
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
    reply: templateViewSchema,
    handle: ({ visit, body }) => create(deps, visit, body),
  }),
  ...toChangeRoutes(deps),
];
