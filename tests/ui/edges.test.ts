// Small judgements of the web app on which much depends: where sign-in leads, what stays in the address, and which key sends.
import type { KeyboardEvent } from 'react';
import { describe, expect, it, vi } from 'vitest';
import type { KeyView } from '#shared/api/keys.ts';
import type { PersonView } from '#shared/api/people.ts';
import { isSend } from '../../ui/src/features/chat/composer.tsx';
import { toNewestFirst } from '../../ui/src/features/keys/data.ts';
import { modelMessages } from '../../ui/src/features/models/messages.ts';
import { toListed } from '../../ui/src/features/people/data.ts';
import { parseAmount } from '../../ui/src/lib/amounts.ts';
import {
  formatBytes,
  formatCountdown,
  formatDay,
  formatDuration,
  formatMoment,
  formatUsd,
} from '../../ui/src/lib/format.ts';
import { takeToken } from '../../ui/src/lib/session.tsx';
import { toNext } from '../../ui/src/login/page.tsx';

it.each([
  ['', '/'],
  ['?next=/c/1', '/c/1'],
  ['?next=https://evil.example', '/'],
  ['?next=//evil.example', '/'],
  ['?next=/%5Cevil.example', '/'],
  ['?next=javascript:alert(1)', '/'],
  ['?next=/c/1%3Fx=1%23y', '/c/1?x=1#y'],
  // Browsers leave tabs and line ends out of an address, and dots.
  ['?next=/%09/evil.example', '/'],
  ['?next=%0A/%0D/evil.example', '/'],
  ['?next=/%09%5Cevil.example', '/'],
  ['?next=/.//evil.example', '/'],
])('after signing in at %j one goes to %s', (search, path) => expect(toNext(search)).toBe(path));

it.each([
  ['#token=abc', '', 'abc', '/'],
  ['#token=abc', '?x=1', 'abc', '/?x=1'],
  ['#other', '', null, null],
  ['', '', null, null],
])('of the address %j%s the token is %s', (hash, search, token, left) => {
  let replaced: string | null = null;
  const history = { state: null, replaceState: (_: unknown, __: string, to: string) => void (replaced = to) };
  const location = { hash, search, pathname: '/' };
  expect(takeToken(location as Location, history as unknown as History)).toBe(token);
  expect(replaced).toBe(left);
});

it.each([
  ['', null],
  ['  ', null],
  ['5', 5],
  [' $2.50 ', 2.5],
  ['2,50', 2.5],
  ['0', 0],
  ['0.005', 0.005],
  ['1,000', undefined],
  ['1,000.50', undefined],
  ['-5', undefined],
  ['5 €', undefined],
  ['five', undefined],
  ['$', undefined],
  ['1e9', undefined],
])('%j is read as %j dollars', (text, amount) => expect(parseAmount(text)).toBe(amount));

describe('a key press', () => {
  const press = (more: object, composing = false): KeyboardEvent =>
    ({ key: 'Enter', nativeEvent: { isComposing: composing }, keyCode: 13, ...more }) as KeyboardEvent;
  it.each([
    ['Enter', press({}), { sendKey: 'enter', touch: false }, true],
    ['Shift and Enter', press({ shiftKey: true }), { sendKey: 'enter', touch: false }, false],
    ['Enter under composition', press({}, true), { sendKey: 'enter', touch: false }, false],
    ['Enter that ends a composition', press({ keyCode: 229 }), { sendKey: 'enter', touch: false }, false],
    ['Enter on a touch screen', press({}), { sendKey: 'enter', touch: true }, false],
    ['Ctrl and Enter on a touch screen', press({ ctrlKey: true }), { sendKey: 'enter', touch: true }, true],
    ['Enter, where Ctrl and Enter sends', press({}), { sendKey: 'mod-enter', touch: false }, false],
    ['Command and Enter there', press({ metaKey: true }), { sendKey: 'mod-enter', touch: false }, true],
    ['another key', press({ key: 'a' }), { sendKey: 'enter', touch: false }, false],
  ] as const)('%s', (_, event, { sendKey, touch }, sends) => expect(isSend(event, sendKey, touch)).toBe(sends));
});

it('numbers of things agree with their words', () => {
  expect([modelMessages.en.count(1, 1), modelMessages.de.count(1, 1)]).toEqual(['1 model', '1 Modell']);
  expect([modelMessages.en.count(1, 3), modelMessages.de.count(1, 3)]).toEqual(['1 of 3 models', '1 von 3 Modellen']);
});

it.each(
  Object.entries(
    import.meta.glob<string>('../../ui/src/**/*messages*.ts', { query: '?raw', import: 'default', eager: true }),
  ),
)('%s says du, not Sie', (_, source) => expect(source).not.toMatch(/[a-zäöü,] (Sie|Ihren?|Ihnen) |['`]Ihre /));

it.each([
  [formatUsd(0.0031, 'en'), '$0.0031'],
  [formatUsd(12.4, 'en'), '$12.40'],
  [formatUsd(0, 'de'), '0,00 $'],
  [formatDuration(15.2, 'en'), '15 ms'],
  [formatDuration(1_440, 'de'), '1,4 s'],
  [formatDuration(180_000, 'en'), '3 min'],
  [formatBytes(312, 'en'), '0.3 kB'],
  [formatBytes(999_940, 'en'), '999.9 kB'],
  [formatBytes(999_960, 'en'), '1 MB'],
  [formatBytes(26_214_400, 'de'), '26,2 MB'],
  [formatBytes(1_073_741_824, 'en'), '1.1 GB'],
  [formatBytes(2_147_483_648, 'de'), '2,1 GB'],
  [formatCountdown(41_200), '42 s'],
  [formatCountdown(185_000), '3:05'],
  [formatCountdown(7_260_000), '2:01:00'],
])('%s is written so', (written, expected) => expect(written.replaceAll('\u00A0', ' ')).toBe(expected));

it.each([
  // Told by browsers of machines that have no language of their own.
  [['en-US@posix', 'en-GB'], 'en', '21 Nov', '14:05'],
  [['en-GB', 'de'], 'en', '21 Nov', '14:05'],
  [['de-DE', 'en-US'], 'en', 'Nov 21', '2:05 PM'],
  [['fr'], 'de', '21. Nov.', '14:05'],
] as const)('with %j a day and a time in %s are %s, %s', (wanted, language, day, time) => {
  vi.stubGlobal('navigator', { languages: wanted });
  const atMs = new Date(2026, 10, 21, 14, 5).getTime();
  expect(formatDay('2026-11-21', language)).toBe(day);
  // Some put a narrow space before PM.
  expect(formatMoment(atMs, language, atMs).replaceAll(/\s/g, ' ')).toBe(time);
  vi.unstubAllGlobals();
});

it('keys are listed with the newest first, people by their address behind the owner and rules for domains', () => {
  const keys = ['2026-01-02T00:00:00Z', '2026-03-01T00:00:00Z', '2026-02-01T00:00:00Z'];
  const listed = toNewestFirst(keys.map((at) => ({ created_at: at }) as KeyView));
  expect(listed.map(({ created_at: at }) => at)).toEqual([keys[1], keys[2], keys[0]]);
  const people = ['zoe10@example.com', '*@example.com', 'ada@example.com', 'root@example.com', 'zoe9@example.com'];
  const shown = toListed(
    people.map((email) => ({ email, role: email.startsWith('root') ? 'owner' : 'member' }) as PersonView),
  );
  expect(shown.map(({ email }) => email)).toEqual([people[3], people[1], people[2], people[4], people[0]]);
});
