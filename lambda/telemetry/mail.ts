// Sends an alert by e-mail through Amazon SES, over its HTTP API: one signed call, no client to load.
import type { AlertKind, AlertView } from '#shared/api/alerts.ts';
import type { Upstream, UpstreamCall } from '../ports.ts';
import { sendCall, toCall } from './webhook.ts';

export interface MailOptions {
  readonly upstream: Upstream;
  /** Base URL of SES in the region it sends from. */
  readonly endpoint: string;
  /** Puts the signature of our role on a call. Rejects with an error whose message may be told. */
  readonly sign: (call: UpstreamCall) => Promise<UpstreamCall>;
  readonly from: string;
  readonly to: readonly string[];
}

const titles: Readonly<Record<AlertKind, string>> = {
  budget: 'Freeway: a budget is being used up',
  quota: 'Freeway: a quota is being used up',
  unusual_use: 'Freeway: unusual use',
  test: 'Freeway: a test of alerts',
};

/** Of a later version's kind nothing more is known. */
const titleOf = (kind: string): string => (kind in titles ? titles[kind as AlertKind] : 'Freeway: an alert');

/** Sends it once. Resolves with what is wrong; null when SES has taken it. */
export async function sendMail(options: MailOptions, { at, kind, subject, text }: AlertView): Promise<string | null> {
  const { upstream, endpoint, sign, from, to } = options;
  const plain = `${text}\n\nAbout: ${subject}\nAt: ${at}\n`;
  const body = JSON.stringify({
    FromEmailAddress: from,
    Destination: { ToAddresses: to },
    Content: { Simple: { Subject: { Data: titleOf(kind) }, Body: { Text: { Data: plain } } } },
  });
  const call = toCall(`${endpoint}/v2/email/outbound-emails`, { 'content-type': 'application/json' }, body);
  try {
    return await sendCall(upstream, await sign(call));
  } catch (error) {
    return error instanceof Error ? error.message : 'The call could not be signed.';
  }
}
