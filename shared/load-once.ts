// Loads code when it is first needed, and has it at hand from then on: asking Node for a module that it has takes tens of microseconds each time.

/** Answers what was loaded, or a promise until it is. What could not be loaded is tried again by the next one who asks. */
export function loadOnce<Loaded extends object>(load: () => Promise<Loaded>): () => Loaded | Promise<Loaded> {
  let loaded: Loaded | null = null;
  return () => loaded ?? load().then((what) => (loaded = what));
}
