// A job that goes on after its request asks who its person is by now: blocked, or not invited any more, they have none.
import { describe, expect, it } from 'vitest';
import { toPresent } from '#lambda/endpoints/job-standing.ts';
import { createAdmission } from '#lambda/http/auth-admission.ts';
import { renewPrincipal } from '#lambda/http/auth-renew.ts';
import type { PrincipalRef } from '#lambda/ports-people.ts';
import { createPeople } from '#lambda/store/people.ts';
import { createFakeClock } from '../fakes/clock.ts';
import { createMemoryStore } from '../fakes/memory-store.ts';

const clock = createFakeClock(1_000_000);
const people = createPeople(createMemoryStore(clock), () => undefined);
const admission = createAdmission({ people, clock, allowed: [], admins: [], ownerEmail: null });
const keys = { get: async () => null };

const email = 'ada@example.com';
const id = people.idOf(email);
const principal = { id, role: 'admin', email, via: 'session', key: null, models: null, sessionId: 's' };
const present = async (): ReturnType<typeof toPresent> =>
  toPresent(
    { identity: { renew: (who: PrincipalRef) => renewPrincipal({ admission, keys, clock }, who) } } as never,
    { principal } as never,
    { personId: id } as never,
  );

describe('whoever asked for a job', () => {
  it('has it as long as they may come in, with what they may do by now', async () => {
    await people.create({
      id,
      email,
      role: 'member',
      models: ['groq/*'],
      expiresAtMs: null,
      blocked: false,
      source: 'invited',
      createdAtMs: 0,
      lastSeenAtMs: null,
      googleId: null,
    });
    expect((await present()).principal).toMatchObject({ id, role: 'member', models: ['groq/*'] });
    await people.change(id, (before) => ({ ...before, blocked: true }));
    await expect(present()).rejects.toMatchObject({ code: 'forbidden', message: expect.stringMatching(/blocked/) });
    await people.remove(id);
    await expect(present()).rejects.toMatchObject({ code: 'forbidden', message: expect.stringMatching(/invite/) });
  });
});
