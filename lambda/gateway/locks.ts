// Finds out which saved credentials can't be opened, before calls do, and tells the operator once of each reason.
import type { Lock } from '#shared/locks.ts';
import type { StoredCredential } from '#shared/stored-credential.ts';
import { sealedIdentity } from '#shared/stored-credential.ts';
import { VaultError, type Vault } from '../ports.ts';
import type { Log } from '../ports-telemetry.ts';

/** By what each kind of fault is told. */
const kinds: Readonly<Record<VaultError['kind'], Lock>> = {
  damaged: 'lost',
  damaged_key: 'master_key',
  wrong_master_key: 'master_key',
  unavailable: 'away',
  not_prepared: 'away',
};

/** Why what the vault refuses can't be opened. */
export const toLock = ({ kind }: VaultError): Lock => kinds[kind];

/** Those that can't be opened, by id. */
export type Locked = ReadonlyMap<string, Lock>;

export interface Locks {
  /** Tries to open each. `all` are those that are kept now: what is known of others is forgotten. Rejects with nothing that the vault says. */
  look(credentials: readonly StoredCredential[], all: readonly StoredCredential[]): Promise<Locked>;
  /** Those in use that could not be opened when they were last looked at. */
  known(): Locked;
}

/** What is known of them, and what has them looked at again. */
export interface KnownLocks extends Pick<Locks, 'known'> {
  /** Looks at some again, unless that was done a moment ago: whether the key of all is the right one shows in a few. Never rejects. */
  again(): Promise<void>;
}

export interface LocksDeps {
  readonly vault: Pick<Vault, 'prepare' | 'openNow'>;
  readonly log: Log;
}

interface Found {
  readonly lock: Lock;
  readonly what: string;
}

/** What the vault says; anything else is a fault. */
function toFound(error: unknown): Found {
  if (!(error instanceof VaultError)) throw error;
  return { lock: toLock(error), what: error.message };
}

function tryToOpen({ vault }: LocksDeps, credential: StoredCredential): Found | null {
  const { ownerId, sealed } = credential;
  if (sealed === null) return null;
  try {
    vault.openNow(ownerId, sealedIdentity(credential), sealed);
    return null;
  } catch (error) {
    // Its owner's key was at hand a moment ago and had to make room for others', which says nothing against it.
    if (error instanceof VaultError && error.kind === 'not_prepared') return null;
    return toFound(error);
  }
}

/** Looks by way of the vault. */
export function createLocks(deps: LocksDeps): Locks {
  const { vault, log } = deps;
  const known = new Map<string, Lock>();
  /** What the log was told of and still holds: one secret that is lost, or a key that all of them need. */
  const told = new Set<string>();

  const forgetOthers = (all: readonly StoredCredential[]): void => {
    const used = new Set(all.filter((one) => one.enabled && one.deletedAtMs === null).map(({ id }) => id));
    for (const id of known.keys()) if (!used.has(id)) known.delete(id);
  };
  const tell = (found: ReadonlyMap<string, Found>): void => {
    const now = new Set([...known].map(([id, lock]) => (lock === 'lost' ? id : lock)));
    for (const one of told) {
      if (now.has(one)) continue;
      told.delete(one);
      log.info('credentials.reachable', { credential: one });
    }
    for (const [id, { lock, what }] of found) {
      const one = lock === 'lost' ? id : lock;
      if (!now.has(one) || told.has(one)) continue;
      told.add(one);
      // One secret is its person's matter; what opens all of them is the operator's.
      log[lock === 'lost' ? 'warn' : 'error']('credentials.unreachable', { credential: id, error: lock, what });
    }
  };
  return {
    look: async (credentials, all) => {
      const sealed = credentials.filter((one) => one.sealed !== null);
      const owners = [...new Set(sealed.map(({ ownerId }) => ownerId))];
      const faults = new Map(
        await Promise.all(
          owners.map(async (owner) => [owner, await vault.prepare(owner).then(() => null, toFound)] as const),
        ),
      );
      const found = new Map<string, Found>();
      for (const one of sealed) {
        const fault = faults.get(one.ownerId) ?? tryToOpen(deps, one);
        if (fault === null) known.delete(one.id);
        else {
          known.set(one.id, fault.lock);
          found.set(one.id, fault);
        }
      }
      forgetOthers(all);
      tell(found);
      return new Map([...found].map(([id, { lock }]) => [id, lock]));
    },
    known: () => known,
  };
}
