// What is set for all and for oneself, alerts, added providers, and moving in and out, over the server's API.
import { useMutation, useQuery, useQueryClient, type UseQueryResult } from '@tanstack/react-query';
import * as z from 'zod/mini';
import { alertsSchema, webhookSecretSchema, type AlertView } from '#shared/api/alerts.ts';
import { importResultSchema, type ImportResult } from '#shared/api/import.ts';
import { settingsSchema, type SettingsView } from '#shared/api/settings.ts';
import { templatesSchema, type TemplateView } from '#shared/api/templates.ts';
import { ApiError, useApi } from '../../lib/api.ts';
import { usePerson } from '../../lib/session.tsx';
import { useToasts } from '../../lib/toasts.tsx';

const SETTINGS = ['settings'];
const ALERTS = ['alerts'];
const TEMPLATES = ['templates'];
const anything = z.unknown();

/** Whether the person before the screen looks after the installation. */
export function useIsAdmin(): boolean {
  const person = usePerson();
  return person !== null && person.role !== 'member';
}

export function useSettings(): UseQueryResult<SettingsView> {
  const api = useApi();
  return useQuery({
    queryKey: SETTINGS,
    queryFn: ({ signal }) => api.call({ path: '/api/settings', schema: settingsSchema, signal }),
  });
}

export function useAlerts(): UseQueryResult<readonly AlertView[]> {
  const api = useApi();
  return useQuery({
    queryKey: ALERTS,
    queryFn: ({ signal }) => api.call({ path: '/api/alerts?limit=10', schema: alertsSchema, signal }),
    select: ({ data }) => data,
  });
}

export function useTemplates(): UseQueryResult<readonly TemplateView[]> {
  const api = useApi();
  return useQuery({
    queryKey: TEMPLATES,
    queryFn: ({ signal }) => api.call({ path: '/api/templates', schema: templatesSchema, signal }),
    select: ({ data }) => data,
  });
}

type Body = Readonly<Record<string, unknown>>;

/** What can be done here. Failures are shown in a toast; then the answer is null. */
export interface SettingsActions {
  readonly setMine: (change: Body) => Promise<unknown>;
  readonly setAll: (change: Body) => Promise<unknown>;
  readonly newSecret: () => Promise<string | null>;
  readonly testAlert: () => Promise<unknown>;
  readonly addTemplate: (template: Body) => Promise<unknown>;
  readonly removeTemplate: (id: string) => Promise<unknown>;
  readonly restoreTemplate: (id: string) => Promise<unknown>;
  readonly giveKey: (provider: string, apiKey: string) => Promise<unknown>;
  readonly importText: (text: string, dryRun: boolean) => Promise<ImportResult | null>;
  readonly exportAll: () => Promise<unknown>;
}

export function useSettingsActions(): SettingsActions {
  const api = useApi();
  const client = useQueryClient();
  const { show } = useToasts();
  const { mutateAsync } = useMutation({
    mutationFn: (work: () => Promise<unknown>) => work(),
    // Keys and models may have changed with it.
    onSettled: () =>
      Promise.all(
        [SETTINGS, ALERTS, TEMPLATES, ['credentials'], ['models']].map((queryKey) =>
          client.invalidateQueries({ queryKey }),
        ),
      ),
  });
  const run = async <T>(work: () => Promise<T>): Promise<T | null> => {
    try {
      return (await mutateAsync(work)) as T;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      show(error.message);
      return null;
    }
  };
  const template = (id: string, more = ''): string => `/api/templates/${encodeURIComponent(id)}${more}`;
  return {
    setMine: (body) =>
      run(() => api.call({ path: '/api/settings/mine', method: 'PATCH', body, schema: settingsSchema })),
    setAll: (body) =>
      run(() => api.call({ path: '/api/settings/installation', method: 'PATCH', body, schema: settingsSchema })),
    newSecret: async () => {
      const path = '/api/settings/webhook-secret';
      return (await run(() => api.call({ path, method: 'POST', schema: webhookSecretSchema })))?.secret ?? null;
    },
    testAlert: () => run(() => api.call({ path: '/api/alerts/test', method: 'POST', schema: alertsSchema })),
    addTemplate: (body) => run(() => api.call({ path: '/api/templates', body, schema: anything })),
    removeTemplate: (id) => run(() => api.call({ path: template(id), method: 'DELETE', schema: anything })),
    restoreTemplate: (id) => run(() => api.call({ path: template(id, '/restore'), method: 'POST', schema: anything })),
    giveKey: (provider, apiKey) =>
      run(() => api.call({ path: '/api/credentials', body: { provider, fields: { apiKey } }, schema: anything })),
    importText: (text, dryRun) =>
      run(() => api.call({ path: '/api/import', body: { text, dry_run: dryRun }, schema: importResultSchema })),
    exportAll: () => run(() => api.call({ path: '/api/export', schema: anything })),
  };
}
