// What an act of the audit changed: each value with its name, as it was and as it is.
import { ArrowRight } from 'lucide-react';
import type { ReactNode } from 'react';
import type { AuditChange, AuditEvent } from '#shared/api/audit.ts';
import { strategies } from '#shared/policy.ts';
import { quotaNames } from '#shared/quotas.ts';
import { formatCount, formatDuration, formatMoment, formatUsd } from '../../lib/format.ts';
import { useLanguage, useMessages, type Language } from '../../lib/messages.ts';
import { policyMessages } from '../../lib/policy-messages.ts';
import { quotaMessages } from '../../lib/quotas.ts';
import { changeMessages } from './change-messages.ts';
import { peopleMessages } from './messages.ts';

const lastOf = (name: string): string => name.slice(name.lastIndexOf('.') + 1);

/** What a value is called. Of settings of everybody also whether it is meant for all together or for each. */
function useName(action: AuditEvent['action']): (name: string) => string {
  const t = useMessages(changeMessages);
  const q = useMessages(quotaMessages);
  return (name) => {
    const known = quotaNames.find((one) => one === lastOf(name));
    const what =
      known === undefined ? (t.names[name.replace(/^person_/, '')] ?? name.replaceAll(/[._]/g, ' ')) : q.names[known];
    const isBound = /^(person_)?(quota|budget)\./.test(name);
    if (action !== 'settings_changed' || !isBound) return what;
    return (name.startsWith('person_') ? t.ofEach : t.ofAll)(what);
  };
}

/** An amount with the unit that its name says. */
function toAmount(
  name: string,
  value: number,
  { language, days }: { language: Language; days: (count: string) => string },
): string {
  if (/usd/.test(name)) return formatUsd(value, language);
  if (name.endsWith('_ms')) return formatDuration(value, language);
  const count = formatCount(value, language);
  if (name.endsWith('_percent')) return `${count}\u00A0%`;
  return name.endsWith('_days') ? days(count) : count;
}

/** What a value reads like. */
function useValue(): (name: string, value: AuditChange['before']) => string {
  const t = useMessages(changeMessages);
  const { roles } = useMessages(peopleMessages);
  const { strategies: orders } = useMessages(policyMessages);
  const language = useLanguage();
  return (name, value) => {
    if (value === null) return t.none;
    if (typeof value === 'boolean') return value ? t.yes : t.no;
    if (typeof value === 'number') return toAmount(name, value, { language, days: t.days });
    if (name === 'expires_at') return formatMoment(Date.parse(value), language);
    if (name === 'role' && (value === 'admin' || value === 'member')) return roles[value];
    const order = strategies.find((one) => name === 'strategy' && one === value);
    return order === undefined ? (t.values[value] ?? value) : orders[order];
  };
}

/** A line for each value. */
export function Changes({ event: { action, changes = [] } }: { readonly event: AuditEvent }): ReactNode {
  const t = useMessages(changeMessages);
  const toName = useName(action);
  const toValue = useValue();
  if (changes.length === 0) return null;
  return (
    <ul aria-label={t.title} className="my-0.5 text-xs">
      {changes.map(({ name, before, after }) => (
        <li key={name} className="break-words">
          {toName(name)}: {toValue(name, before)}
          <ArrowRight size={12} aria-hidden className="mx-1 inline align-[-0.125em] rtl:-scale-x-100" />
          <span className="sr-only"> {t.becomes} </span>
          {toValue(name, after)}
        </li>
      ))}
    </ul>
  );
}
