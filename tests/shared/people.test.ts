// The one rule of who may do what: denied by default, for every role, kind of key and kind of resource.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  actions,
  can,
  keyScopes,
  ownerByKey,
  resourceKinds,
  type Action,
  type ApiKeyGrant,
  type Principal,
  type Resource,
} from '#shared/people.ts';
import { roles } from '#shared/roles.ts';

const toPerson = (id: string, role: Principal['role'], more: Partial<Principal> = {}): Principal => ({
  ...ownerByKey,
  id,
  role,
  via: 'session',
  ...more,
});
const member = toPerson('ada', 'member');
const admin = toPerson('root', 'admin');
const grant = (scopes: ApiKeyGrant['scopes'], models: readonly string[] | null = null): ApiKeyGrant => ({
  id: 'k',
  name: 'k',
  scopes,
  models,
  tier: 'any',
  privacy: 'any',
  limits: { requestsPerMinute: null, usd: null },
  expiresAtMs: null,
});

type Case = readonly [Principal | null, Action, Resource, boolean];
const cases: readonly Case[] = [
  [null, 'read', { kind: 'model' }, false],
  [member, 'use', { kind: 'inference' }, true],
  [member, 'use', { kind: 'credential', ownerId: 'ada' }, true],
  [member, 'use', { kind: 'credential', ownerId: 'bob' }, false],
  [member, 'use', { kind: 'credential', ownerId: 'bob', sharedWith: ['ada'] }, true],
  [member, 'use', { kind: 'credential', ownerId: null, sharedWith: 'all' }, true],
  [member, 'change', { kind: 'credential', ownerId: 'bob', sharedWith: 'all' }, false],
  [admin, 'use', { kind: 'credential', ownerId: 'ada' }, false],
  [ownerByKey, 'use', { kind: 'credential', ownerId: 'ada' }, false],
  [admin, 'read', { kind: 'credential', ownerId: 'ada' }, true],
  [admin, 'change', { kind: 'credential', ownerId: 'ada' }, false],
  [admin, 'delete', { kind: 'credential', ownerId: 'ada' }, true],
  [member, 'change', { kind: 'settings' }, false],
  [admin, 'change', { kind: 'settings' }, true],
  [member, 'read', { kind: 'usage', ownerId: 'bob' }, false],
  [admin, 'read', { kind: 'usage', ownerId: 'bob' }, true],
  [admin, 'create', { kind: 'person', role: 'member' }, true],
  [admin, 'create', { kind: 'person', role: 'admin' }, false],
  [ownerByKey, 'create', { kind: 'person', role: 'admin' }, true],
  [ownerByKey, 'change', { kind: 'person', role: 'owner' }, false],
  [toPerson('ada', 'member', { models: ['groq/*'] }), 'use', { kind: 'model', names: ['Groq/m1', 'm1'] }, true],
  [toPerson('ada', 'member', { models: ['groq/*'] }), 'use', { kind: 'model', names: ['other/m1', 'm1'] }, false],
  [
    toPerson('ada', 'member', { models: ['m1'], key: grant(['inference'], ['m2']) }),
    'use',
    { kind: 'model', names: ['m1', 'm2x'] },
    false,
  ],
];

describe('can', () => {
  it.each(cases)('case %#: %o may %s %o: %s', (principal, action, resource, wanted) => {
    expect(can(principal, action, resource)).toBe(wanted);
  });

  const anyResource: fc.Arbitrary<Resource> = fc.record({
    kind: fc.constantFrom(...resourceKinds),
    ownerId: fc.constantFrom('ada', 'bob', null),
    sharedWith: fc.constantFrom<Resource['sharedWith'] & {}>('all', [], ['ada'], ['bob']),
    role: fc.constantFrom(...roles),
  });
  const anyAction = fc.constantFrom(...actions);

  it('lets a key do nothing that its person may not, and nothing beyond its scopes', () => {
    const anyScopes = fc.uniqueArray(fc.constantFrom(...keyScopes), { minLength: 1 });
    fc.assert(
      fc.property(anyAction, anyResource, fc.constantFrom(...roles), anyScopes, (action, resource, role, scopes) => {
        const person = toPerson('ada', role);
        const byKey = can({ ...person, key: grant(scopes) }, action, resource);
        if (byKey) expect(can(person, action, resource)).toBe(true);
        if (byKey && !scopes.includes('manage'))
          expect(['inference', 'model', 'credential', 'transcription', 'usage', 'limits', 'metrics']).toContain(
            resource.kind,
          );
        if (byKey && !scopes.includes('manage') && resource.kind === 'credential') expect(action).toBe('use');
        expect(byKey && resource.kind === 'session').toBe(false);
      }),
    );
  });

  it("never lets anybody use somebody's private credential", () => {
    fc.assert(
      fc.property(fc.constantFrom(...roles), (role) => {
        expect(can(toPerson('eve', role), 'use', { kind: 'credential', ownerId: 'ada', sharedWith: [] })).toBe(false);
      }),
    );
  });
});
