// Quotas, and what is left of them and of money, as people type and read them: the words, and whole numbers with or without signs between thousands.
import { quotaNames, type Quota, type QuotaName, type QuotaSettings } from '#shared/quotas.ts';
import { defineMessages } from './messages.ts';

export const quotaMessages = defineMessages(
  {
    names: {
      requests_per_minute: 'Requests a minute',
      requests_per_day: 'Requests a day',
      tokens_per_minute: 'Tokens a minute',
      tokens_per_day: 'Tokens a day',
    },
    wrong: 'A whole number from 1, such as 100,000, or nothing.',
    bounds: {
      requests_per_minute: (count: string) => `${count} requests a minute`,
      requests_per_day: (count: string) => `${count} requests a day`,
      tokens_per_minute: (count: string) => `${count} tokens a minute`,
      tokens_per_day: (count: string) => `${count} tokens a day`,
    },
    left: {
      requests_per_minute: (left: string, limit: string) => `${left} of ${limit} requests a minute left`,
      requests_per_day: (left: string, limit: string) => `${left} of ${limit} requests left today`,
      tokens_per_minute: (left: string, limit: string) => `${left} of ${limit} tokens a minute left`,
      tokens_per_day: (left: string, limit: string) => `${left} of ${limit} tokens left today`,
    },
    spend: {
      day: (most: string) => `${most} a day`,
      week: (most: string) => `${most} a week`,
      month: (most: string) => `${most} a month`,
      never: (most: string) => `${most} in all`,
    },
    spendLeft: {
      day: (left: string, most: string) => `${left} of ${most} left today`,
      week: (left: string, most: string) => `${left} of ${most} left this week`,
      month: (left: string, most: string) => `${left} of ${most} left this month`,
      never: (left: string, most: string) => `${left} of ${most} left`,
    },
  },
  {
    names: {
      requests_per_minute: 'Anfragen je Minute',
      requests_per_day: 'Anfragen am Tag',
      tokens_per_minute: 'Tokens je Minute',
      tokens_per_day: 'Tokens am Tag',
    },
    wrong: 'Eine ganze Zahl ab 1, etwa 100.000, oder nichts.',
    bounds: {
      requests_per_minute: (count: string) => `${count} Anfragen je Minute`,
      requests_per_day: (count: string) => `${count} Anfragen am Tag`,
      tokens_per_minute: (count: string) => `${count} Tokens je Minute`,
      tokens_per_day: (count: string) => `${count} Tokens am Tag`,
    },
    left: {
      requests_per_minute: (left: string, limit: string) => `${left} von ${limit} Anfragen je Minute übrig`,
      requests_per_day: (left: string, limit: string) => `heute noch ${left} von ${limit} Anfragen`,
      tokens_per_minute: (left: string, limit: string) => `${left} von ${limit} Tokens je Minute übrig`,
      tokens_per_day: (left: string, limit: string) => `heute noch ${left} von ${limit} Tokens`,
    },
    spend: {
      day: (most: string) => `${most} am Tag`,
      week: (most: string) => `${most} in der Woche`,
      month: (most: string) => `${most} im Monat`,
      never: (most: string) => `${most} insgesamt`,
    },
    spendLeft: {
      day: (left: string, most: string) => `heute noch ${left} von ${most}`,
      week: (left: string, most: string) => `diese Woche noch ${left} von ${most}`,
      month: (left: string, most: string) => `diesen Monat noch ${left} von ${most}`,
      never: (left: string, most: string) => `noch ${left} von ${most}`,
    },
  },
);

const MOST = 1_000_000_000_000;

/** The number; null for an empty field, undefined for what is none: a bound that can't be read must never become no bound. */
export function parseCount(text: string): number | null | undefined {
  const typed = text.trim();
  if (typed === '') return null;
  // Behind each sign between thousands come three digits: 1.5 is no count, 1.500 is one in German.
  const isCount = /^\d+$/.test(typed) || /^\d{1,3}([.,'’\s])\d{3}(\1\d{3})*$/.test(typed);
  const count = Number(typed.replaceAll(/\D/g, ''));
  return isCount && count >= 1 && count <= MOST ? count : undefined;
}

/** Whether a field is empty or holds a number. */
export const isCount = (text: string): boolean => parseCount(text) !== undefined;

/** What stands in the fields of a quota. */
export type QuotaTexts = Readonly<Record<QuotaName, string>>;

const toRecord = <T>(of: (name: QuotaName) => T): Record<QuotaName, T> =>
  Object.fromEntries(quotaNames.map((name) => [name, of(name)])) as Record<QuotaName, T>;

/** A quota as it is typed. */
export const toQuotaTexts = (quota: Quota | null | undefined): QuotaTexts =>
  toRecord((name) => String(quota?.[name] ?? ''));

/** The quota of what was typed; what is no number is told by its field, and never gets here. */
export const toQuota = (texts: QuotaTexts): QuotaSettings => toRecord((name) => parseCount(texts[name]) ?? null);
