// What the installation and its people have set, in the store: a change is seen here at once, elsewhere with the next request that comes five seconds later.
import {
  applySettings,
  carefulSettings,
  installationSettingsSchema,
  personSettingsSchema,
  type InstallationSettings,
  type PersonSettings,
} from '#shared/settings.ts';
import { parseWritten, readCarefully } from '#shared/careful.ts';
import type * as z from 'zod/mini';
import type { Item } from '#shared/items.ts';
import type { Store } from '../ports.ts';
import type { PersonBounds, SettingsChanged, SettingsInForce, SettingsStore } from '../ports-settings.ts';
import { readPartition } from './kept.ts';

const PARTITION = 'settings';
const INSTALLATION = 'installation';
/** How often they are looked at, while requests go on with what is known. */
const LOOK_MS = 5_000;
/** Older knowledge is not used without looking first. */
const OLDEST_MS = 60_000;
/** So many people's settings are kept in memory. */
const MAX_PEOPLE = 1_000;
/** Others may be faster so many times before something must be wrong. */
const MAX_ROUNDS = 20;

const keyOf = (sk: string): { pk: string; sk: string } => ({ pk: PARTITION, sk });
const PERSON = 'person#';
const toPersonKey = (id: string): string => `${PERSON}${encodeURIComponent(id)}`;
type Written = Readonly<Record<string, unknown>>;

/** Throws when it is no document at all: taken for an empty one it would loosen every bound. */
function toWritten(item: Item | null): Written {
  const written = item === null ? {} : parseWritten(item['json']);
  if (typeof written === 'object' && written !== null) return written as Written;
  throw new Error('The settings in the store are not what this version writes: they are damaged. Restore a backup.');
}

/** Throws when it is not what any version writes. */
function toSettings<T extends object>(schema: z.ZodMiniType<T>, written: unknown): T {
  const parsed = readCarefully(schema, written, carefulSettings);
  if (parsed.success) return parsed.data;
  const { path = [], message } = parsed.error.issues[0] ?? {};
  throw new Error(
    `The settings in the store are not what this version writes: ${path.join('.')}: ${message}. Set that anew, or update Freeway.`,
  );
}

/** Settings as a change met them; without what it sets anew where this version could not read that. */
function toMet<T extends object>(schema: z.ZodMiniType<T>, written: Written, wanted: Written): T {
  const parsed = readCarefully(schema, written, carefulSettings);
  if (parsed.success) return parsed.data;
  return toSettings(schema, Object.fromEntries(Object.entries(written).filter(([name]) => !(name in wanted))));
}

interface Change<T> {
  readonly sk: string;
  readonly schema: z.ZodMiniType<T>;
  readonly wanted: Written;
  /** Throws for what must not be. */
  readonly check?: ((after: T) => void) | undefined;
}

/** Applies a change to one document, again if somebody else was faster. */
async function change<T extends object>(
  store: Store,
  { sk, schema, wanted, check }: Change<T>,
): Promise<SettingsChanged<T>> {
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const item = await store.get(keyOf(sk), true);
    // Over what is written there, not over what this version makes of it.
    const before = toWritten(item);
    const written = applySettings(before, wanted);
    const after = toSettings(schema, written);
    check?.(after);
    const { applied } = await store.update({
      key: keyOf(sk),
      guards: [item === null ? { attr: 'v', is: 'absent' } : { attr: 'v', is: 'equals', value: Number(item['v']) }],
      add: {},
      set: { json: JSON.stringify(written), v: Number(item?.['v'] ?? 0) + 1 },
      remove: [],
    });
    if (applied) return { before: toMet(schema, before, wanted), after };
  }
  throw new Error(`The settings ${sk} changed ${MAX_ROUNDS} times while they were being changed.`);
}

interface Known {
  readonly value: SettingsInForce;
  readonly lookedAtMs: number;
}

/** Settings by person, each with those of the installation beside them. */
class Cabinet {
  readonly #store: Store;
  readonly #now: () => number;
  readonly #known = new Map<string, Known>();
  readonly #looking = new Map<string, Promise<SettingsInForce>>();
  #changes = 0;
  /** The installation's, as they were read last. */
  last: InstallationSettings = {};

