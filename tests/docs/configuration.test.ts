// Whoever writes an entry of FREEWAY_PROVIDERS finds every field, unit and clock of it in docs/configuration.md, and its example is one.
import { expect, it } from 'vitest';
import { capabilityIds, modelKinds, modelSizes } from '#shared/catalog.ts';
import { entryModelSchema, entryPoolSchema, providerEntrySchema } from '#shared/credentials.ts';
import { clockSchema, poolScopes, poolUnits } from '#shared/pools.ts';
import { namesIn, partOf } from './sources.ts';

const page = 'docs/configuration.md';
const fieldsOf = (schema: { readonly _zod: { readonly innerType: { readonly shape: object } } }): string[] =>
  Object.keys(schema._zod.innerType.shape);

it.each([
  ['### An entry', fieldsOf(providerEntrySchema)],
  ['### A model', [...fieldsOf(entryModelSchema), ...modelKinds, ...modelSizes, ...capabilityIds]],
  ['### A limit', [...fieldsOf(entryPoolSchema), ...poolUnits, ...poolScopes]],
])('%s is told whole', (heading, names) => {
  const told = partOf(page, heading);
  expect(names.length).toBeGreaterThan(5);
  expect(names.filter((name) => !told.includes(`\`${name}\``) && !told.includes(`"${name}"`))).toEqual([]);
});

it('every clock stands there by an example that is right', () => {
  const examples = namesIn(partOf(page, '### A limit'), /`(\{"kind": [^`]+\})`/g).map((text) =>
    clockSchema.parse(JSON.parse(text)),
  );
  const kinds = clockSchema._zod.innerType._zod.def.options.flatMap((option) => [...option.shape.kind._zod.values]);
  expect(examples.map(({ kind }) => kind).toSorted()).toEqual(kinds.toSorted());
});

it('the example entry is one', () => {
  const [, text = ''] = /```json\n(.*?)```/s.exec(partOf(page, '## Custom endpoints')) ?? [];
  const entries = JSON.parse(text) as unknown[];
  expect(entries).toHaveLength(1);
  for (const entry of entries) expect(providerEntrySchema.parse(entry)).toMatchObject({ name: 'alpha' });
});
