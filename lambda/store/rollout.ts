// Keeps flags and experiments in the store.
import type { Rollout } from '#shared/rollout.ts';
import type { Experiment, Flag } from '#shared/rollout-schemas.ts';
import type { Store } from '../ports.ts';
import type { RolloutStore } from '../ports-settings.ts';
import { createKept, readKnown, readPartition } from './kept.ts';

const PARTITION = 'rollout';
const nothing: Rollout = { flags: [], experiments: [] };

async function readAll(store: Store): Promise<Rollout> {
  const flags: Flag[] = [];
  const experiments: Experiment[] = [];
  const rows = await readPartition(store, PARTITION);
  if (rows.length === 0) return nothing;
  const { experimentSchema, flagSchema } = await import('#shared/rollout-schemas.ts');
  for (const { sk, json } of rows) {
    if (sk.startsWith('flag#')) flags.push(...readKnown(flagSchema, json));
    else experiments.push(...readKnown(experimentSchema, json));
  }
  return { flags, experiments };
}

/** The repository over a store. When the store is away, what was known last goes on being used. */
export function createRollout(store: Store, now: () => number): RolloutStore {
  const kept = createKept(() => readAll(store), now);
  const write = async (sk: string, value: unknown): Promise<void> => {
    await store.put({ pk: PARTITION, sk }, { json: JSON.stringify(value) });
    kept.forget();
  };
  const remove = async (sk: string): Promise<void> => {
    await store.delete({ pk: PARTITION, sk });
    kept.forget();
  };
  return {
    read: kept.read,
    known: () => kept.peek() ?? nothing,
    writeFlag: (flag) => write(`flag#${flag.name}`, flag),
    removeFlag: (name) => remove(`flag#${name}`),
    writeExperiment: (experiment) => write(`experiment#${experiment.name}`, experiment),
    removeExperiment: (name) => remove(`experiment#${name}`),
  };
}
