// Keeps the named endpoints and agents of direct invokes in the store.
import type { AgentAssignment, EndpointConfiguration, InvokeSettings } from '#shared/invoke.ts';
import type { ItemKey } from '#shared/items.ts';
import type { Store } from '../ports.ts';
import type { InvokeSettingsStore } from '../ports-settings.ts';
import { createKept, readKnown, readPartition } from './kept.ts';

const PARTITION = 'invoke';

const part = (text: string): string => encodeURIComponent(text);
const endpointKey = ({
  name,
  environment,
  model,
}: Pick<EndpointConfiguration, 'name' | 'environment' | 'model'>): ItemKey => ({
  pk: PARTITION,
  sk: `endpoint#${part(name)}#${part(environment)}#${part(model)}`,
});
const assignmentKey = ({ agent, environment }: Pick<AgentAssignment, 'agent' | 'environment'>): ItemKey => ({
  pk: PARTITION,
  sk: `agent#${part(agent)}#${part(environment)}`,
});

async function readAll(store: Store): Promise<InvokeSettings> {
  const endpoints: EndpointConfiguration[] = [];
  const assignments: AgentAssignment[] = [];
  const { agentAssignmentSchema, endpointConfigurationSchema } = await import('#shared/invoke.ts');
  for (const { sk, json } of await readPartition(store, PARTITION)) {
    if (sk.startsWith('endpoint#')) endpoints.push(...readKnown(endpointConfigurationSchema, json));
    else assignments.push(...readKnown(agentAssignmentSchema, json));
  }
  return { endpoints, assignments };
}

/** The repository over a store. When the store is away, the settings known last go on being used. */
export function createInvokeSettings(store: Store, now: () => number): InvokeSettingsStore {
  const kept = createKept(() => readAll(store), now);
  const write = async (key: ItemKey, value: unknown): Promise<void> => {
    await store.put(key, { json: JSON.stringify(value) });
    kept.forget();
  };
  const remove = async (key: ItemKey): Promise<void> => {
    await store.delete(key);
    kept.forget();
  };
  return {
    read: kept.read,
    writeEndpoint: (endpoint) => write(endpointKey(endpoint), endpoint),
    writeAssignment: (assignment) => write(assignmentKey(assignment), assignment),
    removeEndpoint: (endpoint) => remove(endpointKey(endpoint)),
    removeAssignment: (assignment) => remove(assignmentKey(assignment)),
  };
}
