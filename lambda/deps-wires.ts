// The chat formats of those who can be asked, each loaded once somebody speaks it, and what mends the answers of those who need it.
import type { WireId } from '#shared/catalog.ts';
import type { ChatMeans } from './gateway/chat.ts';
import type { Fleet } from './gateway/fleet.ts';
import { chatWires, isChatWire, loadMending } from './wire/index.ts';
import type { UpstreamWire } from './wire/types.ts';

export interface Wires {
  /** Those loaded so far. */
  readonly loaded: ChatMeans;
  /** Resolves once all are loaded that the fleet's candidates speak. */
  readonly load: (fleet: Fleet) => Promise<void>;
}

/** None but those that fleets need. */
export function createWires(): Wires {
  const loaded: Partial<Record<WireId, UpstreamWire>> & {
    -readonly [K in 'mend' | 'schemas' | 'steps']?: ChatMeans[K];
  } = {};
  return {
    loaded,
    load: async ({ models, credentials }) => {
      const spoken = new Set(models.map(({ wire }, index) => wire ?? credentials[index]?.provider.wire ?? 'native'));
      const missing = [...spoken].filter(isChatWire).filter((id) => loaded[id] === undefined);
      const marks = new Set(credentials.flatMap(({ provider }) => provider.quirks.map(({ kind }) => kind)));
      if (marks.has('mend')) loaded.mend ??= await loadMending();
      if (marks.has('schemas')) loaded.schemas ??= (await import('./wire/mend/schemas.ts')).bendSchemas;
      await Promise.all(missing.map(async (id) => (loaded[id] = await chatWires[id]())));
      if (Object.values(loaded).some((wire) => 'openSteps' in wire))
        loaded.steps ??= (await import('./gateway/read-steps.ts')).createStepsReader;
    },
  };
}
