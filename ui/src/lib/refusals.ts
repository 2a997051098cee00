// What the server did not take, in words of the page's own: from its codes and values. Loaded with the first refusal.
import type * as z from 'zod/mini';
import { reasonSchema } from '#shared/api/reason.ts';
import { testOutcomes } from '#shared/credential-test.ts';
import type { Values } from '#shared/refused.ts';
import { formatBytes, formatCount } from './format.ts';
import { pageLanguage, type Language } from './messages.ts';
import { refusalMessages } from './refusal-messages.ts';
import { sayNotLetIn } from './sign-in-refusals.ts';
import { testMessages, toTestText } from './test-messages.ts';

type Refused = Extract<z.infer<typeof reasonSchema>, { code: 'refused' | 'field' | 'locked' }>;
type Words = (typeof refusalMessages)['en'];

/** Values by name; sizes and counts as they are written in the language. */
function fill(text: string, values: Values, language: Language): string {
  return text.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = values[name] ?? '';
    if (typeof value === 'string') return value;
    return name.endsWith('bytes') ? formatBytes(value, language) : formatCount(value, language);
  });
}

function sayField({ field, fault, bound = 0, of = '' }: Extract<Refused, { code: 'field' }>, t: Words): string {
  const last = field.split('.').findLast((part) => !/^\d+$/.test(part)) ?? field;
  const name = t.fields[last] ?? field;
  const counted = t.counted[of] ?? '';
  if (fault === 'format') return (t.fieldFormats[of] ?? t.fieldFormats[last] ?? t.fieldFaults.format)(name, 0, '');
  return t.fieldFaults[fault](name, bound, fault === 'unknown' ? of : counted);
}

/** Where the test says why no models are listed, that comes first. */
function sayTest({ outcome, cause, said }: Values, language: Language): string {
  const known = testOutcomes.find((one) => one === outcome);
  if (known === undefined || known === 'works') return '';
  const result = { outcome: known, cause: cause === '' ? undefined : String(cause), message: String(said) };
  return `${toTestText(testMessages[language], result)} `;
}

/** A refusal in this language. */
export function sayRefusal(reason: Refused, language: Language): string {
  const t = refusalMessages[language];
  if (reason.code === 'locked') return t.locked[reason.how];
  if (reason.code === 'field') return sayField(reason, t);
  const told = fill(t.refused[reason.what], reason.values, language);
  return reason.what === 'no_models' ? `${sayTest(reason.values, language)}${told}` : told;
}

/** The same in the language of the document; null: what it is stands in no list, and the server's own words say it. */
export function tellRefusal(why: unknown): string | null {
  const { success, data } = reasonSchema.safeParse(why);
  if (success && data.code === 'refused' && data.what === 'sign_in')
    return sayNotLetIn(data.values['reason'], data.values['email'], pageLanguage());
  const isTold = success && (data.code === 'refused' || data.code === 'field' || data.code === 'locked');
  return isTold ? sayRefusal(data, pageLanguage()) : null;
}
