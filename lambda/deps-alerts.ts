// Where alerts go: the webhook and the addresses that the installation's settings name, each opened when there is something to send.
import { randomBytes } from 'node:crypto';
import type { AlertChannel, AlertView } from '#shared/api/alerts.ts';
import { OWNER_ID } from '#shared/people.ts';
import type { Platform } from './deps.ts';
import { VaultError, type Vault } from './ports.ts';
import type { Alerts } from './ports-telemetry.ts';
import type { SettingsStore } from './ports-settings.ts';
import { createAlerts } from './telemetry/alerts.ts';

const SECRET = { pk: 'settings', sk: 'webhook-secret' } as const;
/** Whose data key seals what belongs to nobody in particular. */
const INSTALLATION = 'installation';
const IDENTITY = 'webhook-secret';
const SECRET_BYTES = 32;

/** What signs webhooks. */
export interface WebhookSecret {
  /** The one in force; made when there is none yet. */
  read(): Promise<string>;
  /** Puts a new one in force, and answers it for the only time. */
  renew(): Promise<string>;
}

type Send = (alert: AlertView) => Promise<string | null>;

/** The secret over a store, sealed there. */
export function createWebhookSecret({ store }: Platform, vault: Vault): WebhookSecret {
  const renew = async (): Promise<string> => {
    const { toWebhookSecret } = await import('./telemetry/webhook.ts');
    const secret = toWebhookSecret(randomBytes(SECRET_BYTES));
    await store.put(SECRET, { sealed: await vault.seal(INSTALLATION, IDENTITY, secret) });
    return secret;
  };
  return {
    renew,
    read: async () => {
      const item = await store.get(SECRET);
      return item === null ? renew() : vault.open(INSTALLATION, IDENTITY, String(item['sealed']));
    },
  };
}

interface AlertsParts {
  readonly platform: Platform;
  readonly settings: SettingsStore;
  readonly secret: WebhookSecret;
}

const toWebhook =
  ({ platform, secret }: AlertsParts, url: string): Send =>
  async (alert) => {
    const { upstream, clock, allowPrivate = false } = platform;
    const { sendWebhook } = await import('./telemetry/webhook.ts');
    try {
      return await sendWebhook({ upstream, clock, url, secret: await secret.read(), allowPrivate }, alert);
    } catch (error) {
      if (error instanceof VaultError) return `It can't be signed. ${error.message}`;
      throw error;
    }
  };

function toMail({ platform }: AlertsParts, from: string, to: readonly string[]): Send {
  const { upstream, clock, config } = platform;
  const endpoint = config.mailEndpoint;
  if (endpoint === null) return () => Promise.resolve('Nothing says from where to send: set AWS_REGION.');
  return async (alert) => {
    const { sendMail } = await import('./telemetry/mail.ts');
    const { createAwsSigner } = await import('./gateway/authorize-aws.ts');
    const signer = createAwsSigner({ key: 'role', service: 'ses', baseUrl: endpoint });
    const sign = (call: Parameters<typeof signer>[0]): ReturnType<typeof signer> => signer(call, { upstream, clock });
    return sendMail({ upstream, endpoint, sign, from, to }, alert);
  };
}

/** Alerts over the platform. */
export function openAlerts(parts: AlertsParts): Alerts {
  const { platform, settings } = parts;
  return createAlerts({
    ...platform,
    freezes: platform.freezes ?? false,
    shares: () => {
      const { at_percent: percents } = settings.installation().alerts ?? {};
      return percents?.map((percent) => percent / 100).sort((a, b) => b - a) ?? null;
    },
    channels: async () => {
      const { alerts = {} } = (await settings.of(OWNER_ID)).installation;
      const { webhook_url: url, email_from: from, email_to: to } = alerts;
      const channels = new Map<AlertChannel, Send>();
      if (url !== undefined) channels.set('webhook', toWebhook(parts, url));
      if (from !== undefined && to !== undefined) channels.set('email', toMail(parts, from, to));
      return channels;
    },
  });
}
