// /api/settings and /api/alerts: what is set for all and for oneself, and what those who look after the installation were told.
import { alertsQuerySchema, alertsSchema, webhookSecretSchema } from '#shared/api/alerts.ts';
import { settingsSchema, type SettingsView } from '#shared/api/settings.ts';
import { CallerError } from '#shared/failures.ts';
import { refused } from '#shared/refused.ts';
import { can } from '#shared/people.ts';
import { isBounding } from '#shared/quotas.ts';
import { installationChangeSchema, routingChangeSchema, type InstallationSettings } from '#shared/settings.ts';
import type { AuditEntry } from '../../ports-people.ts';
import type { SettingsChanged, SettingsInForce } from '../../ports-settings.ts';
import { toDefaults, toPersonBudget, toPersonQuota } from '../defaults.ts';
import { principalOf, type Visit } from '../endpoint.ts';
import { toChanges } from './changes.ts';
import { toLeftView, toQuotaLeftView } from './left.ts';
import { toRoute, writeAudit, type ApiDeps, type ApiReply, type ApiRoute } from './route.ts';

/** Where alerts go is the affair of those who look after the installation. */
function toSeen(visit: Visit, installation: InstallationSettings): InstallationSettings {
  if (can(principalOf(visit), 'change', { kind: 'settings' })) return installation;
  const { alerts: _, ...rest } = installation;
  return rest;
}

/** What bounds the asker, and what is left of it. */
async function toBounds(
  { keyLimits }: ApiDeps,
  visit: Visit,
  inForce: SettingsInForce,
): Promise<Pick<SettingsView, 'budget' | 'quota_left' | 'installation_quota_left'>> {
  const principal = principalOf(visit);
  const { id } = principal;
  const budget = toPersonBudget(inForce, id);
  const quota = toPersonQuota(inForce, id);
  const { quota: everybody = {} } = inForce.installation;
  const isShown = isBounding(everybody) && can(principal, 'change', { kind: 'settings' });
  const [[mine], all] = await Promise.all([
    budget === null && !isBounding(quota) ? [] : keyLimits.ofPeople([{ id, budget, quota }]),
    isShown ? keyLimits.ofAll(everybody) : null,
  ]);
  return {
    budget: budget === null ? null : { ...budget, left: mine?.budget.map(toLeftView) ?? [] },
    quota_left: mine !== undefined && isBounding(quota) ? toQuotaLeftView(mine.quota) : null,
    installation_quota_left: all === null ? null : toQuotaLeftView(all),
  };
}

async function show(deps: ApiDeps, visit: Visit): Promise<ApiReply> {
  const { id } = principalOf(visit);
  const inForce = await deps.settings.of(id);
  const { budget: _budget, quota: _quota, ...mine } = inForce.person;
  const json: SettingsView = {
    environment: {
      paid: deps.paid,
      usd_per_day: deps.environmentBudget.usdPerDay,
      usd_per_month: deps.environmentBudget.usdPerMonth,
    },
    installation: toSeen(visit, inForce.installation),
    mine,
    in_force: toDefaults(deps, inForce).settings,
    ...(await toBounds(deps, visit, inForce)),
  };
  return { json };
}

type Settings = Readonly<Record<string, unknown>>;

/** What a change of settings says of itself in the audit. Of alerts only that they changed: their values are addresses. */
function toTold(asked: Settings, { before, after }: SettingsChanged<Settings>): Pick<AuditEntry, 'detail' | 'changes'> {
  const pick = (settings: Settings): Settings =>
    Object.fromEntries(Object.keys(asked).flatMap((name) => (name === 'alerts' ? [] : [[name, settings[name]]])));
  return {
    detail: 'alerts' in asked ? 'where alerts go' : null,
    changes: toChanges(pick(before), pick(after)),
  };
}

/** Throws CallerError when an alert could never be sent there. */
function checkAlerts({ alerts }: InstallationSettings): void {
  if (alerts?.email_to !== undefined && alerts.email_from === undefined)
    throw new CallerError('invalid_request', 'Mail needs an address to send from, one that SES has verified.', {
      param: 'alerts.email_from',
      reason: refused('mail_needs_sender'),
    });
}

function toSettingsRoutesOfAll(deps: ApiDeps): readonly ApiRoute[] {
  return [
    toRoute({
      method: 'GET',
      path: '/api/settings',
      summary: 'What is set for all, what for oneself, and what holds for a request that says nothing itself.',
      access: ['read', 'settings'],
      reply: settingsSchema,
      handle: ({ visit }) => show(deps, visit),
    }),
    toRoute({
      method: 'PATCH',
      path: '/api/settings/installation',
      summary: 'Set bounds, budgets, retention and where alerts go, for everybody. null takes a setting away.',
      access: ['change', 'settings'],
      body: installationChangeSchema,
      reply: settingsSchema,
      handle: async ({ visit, body }) => {
        const told = toTold(body, await deps.settings.changeInstallation(body, checkAlerts));
        await writeAudit(deps, visit, { action: 'settings_changed', target: 'installation', ...told });
        return show(deps, visit);
      },
    }),
    toRoute({
      method: 'PATCH',
      path: '/api/settings/mine',
      summary: 'Set what holds for your own requests, within the bounds set for all. null takes a setting away.',
      access: ['change', 'preferences'],
      body: routingChangeSchema,
      reply: settingsSchema,
      handle: async ({ visit, body }) => {
        const { id } = principalOf(visit);
        const told = toTold(body, await deps.settings.changePerson(id, body));
        await writeAudit(deps, visit, { action: 'settings_changed', target: id, ...told });
        return show(deps, visit);
      },
    }),
  ];
}

function toAlertRoutes(deps: ApiDeps): readonly ApiRoute[] {
  return [
    toRoute({
      method: 'POST',
      path: '/api/settings/webhook-secret',
      summary: 'A new secret that signs webhooks, shown this once. The one before is good no more.',
      access: ['change', 'settings'],
      reply: webhookSecretSchema,
      handle: async ({ visit }) => {
        const secret = await deps.webhookSecret.renew();
        await writeAudit(deps, visit, { action: 'settings_changed', target: 'alerts', detail: 'a new webhook secret' });
        return { json: { secret } };
      },
    }),
    toRoute({
      method: 'GET',
      path: '/api/alerts',
      summary: 'Alerts of the last ninety days, newest first, and whether they arrived.',
      access: ['change', 'settings'],
      query: alertsQuerySchema,
      reply: alertsSchema,
      handle: async ({ query }) => ({ json: { data: await deps.alerts.list(query.limit) } }),
    }),
    toRoute({
      method: 'POST',
      path: '/api/alerts/test',
      summary: 'Raise an alert that means nothing, to see whether it arrives.',
      access: ['change', 'settings'],
      reply: alertsSchema,
      handle: async ({ visit }) => {
        const { email, id } = principalOf(visit);
        deps.alerts.raise({
          kind: 'test',
          subject: email ?? id,
          text: 'This is a test of alerts. Nothing has happened.',
        });
        await deps.alerts.flush();
        return { json: { data: await deps.alerts.list(1) } };
      },
    }),
  ];
}

/** The routes over their services. */
export const toSettingsRoutes = (deps: ApiDeps): readonly ApiRoute[] => [
  ...toSettingsRoutesOfAll(deps),
  ...toAlertRoutes(deps),
];
