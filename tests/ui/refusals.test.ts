// Refusals in words: every code is used by the server and said in both languages, with the same values.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { refusals, type SignInReason } from '#shared/refused.ts';
import { toCallerError } from '#lambda/http/auth-refusal.ts';
import { SignInRefused } from '#lambda/http/auth-refused.ts';
import { germanSources } from '../../ui/src/features/settings/server-messages.ts';
import { refusalMessages } from '../../ui/src/lib/refusal-messages.ts';
import { sayNotLetIn } from '../../ui/src/lib/sign-in-refusals.ts';
import { sayRefusal, tellRefusal } from '../../ui/src/lib/refusals.ts';

const lambda = fileURLToPath(new URL('../../lambda', import.meta.url));
const code = readdirSync(lambda, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts'))
  .map((path) => readFileSync(join(lambda, path), 'utf8'))
  .join('\n');
const namesIn = (text: string): string[] => [...text.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name).toSorted();

describe.each(refusals)('%s', (what) => {
  it('is what the server may say', () => expect(code).toContain(`'${what}'`));

  it('names the same in both languages, and all that it names', () => {
    const { en, de } = refusalMessages;
    expect(namesIn(de.refused[what])).toEqual(namesIn(en.refused[what]));
    const values = Object.fromEntries(namesIn(en.refused[what]).map((name) => [name, 7_777]));
    const told = sayRefusal({ code: 'refused', what, values }, 'de');
    expect(told).not.toMatch(/[{}]/);
    expect(told).not.toBe(sayRefusal({ code: 'refused', what, values }, 'en'));
  });
});

it('what older settings were read as is said in German, whatever it is', () => {
  const folder = fileURLToPath(new URL('../../shared/migrate', import.meta.url));
  const texts = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8'));
  const sources = [...texts.join('\n').matchAll(/nothingFound\('([^']+)'\)/g)].map(([, source = '']) => source);
  expect(sources.length).toBeGreaterThan(4);
  expect(sources.toSorted()).toEqual(Object.keys(germanSources).toSorted());
});

describe('a field', () => {
  const say = (reason: object): string =>
    sayRefusal({ code: 'field', ...reason } as Parameters<typeof sayRefusal>[0], 'de');

  it.each([
    [{ field: 'name', fault: 'missing' }, '„Name“ fehlt.'],
    [{ field: 'name', fault: 'too_big', bound: 64, of: 'string' }, '„Name“ ist zu groß: höchstens 64 Zeichen.'],
    [{ field: 'priority', fault: 'too_small', bound: 0, of: 'number' }, '„Vorrang“ ist zu klein: mindestens 0.'],
    [{ field: 'email', fault: 'format', of: 'email' }, '„E-Mail“ ist keine E-Mail-Adresse.'],
    [{ field: 'alerts.email_to.3', fault: 'format', of: 'email' }, '„Adressen“ ist keine E-Mail-Adresse.'],
    [{ field: 'pools.0.max', fault: 'other' }, '„pools.0.max“ stimmt so nicht.'],
    [{ field: 'body', fault: 'unknown', of: 'colour' }, 'Dieser Server kennt „colour“ nicht. Lade die Seite neu.'],
  ])('%j', (reason, told) => expect(say(reason)).toBe(told));
});

describe('what stands in no list', () => {
  it.each([null, 'text', { code: 'refused', what: 'of_a_later_version', values: {} }, { code: 'late', waited_ms: 1 }])(
    '%j is left to the words of the server',
    (why) => expect(tellRefusal(why)).toBeNull(),
  );
});

describe('who is not let in', () => {
  const say = (reason: SignInReason, email: string | null): string | null => {
    const { reason: why } = toCallerError(new SignInRefused(reason, email));
    if (why?.code !== 'refused' || why.what !== 'sign_in') throw new Error('no such reason');
    return sayNotLetIn(why.values['reason'], why.values['email'], 'de');
  };

  it.each([
    ['not_invited', 'ada@example.com', /^ada@example\.com steht nicht auf der Einladungsliste\./],
    ['blocked', null, /^Diese Adresse wurde von einem Admin gesperrt\.$/],
    ['wrong_token', null, /^Der Link wurde schon benutzt/],
  ] as const)('hears why: %s', (reason, email, told) => expect(say(reason, email)).toMatch(told));

  it('hears the server’s own words in English, and for what stands in no list', () => {
    expect(sayNotLetIn('blocked', null, 'en')).toBeNull();
    expect(sayNotLetIn('of_a_later_version', null, 'de')).toBeNull();
  });
});
