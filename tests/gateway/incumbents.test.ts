// A conversation stays with whoever answered its last turn, as long as nothing that matters more speaks against it.
import { describe, expect, it } from 'vitest';
import { createIncumbents } from '#lambda/gateway/incumbents.ts';
import { toCandidate } from '../fakes/candidates.ts';
import { createWorld, toEntry, type Reply, type World } from './harness.ts';

const names = ['a', 'b', 'c', 'd'];
const requests = { models: ['m1'], scope: 'credential' as const, unit: 'requests' as const };
const createEquals = (max = 1_000): Promise<World> =>
  createWorld({
    providers: names.map((name) => ({ name, keepRequests: 99, models: [{ id: 'm1' }] })),
    entries: names.map((name) =>
      toEntry(name, { pools: [{ ...requests, max, clock: { kind: 'rolling', seconds: 3_600 } }] }),
    ),
  });

const tools = [{ type: 'function', function: { name: 'get', parameters: { type: 'object' } } }];
const whoOf = ({ headers }: Reply): string => headers['x-freeway-credential'] ?? '';

/** Asks for the turns of an agent's conversation one after the other; answers who answered each. */
async function talk(world: World, prompt: string, turns: number): Promise<string[]> {
  const messages: Record<string, unknown>[] = [{ role: 'user', content: prompt }];
  const who: string[] = [];
  for (let turn = 0; turn < turns; turn++) {
    const reply = await world.ask({ model: 'auto', messages, tools });
    who.push(whoOf(reply));
    messages.push({ role: 'assistant', content: reply.content() }, { role: 'user', content: `And ${turn}?` });
  }
  return who;
}

describe('a conversation', () => {
  it('stays where it was answered last, and another begins elsewhere', async () => {
    const world = await createEquals();
    const conversations = [await talk(world, 'One.', 6), await talk(world, 'Two.', 6), await talk(world, 'Three.', 6)];
    for (const who of conversations) expect(new Set(who).size).toBe(1);
    expect(new Set(conversations.flat()).size).toBe(3);
  });

  it('of streams, too', async () => {
    const world = await createEquals();
    const ask = (content: string): Promise<Reply> =>
      world.ask({ model: 'auto', stream: true, tools, messages: [{ role: 'user', content }] });
    const who = [await ask('One.'), await ask('Two.'), await ask('One.'), await ask('One.')].map(whoOf);
    expect(who[0]).not.toBe(who[1]);
    expect([who[2], who[3]]).toEqual([who[0], who[0]]);
  });

  it('leaves when half of the quota is used there', async () => {
    const world = await createEquals(8);
    const who = await talk(world, 'One.', 9);
    expect(new Set(who.slice(0, 4)).size).toBe(1);
    expect(who.slice(4, 8)).not.toContain(who[0]);
  });

  it('leaves whoever fails, and stays with whoever took over', async () => {
    const world = await createEquals();
    const [first = ''] = await talk(world, 'One.', 2);
    world.providers[first]?.script(['503', '503', '503']);
    const messages = [{ role: 'user', content: 'One.' }];
    const who = [];
    for (let turn = 0; turn < 3; turn++) who.push(whoOf(await world.ask({ model: 'auto', messages, tools })));
    expect(who[0]).not.toBe(first);
    expect(new Set(who).size).toBe(1);
  });

  it('is told by explain, with who answered the turn before', async () => {
    const world = await createEquals();
    const [first] = await talk(world, 'One.', 2);
    const body = { model: 'auto', messages: [{ role: 'user', content: 'One.' }], tools };
    const told = (await world.ask(body, {}, '/v1/explain')).json() as unknown as {
      candidates: { credential: string; score?: { incumbent: number } }[];
    };
    const [best, ...others] = told.candidates.filter(({ score }) => score !== undefined);
    expect([best?.credential, best?.score?.incumbent]).toEqual([first, 0]);
    expect(others.map(({ score }) => score?.incumbent)).toEqual([1, 1, 1]);
  });
});

it('questions without a turn before them, and without tools, take turns among equals', async () => {
  const world = await createEquals();
  const who = [];
  for (let turn = 0; turn < 4; turn++) who.push(whoOf(await world.ask({ model: 'auto' })));
  expect(who.sort()).toEqual(names);
});

describe('incumbents', () => {
  const opening = { askerId: 'ada', model: 'auto', texts: [{ role: 'user' as const, text: 'Hi.' }] };
  const [one, two] = [toCandidate({ modelId: 'm1' }), toCandidate({ modelId: 'm2' })];

  it('are of one person, one model that was asked for, and one beginning', () => {
    const incumbents = createIncumbents(() => 0);
    incumbents.note(opening, two);
    expect(incumbents.find(opening, [one, two])).toBe(1);
    const others = [{ askerId: 'bob' }, { model: 'auto:large' }, { texts: [{ role: 'user' as const, text: 'Ho.' }] }];
    for (const other of others) expect(incumbents.find({ ...opening, ...other }, [one, two])).toBeUndefined();
    // The rest of the conversation, and what the fleet has become, do not matter.
    const longer = { ...opening, texts: [...opening.texts, { role: 'assistant' as const, text: 'Hello!' }] };
    expect(incumbents.find(longer, [two, one])).toBe(0);
    expect(incumbents.find(longer, [one])).toBeUndefined();
  });

  it('are forgotten after half an hour, and the oldest of more than a thousand', () => {
    let now = 0;
    const incumbents = createIncumbents(() => now);
    incumbents.note(opening, one);
    now = 30 * 60_000;
    expect(incumbents.find(opening, [one])).toBe(0);
    now += 1;
    expect(incumbents.find(opening, [one])).toBeUndefined();
    for (let index = 0; index < 1_001; index++) incumbents.note({ ...opening, askerId: `p${index}` }, one);
    expect(incumbents.find({ ...opening, askerId: 'p0' }, [one])).toBeUndefined();
    expect(incumbents.find({ ...opening, askerId: 'p1' }, [one])).toBe(0);
  });
});
