// Entries of FREEWAY_PROVIDERS as people write them: what is meant is taken, and what is wrong is told as it should be written.
import { expect, it } from 'vitest';
import { providers } from '#catalog/index.ts';
import { readConfig } from '#lambda/config.ts';

const given = { provider: 'openai-compatible', name: ' alpha ', baseUrl: 'http://127.0.0.1:1/v1', models: ['m1'] };

const read = (more: object) =>
  readConfig({
    env: { FREEWAY_PROVIDERS: JSON.stringify([{ ...given, ...more }]) },
    providers,
    readText: () => '',
    older: [],
  });

it('models are taken by their ids alone, and a name without the spaces around it', () => {
  const { entries } = read({ models: ['m1', { id: 'm2' }] });
  expect(entries).toMatchObject([{ name: 'alpha', models: [{ id: 'm1' }, { id: 'm2' }] }]);
});

it.each<readonly [object, string]>([
  [{ name: '  ' }, 'field "name" is wrong; expected at least 1 character.'],
  [{ models: ['m1', 7] }, 'field "models[1]" is wrong; expected an object.'],
  [
    { models: [{ id: 'm', price: { peaks: [{ from: '6:30', until: '12:00', factor: 2 }] } }] },
    'field "models[0].price.peaks[0].from" is wrong; expected a time of day such as 06:30.',
  ],
  [
    { models: [{ id: 'm', price: { changes: [{ from: '1.1.2027' }] } }] },
    'field "models[0].price.changes[0].from" is wrong; expected a date such as 2027-01-31.',
  ],
])('%j is refused as %s', (more, told) => expect(() => read(more)).toThrow(told));