  constructor(store: Store, now: () => number) {
    this.#store = store;
    this.#now = now;
  }

  of(id: string): SettingsInForce | Promise<SettingsInForce> {
    const mine = this.#known.get(id);
    // Where the clock was set back, what was read seems to lie ahead.
    const ageMs = mine === undefined ? Infinity : Math.abs(this.#now() - mine.lookedAtMs);
    if (mine === undefined || ageMs > OLDEST_MS) return this.#refresh(id);
    // Nobody waits for it; the next to look tries again.
    if (ageMs > LOOK_MS) this.#refresh(id).catch(() => undefined);
    return mine.value;
  }

  /** What was just written is read anew: of one person, or of all. */
  forget(id?: string): void {
    this.#changes++;
    if (id === undefined) this.#known.clear();
    else this.#known.delete(id);
    this.#looking.clear();
  }

  #refresh(id: string): Promise<SettingsInForce> {
    const running = this.#looking.get(id) ?? this.#look(id);
    this.#looking.set(id, running);
    return running;
  }

  async #look(id: string): Promise<SettingsInForce> {
    const before = this.#known.get(id);
    const changes = this.#changes;
    try {
      const keys = [keyOf(INSTALLATION), keyOf(toPersonKey(id))];
      const [installation = null, person = null] = await this.#store.batchGet(keys);
      const versions = `${String(installation?.['v'])} ${String(person?.['v'])}`;
      // The same object as long as nothing has changed, so that what was made of it can be kept.
      const value =
        before?.value.versions === versions
          ? before.value
          : {
              installation: toSettings(installationSettingsSchema, toWritten(installation)),
              person: toSettings(personSettingsSchema, toWritten(person)),
              versions,
            };
      // What was written here while this was read may not be in it.
      if (changes === this.#changes) this.#keep(id, value);
      return value;
    } catch (error) {
      if (before === undefined) throw error;
      if (changes === this.#changes) this.#known.set(id, { ...before, lookedAtMs: this.#now() });
      return before.value;
    } finally {
      this.#looking.delete(id);
    }
  }

  #keep(id: string, value: SettingsInForce): void {
    this.#known.delete(id);
    this.#known.set(id, { value, lookedAtMs: this.#now() });
    this.last = value.installation;
    const oldest = this.#known.keys().next();
    if (this.#known.size > MAX_PEOPLE && oldest.done !== true) this.#known.delete(oldest.value);
  }
}

async function readBounds(store: Store): Promise<ReadonlyMap<string, PersonBounds>> {
  const bounds = new Map<string, PersonBounds>();
  for (const { sk, json } of await readPartition(store, PARTITION, PERSON)) {
    const { data } = readCarefully<PersonSettings>(personSettingsSchema, json, carefulSettings);
    const { budget = null, quota = null } = data ?? {};
    const id = decodeURIComponent(sk.slice(PERSON.length));
    if (budget !== null || quota !== null) bounds.set(id, { budget, quota });
  }
  return bounds;
}

/** The repository over a store. When the store is away, what was read last goes on being used. */
export function createSettings(store: Store, now: () => number): SettingsStore {
  const cabinet = new Cabinet(store, now);
  return {
    of: (id) => cabinet.of(id),
    installation: () => cabinet.last,
    changeInstallation: async (wanted, check) => {
      const schema: z.ZodMiniType<InstallationSettings> = installationSettingsSchema;
      const changed = await change(store, { sk: INSTALLATION, schema, wanted, check });
      cabinet.forget();
      cabinet.last = changed.after;
      return changed;
    },
    changePerson: async (id, wanted) => {
      const schema: z.ZodMiniType<PersonSettings> = personSettingsSchema;
      const changed = await change(store, { sk: toPersonKey(id), schema, wanted });
      cabinet.forget(id);
      return changed;
    },
    bounds: () => readBounds(store),
    removePerson: async (id) => {
      await store.delete(keyOf(toPersonKey(id)));
      cabinet.forget(id);
    },
  };
}
