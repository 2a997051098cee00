// Sends an alert to a URL, signed as Standard Webhooks (https://www.standardwebhooks.com) lay down, so that its receiver can tell it from a forged one.
import { createHmac } from 'node:crypto';
import type { AlertView } from '#shared/api/alerts.ts';
import type { Clock, Upstream, UpstreamCall, UpstreamError } from '../ports.ts';

const PATIENCE_MS = 10_000;
const SECRET_PREFIX = 'whsec_';

/** What is wrong where no reply came. */
function toProblem({ kind, message }: UpstreamError): string {
  if (message.includes('PRIVATE_ADDRESS')) return 'Its address is not on the public internet.';
  if (message.includes('PLAIN_ADDRESS'))
    return 'Its address must begin with https, so that nobody on the way can read it.';
  return kind === 'timeout' ? 'It did not answer in time.' : 'It could not be reached.';
}

/** One call whose reply is of no interest but for its status. Resolves with what is wrong; null when all is well. */
export function sendCall(upstream: Upstream, call: UpstreamCall): Promise<string | null> {
  return new Promise((done) => {
    const handle = upstream.start(call, {
      onHead: (status) => {
        const ok = status >= 200 && status < 300;
        // Redirects are not followed: they would lead past what was checked.
        done(ok ? null : `It answered with status ${status}.`);
        handle.abort();
      },
      onData: () => undefined,
      onEnd: () => undefined,
      onError: (error) => done(toProblem(error)),
    });
  });
}

/** A call that an upstream is given, with the patience that is usual for alerts. */
export const toCall = (url: string, headers: Readonly<Record<string, string>>, body: string): UpstreamCall => ({
  method: 'POST',
  url,
  headers,
  body,
  headTimeoutMs: PATIENCE_MS,
  idleTimeoutMs: PATIENCE_MS,
});

/** `v1,` and the HMAC-SHA256 of id, time and body, base64. `secret` is `whsec_` and base64. */
export function signWebhook(
  secret: string,
  { id, seconds, body }: { id: string; seconds: number; body: string },
): string {
  const key = Buffer.from(secret.slice(SECRET_PREFIX.length), 'base64');
  return `v1,${createHmac('sha256', key).update(`${id}.${seconds}.${body}`).digest('base64')}`;
}

/** A secret from random bytes. */
export const toWebhookSecret = (bytes: Uint8Array): string =>
  `${SECRET_PREFIX}${Buffer.from(bytes).toString('base64')}`;

export interface WebhookOptions {
  readonly upstream: Upstream;
  readonly clock: Pick<Clock, 'now'>;
  readonly url: string;
  readonly secret: string;
  /** Whether it may lead to a private address. */
  readonly allowPrivate: boolean;
}

/** Sends it once. Resolves with what is wrong; null when it has arrived. */
export function sendWebhook(
  { upstream, clock, url, secret, allowPrivate }: WebhookOptions,
  alert: AlertView,
): Promise<string | null> {
  const { id, at, kind, subject, text } = alert;
  const body = JSON.stringify({ type: `${kind}.alert`, timestamp: at, data: { id, subject, text } });
  const seconds = Math.floor(clock.now() / 1000);
  const headers = {
    'content-type': 'application/json',
    'user-agent': 'freeway',
    'webhook-id': id,
    'webhook-timestamp': String(seconds),
    'webhook-signature': signWebhook(secret, { id, seconds, body }),
  };
  return sendCall(upstream, { ...toCall(url, headers, body), publicOnly: !allowPrivate });
}
