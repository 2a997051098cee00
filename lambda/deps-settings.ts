// What the installation has set, and what follows from it: what may be paid, who is told of what, and how long use is kept.
import { loadOnce } from '#shared/load-once.ts';
import { randomBytes } from 'node:crypto';
import { createWebhookSecret, openAlerts, type WebhookSecret } from './deps-alerts.ts';
import type { Platform } from './deps.ts';
import { createWires } from './deps-wires.ts';
import type { Means } from './deps-services.ts';
import { toBounds } from './gateway/budget.ts';
import { createShares } from './gateway/shares.ts';
import { VaultError, type KeyWrapper, type UsageBook, type Vault } from './ports.ts';
import type { Alerts } from './ports-telemetry.ts';
import type { SettingsStore } from './ports-settings.ts';
import type { People } from './ports-people.ts';
import { createSettings } from './store/settings.ts';
import { createUsageBook } from './store/usage.ts';
import type { VaultOptions } from './store/vault.ts';
import { toErrorFields } from './telemetry/log.ts';
import type { UseWatchOptions } from './telemetry/unusual-use.ts';

const refuse = (): Promise<never> =>
  Promise.reject(new VaultError('unavailable', 'No master key is configured, so secrets can not be kept here.'));
const noWrapper: KeyWrapper = { wrap: refuse, unwrap: refuse };

/** What looks for unusual use, loaded with the first record that was written. */
function openUseWatch(options: UseWatchOptions): () => Promise<void> {
  const open = loadOnce(async () => (await import('./telemetry/unusual-use.ts')).createUseWatch(options));
  return async () => (await open())();
}

/** The vault, loaded when a secret is first to be kept or opened: whom the environment's keys serve has none there. */
function openVault(options: VaultOptions): Vault {
  let opened: Vault | null = null;
  const vault = loadOnce(async () => (opened = (await import('./store/vault.ts')).createVault(options)));
  return {
    check: async () => (await vault()).check(),
    prepare: async (personId) => (await vault()).prepare(personId),
    seal: async (...given) => (await vault()).seal(...given),
    open: async (...given) => (await vault()).open(...given),
    openNow: (...given) => {
      if (opened === null) throw new VaultError('not_prepared', 'The data key of this person is not at hand.');
      return opened.openNow(...given);
    },
    rewrap: async (next) => (await vault()).rewrap(next),
  };
}

/** What may be paid in the whole installation: what the environment says holds whatever the settings say. */
function toMoney({ config }: Platform, settings: SettingsStore, alerts: Alerts): Means['money'] {
  const { budgetUsdPerDay: usdPerDay, budgetUsdPerMonth: usdPerMonth } = config;
  const fixed = toBounds('budget', { usdPerDay, usdPerMonth, hard: true });
  return {
    alerts,
    bounds: () => {
      const { budget } = settings.installation();
      if (budget === undefined) return fixed;
      const { usd_per_day: perDay, usd_per_month: perMonth, mode } = budget;
      return [...fixed, ...toBounds('budget', { usdPerDay: perDay, usdPerMonth: perMonth, hard: mode === 'hard' })];
    },
  };
}

/** Settings and what stands on them. */
export interface OpenedSettings {
  readonly settings: SettingsStore;
  readonly vault: Vault;
  readonly webhookSecret: WebhookSecret;
  readonly alerts: Alerts;
  readonly means: Means;
}

/** Opens them over the platform. */
export function openSettings(platform: Platform): OpenedSettings {
  const { clock, store } = platform;
  const now = (): number => clock.now();
  const settings = createSettings(store, now);
  const vault = openVault({ store, wrapper: platform.keyWrapper ?? noWrapper, now });
  const webhookSecret = createWebhookSecret(platform, vault);
  const alerts = openAlerts({ platform, settings, secret: webhookSecret });
  return {
    settings,
    vault,
    webhookSecret,
    alerts,
    means: {
      ...platform,
      money: toMoney(platform, settings, alerts),
      shares: createShares(),
      wires: createWires(),
    },
  };
}

interface UsageParts {
  readonly platform: Platform;
  readonly settings: SettingsStore;
  readonly alerts: Alerts;
  readonly people: People;
}

/** The book of use, and what writes everything that waits. */
export function openUsage({ platform, settings, alerts, people }: UsageParts): {
  readonly usage: UsageBook;
  readonly flush: () => Promise<void>;
} {
  const { config, clock, log, store, freezes } = platform;
  let watching: Promise<void> = Promise.resolve();
  const usage = createUsageBook({
    store,
    clock,
    log,
    instance: randomBytes(4).toString('hex'),
    gatherMs: freezes ? null : 1_000,
    retentionDays: () => settings.installation().usage_days ?? config.usageDays,
    onWritten: () => {
      watching = watch().catch((error: unknown) => log.error('watch.failed', toErrorFields(error)));
    },
  });
  const watch = openUseWatch({
    usage,
    store,
    clock,
    alerts,
    isWanted: () => settings.installation().alerts?.unusual_use !== false,
    nameOf: async (id) => (await people.get(id))?.email ?? id,
  });
  const flush = async (): Promise<void> => {
    await usage.flush();
    await watching;
    await alerts.flush();
  };
  return { usage, flush };
}
