// The API keys of the person, over the server's API.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import * as z from 'zod/mini';
import { keysSchema, shownKeySchema, type KeyChange, type KeyView, type NewKey } from '#shared/api/keys.ts';
import { useApi } from '../../lib/api.ts';
import { usePerson } from '../../lib/session.tsx';

const KEYS = ['api-keys'];
/** How long the old key still works after a roll, seconds. */
const OVERLAP_SECONDS = 3_600;

export interface KeyActions {
  /** Answers the key itself, which is told this once. */
  readonly create: (terms: Partial<NewKey> & { readonly name: string }) => Promise<string>;
  readonly change: (id: string, change: KeyChange) => Promise<unknown>;
  readonly roll: (id: string) => Promise<string>;
  readonly revoke: (id: string) => Promise<unknown>;
}

/** The one that was just made is what one looks for. */
export const toNewestFirst = (keys: readonly KeyView[]): readonly KeyView[] =>
  keys.toSorted((a, b) => Date.parse(b.created_at) - Date.parse(a.created_at));

export function useKeys(): {
  readonly keys: readonly KeyView[] | undefined;
  readonly failure: Error | null;
  readonly retry: () => void;
} {
  const api = useApi();
  const { data, error, refetch } = useQuery({
    queryKey: KEYS,
    queryFn: ({ signal }) => api.call({ path: '/api/keys', schema: keysSchema, signal }),
    select: ({ data: keys }) => toNewestFirst(keys),
  });
  return { keys: data, failure: error, retry: () => void refetch() };
}

const ownersSchema = z.object({ data: z.array(z.object({ id: z.string(), email: z.nullable(z.string()) })) });

const toAddresses = ({ data }: z.infer<typeof ownersSchema>): ReadonlyMap<string, string> =>
  new Map(data.flatMap(({ id, email }) => (email === null ? [] : [[id, email]])));

const nobody: ReadonlyMap<string, string> = new Map();

/** The addresses of those whose keys these are, by their ids; asked for only where there are others. */
export function useOwners(keys: readonly Pick<KeyView, 'person_id'>[]): ReadonlyMap<string, string> {
  const api = useApi();
  const ownId = usePerson()?.id;
  const { data } = useQuery({
    queryKey: [...KEYS, 'owners'],
    queryFn: ({ signal }) => api.call({ path: '/api/people', schema: ownersSchema, signal }),
    select: toAddresses,
    enabled: keys.some(({ person_id: id }) => id !== ownId),
  });
  return data ?? nobody;
}

/** Whose key it is, for those who see keys of others: their address, or `unknown`; null for one's own. */
export function useOwner(apiKey: Pick<KeyView, 'person_id'>, unknown: string): string | null {
  const isOwn = usePerson()?.id === apiKey.person_id;
  const address = useOwners([apiKey]).get(apiKey.person_id);
  return isOwn ? null : (address ?? unknown);
}

export function useKeyActions(): KeyActions {
  const api = useApi();
  const client = useQueryClient();
  const { mutateAsync } = useMutation({
    mutationFn: (run: () => Promise<unknown>) => run(),
    onSettled: () => client.invalidateQueries({ queryKey: KEYS }),
  });
  const run = <T>(work: () => Promise<T>): Promise<T> => mutateAsync(work) as Promise<T>;
  const path = (id: string, more = ''): string => `/api/keys/${encodeURIComponent(id)}${more}`;
  return {
    create: async (body) =>
      (await run(() => api.call({ path: '/api/keys', method: 'POST', body, schema: shownKeySchema }))).key,
    change: (id, body) => run(() => api.call({ path: path(id), method: 'PATCH', body, schema: z.unknown() })),
    roll: async (id) =>
      (
        await run(() =>
          api.call({
            path: path(id, '/roll'),
            method: 'POST',
            body: { overlap_seconds: OVERLAP_SECONDS },
            schema: shownKeySchema,
          }),
        )
      ).key,
    revoke: (id) => run(() => api.call({ path: path(id), method: 'DELETE', schema: z.unknown() })),
  };
}
