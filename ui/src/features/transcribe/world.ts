// Work, shelf and library of this page's person, for everything that shows or changes transcripts.
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useSyncExternalStore } from 'react';
import { useApi, type Api } from '../../lib/api.ts';
import { newId } from '../../lib/ids.ts';
import { useSingleton } from '../../lib/singletons.ts';
import { openDatabase } from './database.ts';
import { createLibrary, type Library } from './library.ts';
import { createShelf, type Shelf } from './shelf.ts';
import type { Kept } from './transcript.ts';
import { Work, type WorkView } from './work.ts';

interface World {
  readonly shelf: Shelf;
  readonly library: Library;
  readonly workFor: (api: Api) => Work;
  readonly close: () => void;
}

function createWorld(personId: string): World {
  const opened = openDatabase(personId);
  const [shelf, library] = [createShelf(opened), createLibrary(opened)];
  let work: Work | null = null;
  return {
    shelf,
    library,
    workFor: (api) => (work ??= new Work({ api, shelf, library, now: () => Date.now(), newId })),
    close: () => work?.close(),
  };
}

export const useShelf = (): Shelf => useSingleton(createWorld).shelf;

/** The work with what there is to see of it. */
export function useWork(): { readonly work: Work; readonly view: WorkView } {
  const work = useSingleton(createWorld).workFor(useApi());
  useEffect(() => void work.restore().catch(() => undefined), [work]);
  return { work, view: useSyncExternalStore(work.subscribe, work.view) };
}

const LIST_KEY = ['transcripts'];

export interface KeptTranscripts {
  /** undefined until they have been read. */
  readonly all: readonly Kept[] | undefined;
  readonly write: (kept: Kept) => void;
  readonly remove: (id: string) => void;
}

/** The transcripts of this device, the newest first. */
export function useTranscripts(): KeptTranscripts {
  const { library, workFor } = useSingleton(createWorld);
  const work = workFor(useApi());
  const client = useQueryClient();
  const { data } = useQuery({ queryKey: LIST_KEY, queryFn: () => library.list(), staleTime: 0, networkMode: 'always' });
  const show = (change: (all: readonly Kept[]) => readonly Kept[]): void =>
    void client.setQueryData<readonly Kept[]>(LIST_KEY, (before) => before && change(before));
  return {
    all: data,
    write: (kept) => {
      const others = (list: readonly Kept[]): readonly Kept[] => list.filter(({ id }) => id !== kept.id);
      show((list) => [kept, ...others(list)].toSorted((a, b) => b.createdAtMs - a.createdAtMs));
      // Without room on this device it is there as long as the page.
      void work.keep(kept).catch(() => undefined);
    },
    remove: (id) => {
      show((list) => list.filter((one) => one.id !== id));
      void work.forget(id).catch(() => undefined);
    },
  };
}
