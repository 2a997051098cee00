// Which saved credentials can't be opened: by owner and by secret, told once, and forgotten with the credential.
import { describe, expect, it } from 'vitest';
import { createLocks } from '#lambda/gateway/locks.ts';
import { VaultError } from '#lambda/ports.ts';
import type { StoredCredential } from '#shared/stored-credential.ts';

const stored = (id: string, ownerId: string, more: object = {}): StoredCredential =>
  ({ id, ownerId, enabled: true, deletedAtMs: null, sealed: 'v1.x', ...more }) as StoredCredential;

function open() {
  const owners = new Map<string, VaultError>();
  const secrets = new Map<string, VaultError>();
  const lines: string[] = [];
  const prepared: string[] = [];
  const note =
    (level: string) =>
    (event: string, fields: object = {}) =>
      void lines.push(`${level} ${event} ${Object.values(fields).slice(0, 2).join(' ')}`);
  const locks = createLocks({
    vault: {
      prepare: (owner) => {
        prepared.push(owner);
        const fault = owners.get(owner);
        return fault === undefined ? Promise.resolve() : Promise.reject(fault);
      },
      openNow: (_owner, identity) => {
        const fault = [...secrets].find(([id]) => identity.includes(id))?.[1];
        if (fault !== undefined) throw fault;
        return '{}';
      },
    },
    log: { debug: note('debug'), info: note('info'), warn: note('warn'), error: note('error') },
  });
  return { locks, owners, secrets, lines, prepared };
}

const [a1, a2, b1] = [stored('a1', 'ann'), stored('a2', 'ann'), stored('b1', 'bob')];
const all = [a1, a2, b1];

describe('locks', () => {
  it.each([
    ['wrong_master_key', 'master_key'],
    ['damaged_key', 'master_key'],
    ['unavailable', 'away'],
  ] as const)('an owner whose key is %s has all of theirs locked: %s', async (kind, lock) => {
    const { locks, owners, lines, prepared } = open();
    owners.set('ann', new VaultError(kind, 'why'));
    expect(await locks.look(all, all)).toEqual(new Map([['a1', lock], ['a2', lock]])); // prettier-ignore
    expect(prepared).toEqual(['ann', 'bob']);
    await locks.look(all, all);
    expect(lines).toEqual([`error credentials.unreachable a1 ${lock}`]);
    owners.clear();
    expect(await locks.look([a1], all)).toEqual(new Map());
    expect(await locks.look(all, all)).toEqual(new Map());
    expect(lines.slice(1)).toEqual([`info credentials.reachable ${lock}`]);
  });

  it('a secret that is damaged is locked alone, and told of each', async () => {
    const { locks, secrets, lines } = open();
    secrets.set('a1', new VaultError('damaged', 'why')).set('b1', new VaultError('damaged', 'why'));
    expect(await locks.look(all, all)).toEqual(new Map([['a1', 'lost'], ['b1', 'lost']])); // prettier-ignore
    expect(lines).toEqual(['warn credentials.unreachable a1 lost', 'warn credentials.unreachable b1 lost']);
    // What is switched off or gone is missed by nobody.
    await locks.look([], [{ ...a1, enabled: false }, a2, { ...b1, deletedAtMs: 1 }]);
    expect([...locks.known()]).toEqual([]);
  });

  it('one whose key was put away for others, or that has no secret, is not locked', async () => {
    const { locks, secrets, prepared } = open();
    secrets.set('a1', new VaultError('not_prepared', 'why'));
    expect(await locks.look([a1, stored('c1', 'cat', { sealed: null })], all)).toEqual(new Map());
    expect(prepared).toEqual(['ann']);
  });

  it('faults that are not the vault’s go on', async () => {
    const { locks, owners } = open();
    owners.set('ann', new Error('the store is away') as VaultError);
    await expect(locks.look([a1], all)).rejects.toThrow('the store is away');
  });
});
