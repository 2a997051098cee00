// What went wrong with a request, in the words of the page: from the server's codes and numbers, and in its own words where it tells none.
import type * as z from 'zod/mini';
import { reasonSchema } from '#shared/api/reason.ts';
import { formatCount, formatDuration, formatUsd } from '../lib/format.ts';
import { useLanguage, useMessages, type Language } from '../lib/messages.ts';
import { candidateMessages } from './candidate-messages.ts';
import { errorMessages } from './error-messages.ts';
import { failureMessages } from './failure-messages.ts';

type Reason = z.infer<typeof reasonSchema>;
type Of<Code extends Reason['code']> = Extract<Reason, { code: Code }>;
type Counts = Readonly<Record<string, number>>;

/** A request that found no answer. */
export interface Failed {
  readonly code: string;
  /** The server's own words. */
  readonly message: string;
  /** As the server tells it, checked here; absent: it tells none. */
  readonly why?: unknown;
  /** How those failed who were asked. */
  readonly failures: readonly (string | null)[];
}

interface Words {
  readonly language: Language;
  readonly t: (typeof errorMessages)['en'];
  readonly failures: Readonly<Record<string, string>>;
  readonly candidates: (typeof candidateMessages)['en'];
}

/** `Too small (2), was retired (1)`: the most frequent first. */
function toList(counts: Counts, words: Readonly<Record<string, string>>, t: Words['t']): string {
  return Object.entries(counts)
    .toSorted((a, b) => b[1] - a[1])
    .map(([name, count]) => t.counted(words[name] ?? name.replaceAll('_', ' '), count))
    .join(' · ');
}

function countFailures(failures: Failed['failures']): Counts {
  const counts: Record<string, number> = {};
  for (const failure of failures) counts[failure ?? 'unexplained'] = (counts[failure ?? 'unexplained'] ?? 0) + 1;
  return counts;
}

function tellNobody(
  { against, missing, max_cost_usd: max, refused_keys: keys = [] }: Of<'nobody'>,
  failed: Failed,
  words: Words,
): string {
  const { t, language, failures, candidates } = words;
  const lacking = candidates.missing(missing.map((one) => candidates.capabilities[one] ?? one).join(', '));
  const verdicts = { ...candidates.verdicts, ...(missing.length > 0 && { lacks_capability: lacking }) };
  const { already_tried: _, ...others } = against;
  const advice =
    failed.code === 'budget_exceeded' && max !== undefined
      ? t.overBound(formatUsd(max, language))
      : t.advice[failed.code];
  const told = [
    failed.failures.length === 0 ? null : t.tried(toList(countFailures(failed.failures), failures, t)),
    Object.keys(others).length === 0 ? null : t.against(toList(others, verdicts, t)),
    keys.length === 0 ? null : t.refusedKeys(keys.join(', ')),
    advice ?? null,
  ]
    .filter((part) => part !== null)
    .join('\n');
  return told === '' ? t.nobody : told;
}

function tellQuota({ whose, unit, per, max, left, need }: Of<'quota'>, { t, language }: Words): string {
  const count = (value: number): string => formatCount(value, language);
  const bound = t.bounds[whose](t.units[unit](count(max)), t.per[per]);
  if (unit === 'tokens' && need > max) return `${bound} ${t.tooMuch(count(need))}`;
  return `${bound} ${left < 1 ? t.allUsed : t.someLeft(count(left), count(need))}`;
}

function tell(failed: Failed, words: Words): string {
  const reason = reasonSchema.safeParse(failed.why);
  const { t, language } = words;
  if (!reason.success) return t.codes[failed.code] ?? failed.message;
  const { data } = reason;
  if (data.code === 'nobody') return tellNobody(data, failed, words);
  if (data.code === 'quota') return tellQuota(data, words);
  if (data.code === 'budget') return t.budget;
  if (data.code === 'provider') return t.provider(data.text);
  // In words of the page's own from where it came in.
  if (data.code === 'locked' || data.code === 'refused' || data.code === 'field') return failed.message;
  if (data.code === 'guard') return t.guard(data.name, data.text);
  const waited = data.waited_ms < 1_000 ? '' : ` ${t.waited(formatDuration(data.waited_ms, language))}`;
  return `${t.late(failed.failures.length)}${waited}`;
}

/** How a failed request is told. */
export function useErrorText(): (failed: Failed) => string {
  const language = useLanguage();
  const t = useMessages(errorMessages);
  const failures = useMessages(failureMessages);
  const candidates = useMessages(candidateMessages);
  return (failed) => tell(failed, { language, t, failures, candidates });
}
