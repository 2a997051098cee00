// Who may come in: by the environment's lists, as somebody invited, or by a rule for a domain, each for as long as it holds.
import { describe, expect, it } from 'vitest';
import { createAdmission } from '#lambda/http/auth-admission.ts';
import type { Person } from '#lambda/ports-people.ts';
import { createPeople } from '#lambda/store/people.ts';
import { createFakeClock } from '../fakes/clock.ts';
import { createMemoryStore } from '../fakes/memory-store.ts';

const NOON = Date.UTC(2026, 10, 22, 12);
const HOUR_MS = 3_600_000;

async function open(...known: (Partial<Person> & { readonly email: string })[]) {
  const clock = createFakeClock(NOON);
  const people = createPeople(createMemoryStore(clock), () => undefined);
  const options = { people, clock, ownerEmail: 'boss@example.com' };
  for (const more of known)
    await people.create({
      id: people.idOf(more.email),
      role: 'member',
      models: null,
      expiresAtMs: null,
      blocked: false,
      source: 'invited',
      createdAtMs: NOON,
      lastSeenAtMs: null,
      googleId: null,
      ...more,
    });
  const admission = createAdmission({
    ...options,
    allowed: ['ada@example.com', '*@school.example'],
    admins: ['root@example.com'],
  });
  /** As another start finds them, whose environment names no admin any more. */
  const later = createAdmission({ ...options, allowed: ['*@example.com'], admins: [] });
  const enter = (email: string, managed = true) => admission.enter({ email, googleId: 'g1', managed });
  return { clock, people, admission, later, enter };
}

const rule = { email: '*@firm.example', role: 'admin' as const, models: ['groq/*'] };

describe('admission', () => {
  it.each([
    ['whoever is listed', 'ada@example.com', { role: 'member', models: null }],
    ['whoever is of a listed domain', 'bob@school.example', { role: 'member', models: null }],
    ['an admin', 'root@example.com', { role: 'admin', models: null }],
    ['the owner', 'boss@example.com', { id: 'owner', role: 'owner', models: null }],
    ['whoever is of a domain with a rule, as it says', 'eve@firm.example', { role: 'admin', models: ['groq/*'] }],
  ])('lets in %s', async (_name, email, standing) => {
    const { admission, enter } = await open(rule);
    expect(await admission.standing(email)).toMatchObject(standing);
    expect(await enter(email)).toMatchObject(standing);
  });

  it.each([
    ['not_invited', 'mallory@example.com', {}],
    ['not_invited', 'mallory@sub.school.example', {}],
    ['not_invited', 'eve@firm.example', { ...rule, blocked: true }],
    ['not_invited', 'eve@firm.example', { ...rule, expiresAtMs: NOON }],
    ['blocked', 'ada@example.com', { email: 'ada@example.com', blocked: true }],
    ['invitation_expired', 'eve@example.com', { email: 'eve@example.com', expiresAtMs: NOON }],
    ['unknown_role', 'eve@example.com', { email: 'eve@example.com', role: 'unknown' as const }],
  ])('refuses: %s: %s', async (reason, email, known) => {
    const { admission, enter } = await open({ email: 'nobody@example.com', ...known });
    await expect(admission.standing(email)).rejects.toMatchObject({ reason, email });
    await expect(enter(email)).rejects.toMatchObject({ reason, email });
  });

  it('ends with the invitation, and with the rule', async () => {
    const { clock, admission } = await open(
      { ...rule, expiresAtMs: NOON + HOUR_MS },
      { email: 'eve@example.com', expiresAtMs: NOON + HOUR_MS },
    );
    const both = ['bob@firm.example', 'eve@example.com'];
    for (const email of both) await admission.standing(email);
    await clock.advance(HOUR_MS);
    for (const email of both) await expect(admission.standing(email)).rejects.toMatchObject({ email });
  });

  it('by a domain is for accounts that the domain manages, by an address of its own for all', async () => {
    const { enter } = await open(rule);
    await expect(enter('bob@school.example', false)).rejects.toMatchObject({ reason: 'not_managed' });
    await expect(enter('eve@firm.example', false)).rejects.toMatchObject({ reason: 'not_managed' });
    expect(await enter('ada@example.com', false)).toMatchObject({ role: 'member' });
  });

  it('notes who came for the first time, and leaves what a rule gives to the rule', async () => {
    const { people, enter } = await open(rule);
    const { id } = await enter('eve@firm.example');
    const seen = { googleId: 'g1', lastSeenAtMs: NOON, createdAtMs: NOON, models: null, source: 'domain' };
    expect(await people.get(id)).toMatchObject({ email: 'eve@firm.example', ...seen });
    expect(id).toBe(people.idOf('eve@firm.example'));
  });

  it('makes nobody an admin for longer than the environment says so', async () => {
    const { enter, later } = await open();
    expect(await enter('root@example.com')).toMatchObject({ role: 'admin' });
    expect(await later.standing('root@example.com')).toMatchObject({ role: 'member' });
    const named = await open({ email: 'root@example.com', role: 'admin' });
    await named.enter('root@example.com');
    expect(await named.later.standing('root@example.com')).toMatchObject({ role: 'admin' });
  });

  it('is as somebody themselves before it is as their domain', async () => {
    const own = { email: 'eve@firm.example', role: 'member' as const, models: ['mistral/*'] };
    const asDomain = await open(rule, { ...own, source: 'domain' });
    expect(await asDomain.admission.standing(own.email)).toMatchObject({ role: 'member', models: ['mistral/*'] });
    const invited = await open(own);
    expect(await invited.enter(own.email, false)).toMatchObject({ role: 'member', models: ['mistral/*'] });
  });

  it('is for one account of Google, and says no more than once a minute that somebody was seen', async () => {
    const { clock, people, enter, admission } = await open();
    const { id } = await enter('ada@example.com');
    await expect(admission.enter({ email: 'ada@example.com', googleId: 'g2', managed: true })).rejects.toMatchObject({
      reason: 'other_account',
    });
    const seenAtMs: unknown[] = [];
    for (const ms of [0, 59_999, 1]) {
      await clock.advance(ms);
      await enter('ada@example.com');
      seenAtMs.push((await people.get(id))?.lastSeenAtMs);
    }
    expect(seenAtMs).toEqual([NOON, NOON, NOON + 60_000]);
  });

  it('keeps the account of whoever was invited before they came', async () => {
    const { people, enter } = await open({ email: 'eve@example.com' });
    const { id } = await enter('eve@example.com');
    expect(await people.get(id)).toMatchObject({ googleId: 'g1', lastSeenAtMs: NOON, source: 'invited' });
  });
});
