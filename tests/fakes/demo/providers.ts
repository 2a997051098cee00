// Starts the demo's simulated providers on free loopback ports and says how to configure Freeway for them.
import type { ProviderEntry } from '#shared/credentials.ts';
import type { Books } from '../provider/books.ts';
import { createFakeProvider } from '../provider/core.ts';
import { serveFakeProvider } from '../provider/server.ts';
import { cast, toEntry } from './cast.ts';

export interface DemoProviders {
  /** Put `JSON.stringify(entries)` into FREEWAY_PROVIDERS. */
  readonly entries: readonly ProviderEntry[];
  /** What each provider itself counted, by its name. */
  books(): Readonly<Record<string, Books>>;
  close(): Promise<void>;
}

/** Starts the whole cast. Rejects when a port can't be had; nothing is left running then. */
export async function startDemoProviders(): Promise<DemoProviders> {
  const started = await Promise.allSettled(
    cast.map(async (part) => {
      const provider = createFakeProvider(part.spec, { now: Date.now });
      return { part, provider, server: await serveFakeProvider(provider) };
    }),
  );
  const running = started.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  const close = async (): Promise<void> => void (await Promise.all(running.map(({ server }) => server.close())));
  const failed = started.find((one) => one.status === 'rejected');
  if (failed) {
    await close();
    throw failed.reason;
  }
  return {
    entries: running.map(({ part, server }) => toEntry(part, server.baseUrl)),
    books: () => Object.fromEntries(running.map(({ provider }) => [provider.name, provider.books()])),
    close,
  };
}
