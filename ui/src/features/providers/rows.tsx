// What the forms of this page are made of.
import type { ReactNode } from 'react';
import { useMessages } from '../../lib/messages.ts';
import { providerMessages } from './messages.ts';

/** The plans a key can be on, as options. */
export function PlanOptions(): ReactNode {
  const t = useMessages(providerMessages);
  return (['free', 'paid', 'local'] as const).map((plan) => (
    <option key={plan} value={plan}>
      {t.plans[plan]}
    </option>
  ));
}
