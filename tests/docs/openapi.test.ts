// /openapi.json is a document of OpenAPI 3.1 that describes every operation of /api whole. That replies are as it says, the tests of authorization ask of every URL.
import { describe, expect, it } from 'vitest';
import { toRoutes, type AppDeps } from '#lambda/app.ts';
import { ajv, description, operations, whole } from '../people/described.ts';

it('names itself', () => {
  expect(description).toMatchObject({ openapi: '3.1.0', info: { title: 'Freeway', version: '0.0.0' } });
  expect(operations.size).toBeGreaterThan(60);
});

describe.each([...operations])('%s', (route, { summary, parameters, requestBody, responses }) => {
  it('says what it is for, in a sentence', () => expect(summary).toMatch(/^[A-Z].{10,}\.$/));

  it('names its parameters, those of its path above all, and each once', () => {
    const inPath = [...route.matchAll(/:(\w+)/g)].map(([, name]) => name);
    expect(parameters.filter((one) => one.in === 'path').map(({ name }) => name)).toEqual(inPath);
    expect(new Set(parameters.map(({ name }) => name)).size).toBe(parameters.length);
    for (const { schema } of parameters) expect(ajv.validateSchema(schema), JSON.stringify(ajv.errors)).toBe(true);
  });

  it('has schemas that are some', () => {
    const contents = [requestBody, responses['2XX'], responses.default].flatMap((one) =>
      Object.values(one?.content ?? {}),
    );
    for (const { schema } of contents) expect(() => ajv.compile(schema)).not.toThrow();
  });

  it('tells of success and of errors', () => {
    expect(responses['2XX'].description).not.toBe('');
    expect(responses.default.content).toHaveProperty('application/json');
  });
});

describe('inference, beside /api', () => {
  const own = Object.entries(whole.paths).filter(([path]) => path.startsWith('/v1'));
  const all = Object.entries(whole.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  );

  it('has every URL at which models are asked or listed, and no other', () => {
    const routes = toRoutes({ chatWire: {} } as AppDeps).filter(({ access }) => access !== 'open' && access[1] !== 'metrics');
    const base = (path: string): string => path.replace(/\/?[:{].*$/, '');
    const expected = new Set(routes.map(({ method, path }) => `${method} ${base(path)}`));
    const told = own.flatMap(([path, methods]) => Object.keys(methods).map((method) => `${method.toUpperCase()} ${base(path)}`));
    expect(new Set(told)).toEqual(expected);
  }); // prettier-ignore

  it('refers to nothing that is not there', () => {
    const refs = [...JSON.stringify(whole).matchAll(/"\$ref":"#\/components\/([^"]+)"/g)].map(([, ref = '']) => ref);
    const components = Object.entries(whole.components).flatMap(([kind, named]) =>
      Object.keys(named).map((name) => `${kind}/${name}`),
    );
    expect(refs.length).toBeGreaterThan(100);
    expect(refs.filter((ref) => !components.includes(ref))).toEqual([]);
  });

  it('knows every control, as field and as header', () => {
    const { Controls: controls } = whole.components.schemas as { Controls: { properties: object } };
    expect(ajv.validateSchema(controls)).toBe(true);
    const fields = Object.keys(controls.properties);
    expect(fields).toContain('max_wait_ms');
    expect(Object.keys(whole.components.parameters)).toEqual(
      fields.map((name) => `x-freeway-${name.replaceAll('_', '-')}`),
    );
  });

  it('names each operation once, of all there are', () => {
    const ids = all.map(({ operation }) => operation.operationId);
    expect(ids).toContain('getKeys');
    expect(ids).toContain('patchKeysById');
    expect(ids).toContain('postV1ChatCompletions');
    expect(ids.filter((id) => !/^[a-z][A-Za-z0-9]+$/.test(id))).toEqual([]);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('has every name of its paths as a parameter', () => {
    for (const { path, operation } of all) {
      const names = operation.parameters.filter((one) => one.in === 'path').map(({ name }) => name);
      expect(names, path).toEqual([...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name));
    }
  });
});
