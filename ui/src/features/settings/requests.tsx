// What holds for one's own requests, within the bounds that are set for everybody.
import type { ReactNode } from 'react';
import { paidPolicies, strategies } from '#shared/policy.ts';
import { Section, SelectRow } from '../../components/field.tsx';
import { formatUsd } from '../../lib/format.ts';
import { useLanguage, useMessages } from '../../lib/messages.ts';
import { policyMessages } from '../../lib/policy-messages.ts';
import { useSettings, useSettingsActions } from './data.ts';
import { serverMessages } from './server-messages.ts';

/** Stands for a setting that is left to the installation. */
const UNSET = '';
const patiences = ['0', '5000', '15000', '60000', '300000'] as const;

/** The section. */
export function RequestsSection(): ReactNode {
  const t = useMessages(serverMessages);
  const { strategies: orders } = useMessages(policyMessages);
  const language = useLanguage();
  const { data } = useSettings();
  const { setMine } = useSettingsActions();
  if (data === undefined) return null;
  const { mine, in_force: inForce, budget } = data;
  const set = (name: string) => (value: string) => void setMine({ [name]: value === UNSET ? null : value });
  const wait = patiences.find((ms) => Number(ms) === mine.max_wait_ms) ?? UNSET;
  return (
    <Section title={t.requests} text={t.requestsText}>
      <SelectRow
        label={t.paid}
        value={mine.paid ?? UNSET}
        options={[
          [UNSET, t.likeAll(t.paids[inForce.paid ?? 'fallback'])],
          ...paidPolicies.map((id) => [id, t.paids[id]] as const),
        ]}
        onChange={set('paid')}
      />
      <SelectRow
        label={t.privacy}
        value={mine.privacy === 'no_training' ? 'no_training' : UNSET}
        options={[
          [UNSET, t.privacies.any],
          ['no_training', t.privacies.no_training],
        ]}
        onChange={set('privacy')}
      />
      <SelectRow
        label={t.strategy}
        value={mine.strategy ?? UNSET}
        options={[
          [UNSET, t.likeAll(orders[inForce.strategy ?? 'free-first'])],
          ...strategies.map((id) => [id, orders[id]] as const),
        ]}
        onChange={set('strategy')}
      />
      <SelectRow
        label={t.wait}
        value={wait}
        options={[[UNSET, t.usualWait], ...patiences.map((ms) => [ms, t.seconds(Number(ms) / 1000)] as const)]}
        onChange={(ms) => void setMine({ max_wait_ms: ms === UNSET ? null : Number(ms) })}
      />
      {budget !== null && budget.left.length > 0 && (
        <p className="py-3.5 text-sm">
          {t.budgetLeft(
            budget.left
              .map(({ remaining, limit }) => `${formatUsd(remaining, language)} / ${formatUsd(limit, language)}`)
              .join(', '),
          )}
        </p>
      )}
    </Section>
  );
}
