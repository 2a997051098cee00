// The words of verdicts, clocks, settings, keys, jobs and direct invokes are told on the page that explains them.
import { expect, it } from 'vitest';
import { verdicts } from '#lambda/routing/verdicts.ts';
import { newKeySchema } from '#shared/api/keys.ts';
import { jobOptionsSchema } from '#shared/api/transcriptions.ts';
import { strategies } from '#shared/policy.ts';
import { installationChangeSchema } from '#shared/settings.ts';
import { namesIn, partOf, readText } from './sources.ts';

/** Those of these words that a text does not have in code. */
const untold = (words: readonly string[], text: string): string[] => {
  const told = new Set([...text.matchAll(/`([^`\n]+)`/g)].flatMap(([, code = '']) => code.split(/[^\w-]+/)));
  return words.filter((word) => !told.has(word));
};

const fieldsOf = (schema: { readonly _zod: { readonly innerType: { readonly shape: object } } }): string[] =>
  Object.keys(schema._zod.innerType.shape);

it('every verdict stands with its reason, and no other', () => {
  const rows = namesIn(partOf('docs/routing.md', '## Who could serve: candidates'), /^\| (`.+?) +\|/gm);
  expect(rows.flatMap((row) => namesIn(row, /`(\w+)`/g)).toSorted()).toEqual(
    verdicts.filter((name) => name !== 'eligible').toSorted(),
  );
});

it('every clock of a pool stands with what it does, and no other', () => {
  const kinds = namesIn(readText('shared/pools.ts'), /kind: z\.literal\('(\w+)'\)/g);
  expect(kinds.length).toBeGreaterThan(4);
  const rows = namesIn(partOf('docs/routing.md', '## Limits as pools'), /^\| (\w+) +\|/gm);
  expect(rows.filter((row) => row !== 'clock')).toEqual(kinds);
});

it('every strategy is named', () => {
  expect(untold(strategies, partOf('docs/api.md', '## Controls of a request'))).toEqual([]);
});

it('every setting is named', () => {
  const shape = installationChangeSchema._zod.innerType.shape;
  const alerts = namesIn(
    readText('shared/settings.ts').match(/toAlertsShape = .*?\n\}\);/s)?.[0] ?? '',
    /^ {2}(\w+):/gm,
  );
  expect(alerts.length).toBeGreaterThan(3);
  expect(untold([...Object.keys(shape), ...alerts], readText('docs/people.md'))).toEqual([]);
});

it('every term of an API key is named', () => {
  expect(untold(Object.keys(newKeySchema._zod.def.shape), readText('docs/people.md'))).toEqual([]);
});

it('every option of a job is named', () => {
  expect(untold(fieldsOf(jobOptionsSchema), readText('docs/transcription.md'))).toEqual([]);
});

it('every error of a direct invoke is named, and no other', () => {
  const code = readText('lambda/wire/invoke/answer.ts');
  const names = namesIn(code.match(/const errorNames = .*?\n\}/s)?.[0] ?? '', /'(\w+)'/g);
  const others = namesIn(code, /InvokeError\(\s*'(\w+)'/g);
  const told = partOf('docs/deploy.md', '### Names of errors');
  const words = namesIn(told, /`([A-Z]\w+)`/g).filter((name) => name !== 'Retry' && name !== 'Catch');
  expect([...new Set([...names, ...others, 'ProviderAuth'])].toSorted()).toEqual(words);
  expect(code).toContain("'ProviderAuth'");
});

it('every parameter and output of the template is named', () => {
  const { Parameters, Outputs } = JSON.parse(readText('scripts/deploy/template.json')) as {
    readonly Parameters: object;
    readonly Outputs: object;
  };
  const page = readText('docs/deploy.md');
  // Printed when the deployment is over.
  expect(
    [...Object.keys(Parameters), ...Object.keys(Outputs)].filter((name) => name !== 'Url' && !page.includes(name)),
  ).toEqual([]);
});
