// How the limits of all models stand, over the server's API.
import { useQuery, type UseQueryResult } from '@tanstack/react-query';
import { limitsSchema, type Limits } from '#shared/api/limits.ts';
import { useApi } from '../../lib/api.ts';

/** Limits move while one looks at them. */
const REFRESH_MS = 15_000;

export function useLimits(): UseQueryResult<Limits> {
  const api = useApi();
  return useQuery({
    queryKey: ['limits'],
    queryFn: ({ signal }) => api.call({ path: '/api/limits', schema: limitsSchema, signal }),
    refetchInterval: REFRESH_MS,
  });
}
