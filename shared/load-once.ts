// Loads code when it is first needed, and has it at hand from then on: asking Node for a module that it has takes tens of microseconds each time.

const underWay = new Set<Promise<unknown>>();

/** What is being loaded at this moment. A clock that a test moves waits for it: loading takes real time, which is none of that clock's. */
export const loadsUnderWay = (): ReadonlySet<Promise<unknown>> => underWay;

/**
 * Answers what was loaded, or a promise until it is: once for all who ask meanwhile. What could not be loaded, as where too many files are open,
 * is tried again by the next one who asks.
 */
export function loadOnce<Loaded extends object>(load: () => Promise<Loaded>): () => Loaded | Promise<Loaded> {
  let loaded: Loaded | null = null;
  let loading: Promise<Loaded> | null = null;
  const start = async (): Promise<Loaded> => {
    try {
      return (loaded = await load());
    } finally {
      loading = null;
    }
  };
  const enter = (): Promise<Loaded> => {
    const load = start().finally(() => underWay.delete(load));
    underWay.add(load);
    return load;
  };
  return () => loaded ?? (loading ??= enter());
}
