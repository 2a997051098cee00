// Loads code when it is first needed, and has it at hand from then on: asking Node for a module that it has takes tens of microseconds each time.

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
  return () => loaded ?? (loading ??= start());
}
