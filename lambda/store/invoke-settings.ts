// Keeps the named endpoints and agents of direct invokes in the store.
import {
  agentAssignmentSchema,
  endpointConfigurationSchema,
  type AgentAssignment,
  type EndpointConfiguration,
  type InvokeSettings,
} from '#shared/invoke.ts';
import type { ItemKey } from '#shared/items.ts';
import type { InvokeSettingsStore, Store } from '../ports.ts';

const PARTITION = 'invoke';
const FRESH_MS = 30_000;

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
  let after: string | undefined;
  do {
    const page = await store.query(PARTITION, after === undefined ? {} : { after });
    for (const { key, item } of page.items) {
      const json: unknown = JSON.parse(String(item['json']));
      if (key.sk.startsWith('endpoint#')) endpoints.push(endpointConfigurationSchema.parse(json));
      else assignments.push(agentAssignmentSchema.parse(json));
    }
    after = page.next ?? undefined;
  } while (after !== undefined);
  return { endpoints, assignments };
}

/** The repository over a store. When the store is away, the settings known last go on being used. */
export function createInvokeSettings(store: Store, now: () => number): InvokeSettingsStore {
  let kept: { readonly settings: InvokeSettings; readonly untilMs: number } | null = null;
  const write = async (key: ItemKey, value: unknown): Promise<void> => {
    await store.put(key, { json: JSON.stringify(value) });
    kept = null;
  };
  const remove = async (key: ItemKey): Promise<void> => {
    await store.delete(key);
    kept = null;
  };
  return {
    read: async () => {
      if (kept !== null && now() < kept.untilMs) return kept.settings;
      const older = kept;
      const settings = await readAll(store).catch((error: unknown) => {
        if (older === null) throw error;
        return older.settings;
      });
      kept = { settings, untilMs: now() + FRESH_MS };
      return settings;
    },
    writeEndpoint: (endpoint) => write(endpointKey(endpoint), endpoint),
    writeAssignment: (assignment) => write(assignmentKey(assignment), assignment),
    removeEndpoint: (endpoint) => remove(endpointKey(endpoint)),
    removeAssignment: (assignment) => remove(assignmentKey(assignment)),
  };
}
