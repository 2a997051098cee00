// Moving in and moving on: every older shape is taken over twice with nothing lost and nothing done twice, and an export comes back as it was.
import { readdirSync, readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { createHouse, owner, type Answer, type House } from './house.ts';

beforeAll(() => Promise.all([import('#lambda/endpoints/api/app.ts'), import('yaml')]));

const folder = new URL('../fixtures/settings/', import.meta.url);
const names = readdirSync(folder).filter((name) => name !== 'NOTE.txt');

const take = (house: House, text: string, dryRun: boolean): Promise<Answer> =>
  house.clock.runUntil(house.ask('POST /api/import', { headers: owner, body: { text, dry_run: dryRun } }));

/** All that is kept of the owner, but for what says when. */
async function stateOf(house: House): Promise<unknown> {
  const { json } = await house.ask('GET /api/export', { headers: owner });
  const { at: _at, usage: _usage, ...rest } = json;
  return rest;
}

const others = { others: () => 401 };

describe('older settings', () => {
  it.each(names)('%s: a dry run saves nothing, once saves all, twice changes nothing', async (name) => {
    const house = await createHouse(others);
    const text = readFileSync(new URL(name, folder), 'utf8');
    const before = await stateOf(house);
    const dry = await take(house, text, true);
    expect(dry.status, dry.text).toBe(200);
    expect(await stateOf(house)).toEqual(before);
    const first = await take(house, text, false);
    // An endpoint of one's own that nobody can reach just now needs its models named; the rest is saved.
    type Outcome = { readonly status: string; readonly message: string | null; readonly why?: object };
    for (const { status, message, why } of first.json['credentials'] as readonly Outcome[])
      if (status !== 'new')
        expect([status, message, why]).toEqual([
          'refused',
          expect.stringContaining('Name at least one model'),
          expect.objectContaining({ code: 'refused', what: 'no_models' }),
        ]);
    const once = await stateOf(house);
    const again = await take(house, text, false);
    for (const { status } of again.json['credentials'] as { status: string }[]) expect(status).not.toBe('new');
    expect(await stateOf(house)).toEqual(once);
    // What means nothing today is kept, with what it said.
    const { settings } = once as { settings: { imported?: Record<string, { unknown: Record<string, unknown> }> } };
    const kept = Object.values(settings.imported ?? {}).flatMap(({ unknown }) => Object.keys(unknown));
    for (const unknown of first.json['unknown'] as string[]) expect(kept).toContain(unknown);
  });
});

describe('an export', () => {
  it('is taken as it came, as the body itself', async () => {
    const [here, there] = [await createHouse(), await createHouse()];
    await here.ask('PATCH /api/settings/mine', { headers: owner, body: { strategy: 'cost' } });
    const { json } = await here.ask('GET /api/export', { headers: owner });
    const mine = async (): Promise<unknown> => (await there.ask('GET /api/settings', { headers: owner })).json['mine'];
    const dry = await there.ask('POST /api/import', { headers: owner, body: json });
    expect(dry.json).toMatchObject({ source: 'an export of Freeway', dry_run: true });
    expect(await mine()).toEqual({});
    await there.ask('POST /api/import', { headers: owner, body: { ...json, dry_run: false } });
    expect(await mine()).toEqual({ strategy: 'cost' });
    const nothing = await there.ask('POST /api/import', { headers: owner, body: { dry_run: true } });
    expect([nothing.status, nothing.message]).toEqual([400, expect.stringContaining('Nothing was recognised')]);
  });

  it('taken over elsewhere sets what was set, names what needs a key, and says nothing of it twice', async () => {
    const [here, there] = [await createHouse(), await createHouse()];
    const mine = { strategy: 'cost', max_wait_ms: 5_000, privacy: 'no_training', regions: ['eu'] };
    await here.ask('PATCH /api/settings/mine', { headers: owner, body: mine });
    await here.ask('POST /api/keys', { headers: owner, body: { name: 'bot' } });
    const all = { max_cost_usd: 2, usage_days: 30 };
    await here.ask('PATCH /api/settings/installation', { headers: owner, body: all });
    const { text } = await here.ask('GET /api/export', { headers: owner });
    const dry = await take(there, text, true);
    expect(dry.json).toMatchObject({ source: 'an export of Freeway', credentials: [] });
    expect((await there.ask('GET /api/settings', { headers: owner })).json['mine']).toEqual({});
    const done = await take(there, text, false);
    expect(done.json['notes']).toEqual([
      expect.stringContaining('"bot"'),
      expect.stringMatching(/not taken over.*: max_cost_usd, usage_days\./),
    ]);
    expect((await there.ask('GET /api/settings', { headers: owner })).json['installation']).toEqual({});
    expect((await there.ask('GET /api/settings', { headers: owner })).json['mine']).toEqual(mine);
    const once = await stateOf(there);
    await take(there, text, false);
    expect(await stateOf(there)).toEqual(once);
  });
});

describe('a text that is to be taken over', () => {
  const model = (index: number): string =>
    `  - model_name: m${index}\n    litellm_params: { model: groq/m${index}, api_key: gsk_canary_${index} }\n`;

  it('names the field of a key that can not be saved, as a sentence and as a code', async () => {
    const list = [{ provider: 'openai-compatible', key: 'sk-canary', url: 'not an address', name: 'ours' }];
    const { json, text } = await take(await createHouse(others), JSON.stringify(list), true);
    expect(json['credentials'], text).toMatchObject([
      {
        status: 'refused',
        message: '"base_url" must be a URL.',
        why: { code: 'field', field: 'base_url', fault: 'format', of: 'url' },
      },
    ]);
    expect(text).not.toContain('canary');
  });

  it('is quoted in no warning of its parser, whatever is wrong with it', async () => {
    const warnings: string[] = [];
    const note = ({ message }: Error): void => void warnings.push(message);
    process.on('warning', note);
    await take(await createHouse(others), 'model_list: !secret\n  - api_key: !secret sk-canary-of-import\n', true);
    await new Promise((done) => setImmediate(done));
    process.off('warning', note);
    expect(warnings).toEqual([]);
  });

  it('is read as YAML only up to a bound, since that takes much time for little text; JSON may be longer', async () => {
    const house = await createHouse(others);
    const yaml = `model_list:\n${model(1)}`;
    expect((await take(house, yaml, true)).status).toBe(200);
    const long = await take(house, `${yaml}# ${'x'.repeat(100_000)}\n`, true);
    expect([long.status, long.message]).toEqual([400, expect.stringContaining('up to 100,000 characters')]);
    const json = JSON.stringify([{ provider: 'groq', key: 'gsk_canary_1', note: 'x'.repeat(200_000) }]);
    expect((await take(house, json, true)).status).toBe(200);
  });
});
