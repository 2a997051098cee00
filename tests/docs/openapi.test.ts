// /openapi.json is a document of OpenAPI 3.1 that describes every operation of /api whole. That replies are as it says, the tests of authorization ask of every URL.
import { describe, expect, it } from 'vitest';
import { ajv, description, operations } from '../people/described.ts';

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
