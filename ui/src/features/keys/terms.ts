// What a new key may do, as it is typed: what a form begins with, what the server is asked for, and all of it in a line.
import type { NewKey } from '#shared/api/keys.ts';
import type { Strategy } from '#shared/policy.ts';
import { quotaNames } from '#shared/quotas.ts';
import { parseAmount } from '../../lib/amounts.ts';
import { formatBound, formatUsd } from '../../lib/format.ts';
import { useLanguage, useMessages } from '../../lib/messages.ts';
import { policyMessages } from '../../lib/policy-messages.ts';
import { parseCount, quotaMessages, toQuota, toQuotaTexts, type QuotaTexts } from '../../lib/quotas.ts';
import { keyMessages } from './messages.ts';

const DAY_MS = 86_400_000;
const expiryDays = { never: null, days30: 30, days90: 90, year: 365 } as const;
export type Expiry = keyof typeof expiryDays;
export const expiries = Object.keys(expiryDays) as readonly Expiry[];

/** What stands in the fields. */
export interface Terms {
  readonly name: string;
  readonly tier: 'free' | 'any';
  readonly privacy: 'no_training' | 'any';
  readonly strategy: Strategy | '';
  readonly quota: QuotaTexts;
  readonly usd: string;
  readonly expires: Expiry;
}

/** What most keys are made with: nothing bounds them but what bounds their person. */
export const usualTerms: Terms = {
  name: '',
  tier: 'any',
  privacy: 'any',
  strategy: '',
  quota: toQuotaTexts(null),
  usd: '',
  expires: 'never',
};

/** What the server is asked for. What is no number is told by its field, and never gets here. */
export function toTerms(terms: Terms, nowMs: number): Partial<NewKey> & { readonly name: string } {
  const { name, tier, privacy, strategy, quota, usd, expires } = terms;
  const days = expiryDays[expires];
  const max = parseAmount(usd) ?? null;
  return {
    name,
    tier,
    privacy,
    strategy: strategy === '' ? null : strategy,
    ...toQuota(quota),
    usd: max === null ? null : { max, per: 'month' },
    expires_at: days === null ? null : new Date(nowMs + days * DAY_MS).toISOString(),
  };
}

/** All of it in a line; of a field whose number can't be read it is silent. */
export function useTermsLine({ tier, privacy, strategy, quota, usd, expires }: Terms): string {
  const { sum } = useMessages(keyMessages);
  const { strategies } = useMessages(policyMessages);
  const { bounds, spend } = useMessages(quotaMessages);
  const language = useLanguage();
  const most = parseAmount(usd);
  const limits = [
    ...quotaNames.flatMap((name) => {
      const count = parseCount(quota[name]);
      return typeof count === 'number' ? [bounds[name](formatBound(count, language))] : [];
    }),
    ...(typeof most === 'number' ? [spend.month(formatUsd(most, language))] : []),
  ];
  const facts = [
    sum.tiers[tier],
    ...(privacy === 'any' ? [] : [sum.noTraining]),
    ...(strategy === '' ? [] : [strategies[strategy]]),
    ...(limits.length === 0 ? [sum.noLimits] : limits),
    sum.expiries[expires],
  ];
  return facts.join(' · ');
}
