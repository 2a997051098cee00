// Usage over the server's API: sums, records and receipts.
import { useInfiniteQuery, useQuery, type UseQueryResult } from '@tanstack/react-query';
import type * as z from 'zod/mini';
import {
  usageRecordSchema,
  usageRecordsSchema,
  usageSchema,
  type UsageGroup,
  type UsageRecord,
} from '#shared/api/usage.ts';
import { keysSchema } from '#shared/api/keys.ts';
import { peopleSchema } from '#shared/api/people.ts';
import { useApi } from '../../lib/api.ts';
import type { Range } from './range.ts';

export type Usage = z.infer<typeof usageSchema>;

/** The sums of a range, which they tell with what they are by: while others are loaded, the old ones stay under their own. */
export function useUsage(
  range: Range,
  by: UsageGroup,
): UseQueryResult<Usage & { readonly range: Range; readonly by: UsageGroup }> {
  const api = useApi();
  const { from, to } = range;
  return useQuery({
    queryKey: ['usage', from, to, by],
    queryFn: async ({ signal }) => {
      const query = new URLSearchParams({ from, to, by }).toString();
      return { ...(await api.call({ path: `/api/usage?${query}`, schema: usageSchema, signal })), range, by };
    },
    placeholderData: (before) => before,
  });
}

/** Names for the ids by which keys and people are told apart; an id of something that is gone has none. */
export function useNamesOf(by: UsageGroup): ReadonlyMap<string, string> {
  const api = useApi();
  const keys = useQuery({
    queryKey: ['api-keys'],
    queryFn: ({ signal }) => api.call({ path: '/api/keys', schema: keysSchema, signal }),
    enabled: by === 'key',
  }).data;
  const people = useQuery({
    queryKey: ['people'],
    queryFn: ({ signal }) => api.call({ path: '/api/people', schema: peopleSchema, signal }),
    enabled: by === 'person',
  }).data;
  if (by === 'key') return new Map((keys?.data ?? []).map(({ id, name, last4 }) => [id, `${name} (…${last4})`]));
  if (by !== 'person') return new Map();
  return new Map((people?.data ?? []).map(({ id, email }) => [id, email ?? id]));
}

/** Which requests the log shows; empty: all. */
export interface LogFilter {
  readonly provider: string;
  readonly outcome: string;
}

/** The query of a range and a filter. */
export const toQuery = ({ from, to }: Range, { provider, outcome }: LogFilter): string =>
  new URLSearchParams({
    from,
    to,
    ...(provider === '' ? {} : { provider }),
    ...(outcome === '' ? {} : { outcome }),
  }).toString();

/** The log, a page at a time. */
export function useRecords(range: Range, filter: LogFilter) {
  const api = useApi();
  return useInfiniteQuery({
    queryKey: ['usage', 'records', range.from, range.to, filter],
    initialPageParam: null as string | null,
    queryFn: ({ pageParam, signal }) => {
      const after = pageParam === null ? '' : `&after=${encodeURIComponent(pageParam)}`;
      return api.call({
        path: `/api/usage/records?${toQuery(range, filter)}&limit=25${after}`,
        schema: usageRecordsSchema,
        signal,
      });
    },
    getNextPageParam: ({ next }) => next,
    placeholderData: (before) => before,
  });
}

export function useReceipt(id: string): UseQueryResult<UsageRecord> {
  const api = useApi();
  return useQuery({
    queryKey: ['receipt', id],
    queryFn: ({ signal }) =>
      api.call({ path: `/api/receipts/${encodeURIComponent(id)}`, schema: usageRecordSchema, signal }),
    retry: 1,
  });
}
