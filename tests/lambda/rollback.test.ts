// A rehearsal of rolling out and back: two versions of the built function behind one alias, over one table of a real DynamoDB engine.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startAlias, type Alias } from '../../scripts/lambda-emulator/alias.ts';
import { startEmulator, type Emulator } from '../../scripts/lambda-emulator/emulator.ts';
import { OWNER_KEY, toEntry } from '../e2e/local.ts';
import { engineMissing } from '../fakes/dynamo-engine.ts';
import { createFakeProvider, type FakeProvider } from '../fakes/provider/core.ts';
import { serveFakeProvider, type FakeServer } from '../fakes/provider/server.ts';
import { useStage } from './stage.ts';

const LIMIT = 12;

describe.skipIf(engineMissing !== null)(
  `rollback${engineMissing === null ? '' : ` (skipped: ${engineMissing})`}`,
  () => {
    const { bundleDir, openTable } = useStage();
    let provider: FakeProvider;
    let server: FakeServer;
    let env: Record<string, string>;
    let versions: Emulator[] = [];
    let alias: Alias | null = null;

    beforeEach(async () => {
      provider = createFakeProvider(
        {
          name: 'alpha',
          models: [{ id: 'm1', ttftMs: 5, tokensPerSecond: 10_000 }],
          limits: [{ models: ['m1'], unit: 'requests', max: LIMIT, clock: { kind: 'sliding', seconds: 600 } }],
        },
        { now: Date.now },
      );
      server = await serveFakeProvider(provider);
      const pool = { unit: 'requests', max: LIMIT, scope: 'credential', models: ['m1'] };
      const pools = [{ ...pool, clock: { kind: 'rolling', seconds: 600 } }];
      env = {
        ...(await openTable()).env,
        FREEWAY_PROVIDERS: JSON.stringify([toEntry('alpha', server.baseUrl, { pools })]),
      };
    });
    afterEach(async () => {
      await alias?.close();
      await Promise.all(versions.map((version) => version.close()));
      await server.close();
      versions = [];
      alias = null;
    });

    /** Two versions with their settings, and every second request to the newer one once it has a share. */
    async function deploy(newer: Readonly<Record<string, string>>): Promise<Alias> {
      for (const settings of [env, { ...env, ...newer }])
        versions.push(await startEmulator({ bundleDir: bundleDir(), env: settings }));
      const [seven, eight] = versions;
      let drawn = 0;
      const random = (): number => (drawn++ % 2 === 0 ? 0.99 : 0);
      return (alias = await startAlias({ 7: seven?.url ?? '', 8: eight?.url ?? '' }, { main: '7' }, random));
    }

    const send = (path: string, method = 'GET', body?: unknown, key: string = OWNER_KEY): Promise<Response> =>
      fetch(`${alias?.url}${path}`, {
        method,
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
    const chat = async (key?: string): Promise<number> => {
      const body = { model: 'm1', freeway: { max_wait_ms: 0 }, messages: [{ role: 'user', content: 'hello' }] };
      return (await send('/v1/chat/completions', 'POST', body, key)).status;
    };
    const chats = async (count: number): Promise<number[]> => {
      const statuses: number[] = [];
      for (let round = 0; round < count; round++) statuses.push(await chat());
      return statuses;
    };

    it('a version that can not start fails its share only, and nobody once the alias is back', async () => {
      const { update, counts } = await deploy({ FREEWAY_PAID: 'sometimes' });
      expect(await chats(2)).toEqual([200, 200]);
      update({ main: '7', others: { 8: 0.1 } });
      expect(await chats(4)).toEqual([200, 503, 200, 503]);
      expect(versions[1]?.logs()).toContain('FREEWAY_PAID');
      update({ main: '7' });
      expect(await chats(4)).toEqual([200, 200, 200, 200]);
      expect(counts()).toEqual({ 7: 8, 8: 2 });
    });

    it('two versions at work share one limit exactly', async () => {
      const { update, counts } = await deploy({});
      update({ main: '7', others: { 8: 0.5 } });
      const statuses = await chats(LIMIT + 6);
      expect(statuses.filter((status) => status === 200)).toHaveLength(LIMIT);
      expect(statuses.filter((status) => status === 503)).toHaveLength(6);
      expect(provider.books().total()).toMatchObject({ limited: 0 });
      expect(counts()[8]).toBe((LIMIT + 6) / 2);
    });

    it('what the newer version has written serves the older one: keys, settings and records', async () => {
      const { update } = await deploy({});
      update({ main: '8' });
      const made = (await (await send('/api/keys', 'POST', { name: 'bot' })).json()) as { key: string };
      const endpoint = { name: 'writer', model: 'm1' };
      expect((await send('/api/invoke/endpoints', 'PUT', endpoint)).status).toBe(200);
      expect((await send('/api/rollout/flags', 'PUT', { name: 'new-agent', percent: 100 })).status).toBe(200);
      expect(await chat(made.key)).toBe(200);
      update({ main: '7' });
      expect(await chat(made.key)).toBe(200);
      expect(await (await send('/api/invoke')).json()).toMatchObject({ endpoints: [endpoint] });
      expect(await (await send('/api/rollout/flags/new-agent')).json()).toMatchObject({ on: true });
      const { data } = (await (await send('/api/usage/records')).json()) as { data: unknown[] };
      expect(data).toHaveLength(2);
    });
  },
);
