// The example state machines: valid by the states language, and run by an interpreter over the app's direct invoke.
import { readFileSync } from 'node:fs';
import { StateMachine, type StateMachineDefinition } from 'aws-local-stepfunctions';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createInvoke, type Invoke } from '#lambda/endpoints/invoke.ts';
import { OWNER_KEY, startServer, toEntry, type Started } from '../e2e/local.ts';
import { createFakeProvider, type FakeProvider } from '../fakes/provider/core.ts';
import { serveFakeProvider, type FakeServer } from '../fakes/provider/server.ts';

type JSONValue = Awaited<ReturnType<StateMachine['run']>['result']>;

const read = (name: string): StateMachineDefinition =>
  JSON.parse(
    readFileSync(new URL(`../../docs/step-functions/${name}.asl.json`, import.meta.url), 'utf8'),
  ) as StateMachineDefinition;

const ENDPOINT = {
  name: 'm',
  environment: '*',
  model: 'm1',
  parameters: {},
  overrides: {},
  priority: 1,
  enabled: true,
  allowedCallers: [],
};

let provider: FakeProvider;
let server: FakeServer;
let freeway: Started;
let invoke: Invoke;
/** What the invoke tells beside its answers. */
let refused = 0;
const faults: unknown[] = [];

beforeAll(async () => {
  provider = createFakeProvider(
    { name: 'alpha', models: [{ id: 'm1', ttftMs: 2, tokensPerSecond: 10_000 }] },
    { now: Date.now },
  );
  server = await serveFakeProvider(provider);
  freeway = await startServer([toEntry('alpha', server.baseUrl)]);
  invoke = createInvoke({
    handler: freeway.freeway.handler,
    ownerKey: OWNER_KEY,
    pin: () => Promise.reject(new Error('no call is pinned here')),
    settings: () =>
      Promise.resolve({
        endpoints: [ENDPOINT],
        assignments: [{ agent: 'helper', environment: 'prod', endpoint: 'm', enabled: true }],
      }),
    now: Date.now,
    onRefused: () => void refused++,
    onFault: (error) => void faults.push(error),
  });
});
afterAll(async () => {
  await freeway.stop();
  await server.close();
});

const ask = async (input: JSONValue): Promise<JSONValue> => (await invoke(input, null)) as JSONValue;

it('an error of no name of ours is Internal, without its message, which may quote what was read', async () => {
  const config = {
    provider_id: 'p',
    model_id: 'm',
    endpoint: 'https://example.com/v1/chat/completions',
    auth_header_name: 'authorization',
    auth_header_prefix: 'Bearer ',
    secret_path: 's',
    secret_key_name: 'K',
    request_transformer: 'openai_v1',
    response_transformer: 'openai_v1',
    timeout: 10,
  };
  const before = refused;
  const failed = invoke({ messages: [{ role: 'user', content: 'hi' }], provider_config: config }, null);
  await expect(failed).rejects.toMatchObject({ name: 'Internal', message: expect.not.stringContaining('pinned') });
  expect(faults).toMatchObject([{ message: 'no call is pinned here' }]);
  // It is ours: only what callers have to put right is told apart from crashes.
  expect(refused).toBe(before);
  await expect(invoke({ operation: 'chat' }, null)).rejects.toMatchObject({ name: 'InvalidRequest' });
  await expect(invoke({ messages: [], endpoint: 'nobody' }, null)).rejects.toMatchObject({ name: 'NotFound' });
  expect(refused).toBe(before + 2);
});

describe('state machines', () => {
  it.each(['agent-loop', 'evaluation', 'feature-flag'])('%s is valid', (name) => {
    expect(new StateMachine(read(name))).toBeDefined();
  });

  it('agent-loop asks, runs the tools that are called for, and asks again', async () => {
    const ran: unknown[] = [];
    const input = {
      agent: 'helper',
      environment: 'prod',
      turns: 0,
      tools: [
        { name: 'add', description: 'Adds.', input_schema: { type: 'object', properties: { a: { type: 'number' } } } },
      ],
      messages: [{ role: 'user', content: 'call tool add with {"a": 2}' }],
    };
    const { result } = new StateMachine(read('agent-loop')).run(input, {
      overrides: {
        taskResourceLocalHandlers: {
          Ask: ask,
          RunTool: (call: unknown) => {
            ran.push(call);
            return Promise.resolve({ sum: 4 });
          },
        },
      },
    });
    expect(await result).toMatchObject({
      message: { content: [{ type: 'text', text: 'The tool answered: {"sum":4}' }] },
      function_calls: [],
      metadata: { model_id: 'm1', stop_reason: 'stop' },
    });
    expect(ran).toMatchObject([{ name: 'add', input: { a: 2 } }]);
  });

  it('agent-loop stops for a person when only a person can help', async () => {
    const input = {
      agent: 'nobody',
      environment: 'prod',
      turns: 0,
      tools: [],
      messages: [{ role: 'user', content: 'x' }],
    };
    const forbidden = Object.assign(new Error('Not open to this caller.'), { name: 'Forbidden' });
    const { result } = new StateMachine(read('agent-loop')).run(input, {
      overrides: { taskResourceLocalHandlers: { Ask: () => Promise.reject(forbidden) } },
    });
    await expect(result).rejects.toThrow(/Not open to this caller|NeedsAPerson/);
  });

  it('evaluation keeps ten cases under way, and failures beside answers', async () => {
    let running = 0;
    let most = 0;
    const cases = Array.from({ length: 25 }, (_, id) => ({
      id,
      messages: id === 7 ? [] : [{ role: 'user', content: `case ${id}` }],
    }));
    const { result } = new StateMachine(read('evaluation')).run(
      { endpoint: 'm', environment: 'prod', cases },
      {
        overrides: {
          taskResourceLocalHandlers: {
            AskCase: async (payload: JSONValue) => {
              most = Math.max(most, ++running);
              return ask(payload).finally(() => running--);
            },
          },
          retryIntervalOverrides: { AskCase: 0 },
        },
      },
    );
    const answers = (await result) as { id: number; ok: boolean; error?: string }[];
    expect(answers.map(({ id }) => id)).toEqual(cases.map(({ id }) => id));
    expect(answers.filter(({ ok }) => !ok)).toEqual([{ id: 7, ok: false, error: 'InvalidRequest' }]);
    expect(most).toBe(10);
  });

  it.each([
    ['in the part', { name: 'freeway', always: ['ada'] }, 'alpha'],
    ['outside of it', { name: 'freeway', always: ['bob'] }, 'older'],
    ['without such a flag', null, 'older'],
  ])('feature-flag asks the right one for a subject %s', async (_, flag, who) => {
    const send = (method: string, path: string, body?: unknown): Promise<Response> =>
      fetch(`${freeway.url}${path}`, {
        method,
        headers: { authorization: `Bearer ${OWNER_KEY}`, 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
    const set = await (flag === null
      ? send('DELETE', '/api/rollout/flags/freeway')
      : send('PUT', '/api/rollout/flags', flag));
    expect(set.status).toBe(200);
    const { result } = new StateMachine(read('feature-flag')).run(
      { subject: 'ada', messages: [{ role: 'user', content: 'hello' }] },
      {
        overrides: {
          taskResourceLocalHandlers: {
            ReadFlag: ask,
            AskFreeway: ask,
            AskOlder: () => Promise.resolve({ metadata: { credential: 'older' } }),
          },
        },
      },
    );
    expect(await result).toMatchObject({ metadata: { credential: who } });
  });
});
