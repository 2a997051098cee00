// What batches stand on: the app itself, which answers their requests, and their books; loaded by whoever first asks for one.
import { createApp, type AppDeps } from './app.ts';
import type { Batches } from './endpoints/batch-desk.ts';

type Services = Omit<AppDeps, 'batchDesk'>;

async function load(deps: AppDeps): Promise<Batches> {
  const [{ createBatches }, { createBatchBook, createFileBook }] = await Promise.all([
    import('./endpoints/batch-desk.ts'),
    import('./store/batches.ts'),
  ]);
  return createBatches({
    ...deps,
    files: createFileBook(deps.store),
    batches: createBatchBook(deps.store),
    appAs: (principalOf) => createApp({ ...deps, authenticate: principalOf }),
  });
}

/** The services with batches among them, and what goes on with batches that were left unfinished. */
export function openBatches(services: Services): { readonly appDeps: AppDeps; readonly resume: () => Promise<void> } {
  let opening: Promise<Batches> | null = null;
  const appDeps: AppDeps = { ...services, batchDesk: () => (opening ??= load(appDeps)) };
  const resume = async (): Promise<void> => {
    const { listOpen } = await import('./store/batches-open.ts');
    if ((await listOpen(services.store)).length > 0) await (await appDeps.batchDesk()).resume();
  };
  return { appDeps, resume };
}
