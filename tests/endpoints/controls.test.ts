// Controls of a request: headers and body field say the same, and what is no control is refused by its own name before anybody is asked.
import { describe, expect, it } from 'vitest';
import { createWorld, type World } from '../gateway/harness.ts';

const models = [{ id: 'm1' }];
const createTwo = (): Promise<World> =>
  createWorld({ providers: ['alpha', 'beta'].map((name) => ({ name, models, keepRequests: 5 })) });
const asked = ({ providers }: World): number =>
  Object.values(providers).reduce((sum, provider) => sum + provider.received().length, 0);

const paths = [
  ['/v1/chat/completions', {}],
  ['/v1/messages', { max_tokens: 100 }],
  ['/v1beta/models/m1:generateContent', { messages: undefined, contents: [{ parts: [{ text: 'Hello' }] }] }],
] as const;

describe.each(paths)('at %s', (path, body) => {
  it.each([
    ['x-freeway-teir', 'free', 'Did you mean x-freeway-tier?'],
    ['x-freeway-max-wait', '0', 'Controls are x-freeway-tier, x-freeway-max-wait-ms, '],
    ['x-freeway-privcy', 'no_training', 'Did you mean x-freeway-privacy?'],
  ])('a header %s, which is no control, is refused', async (name, value, advice) => {
    const world = await createTwo();
    const reply = await world.ask(body, { [name]: value }, path);
    expect(reply.status).toBe(400);
    expect(reply.json().error?.message).toContain(`${name} is no control of requests. ${advice}`);
    expect(asked(world)).toBe(0);
  });

  it.each([
    ['x-freeway-max-wait-ms', 'soon', 'x-freeway-max-wait-ms is wrong: expected a number.'],
    ['x-freeway-tier', 'gold', 'x-freeway-tier is wrong: expected one of free, any.'],
    ['x-freeway-max-cost-usd', '-1', 'x-freeway-max-cost-usd is wrong: expected a number of at least 0.'],
    ['x-freeway-providers', '{"only": "alpha"}', 'x-freeway-providers.only is wrong: expected an array.'],
  ])('a header %s of the wrong kind is called by its own name', async (name, value, message) => {
    const world = await createTwo();
    const reply = await world.ask(body, { [name]: value }, path);
    expect([reply.status, reply.json().error?.message]).toEqual([400, message]);
  });
});

it('a header that is left empty asks for nothing', async () => {
  const world = await createWorld({ providers: [{ name: 'alpha', models: [{ id: 'm1', fault: '429-after-2' }] }] });
  const reply = await world.ask(
    {},
    { 'x-freeway-max-wait-ms': '', 'x-freeway-tier': ' ', 'x-freeway-max-cost-usd': '' },
  );
  expect(Number(reply.headers['x-freeway-wait-ms'])).toBeGreaterThan(0);
});

it('what a reply has told may be sent along with the next request', async () => {
  const world = await createTwo();
  const { headers } = await world.ask();
  const told = Object.fromEntries(
    Object.entries(headers).filter(([name]) => name.startsWith('x-freeway-') && name !== 'x-freeway-tier'),
  );
  expect(Object.keys(told).length).toBeGreaterThan(4);
  expect((await world.ask({}, told)).status).toBe(200);
});

it('the body says the last word', async () => {
  const world = await createTwo();
  const only = (name: string) => ({ only: [name] });
  const reply = await world.ask(
    { freeway: { providers: only('beta') } },
    { 'x-freeway-providers': JSON.stringify(only('alpha')) },
  );
  expect(reply.headers['x-freeway-credential']).toBe('beta');
});

it('names of providers that nobody bears are told where a decision is explained', async () => {
  const world = await createTwo();
  const ask = async (providers: object) => {
    const reply = await world.ask({ freeway: { providers } }, {}, '/v1/explain');
    return (reply.json() as { unknown_names?: readonly string[] }).unknown_names;
  };
  expect(await ask({ ignore: ['alfa', 'ALPHA'], only: ['beta', 'gamma'] })).toEqual(['gamma', 'alfa']);
  expect(await ask({ ignore: ['alpha'] })).toBeUndefined();
});
