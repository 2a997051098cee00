// The credentials of the person, and what can be done with them, over the server's API.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import * as z from 'zod/mini';
import {
  credentialSchema,
  credentialsSchema,
  testResultSchema,
  type CredentialChange,
  type CredentialView,
  type NewCredential,
  type TestResult,
} from '#shared/api/credentials.ts';
import { useApi } from '../../lib/api.ts';

const KEY = ['credentials'];
const anything = z.unknown();

/** What `useCredentialActions` can do; each rejects with ApiError. */
export interface CredentialActions {
  readonly give: (input: Partial<NewCredential> & { readonly provider: string }) => Promise<CredentialView>;
  readonly change: (id: string, change: CredentialChange) => Promise<CredentialView>;
  readonly replace: (id: string, fields: Readonly<Record<string, string>>) => Promise<CredentialView>;
  /** Tests what is not saved. */
  readonly tryOut: (input: Partial<NewCredential> & { readonly provider: string }) => Promise<TestResult>;
  readonly test: (id: string) => Promise<TestResult>;
  readonly remove: (id: string) => Promise<unknown>;
  readonly restore: (id: string) => Promise<unknown>;
}

/** All credentials that serve this person. */
export function useCredentials(): {
  readonly credentials: readonly CredentialView[] | undefined;
  readonly failure: Error | null;
  readonly retry: () => void;
} {
  const api = useApi();
  const { data, error, refetch } = useQuery({
    queryKey: KEY,
    queryFn: ({ signal }) => api.call({ path: '/api/credentials', schema: credentialsSchema, signal }),
  });
  return { credentials: data?.data, failure: error, retry: () => void refetch() };
}

/** Acts on credentials; lists and models are read again after each. */
export function useCredentialActions(): CredentialActions {
  const api = useApi();
  const client = useQueryClient();
  const { mutateAsync } = useMutation({
    mutationFn: (run: () => Promise<unknown>) => run(),
    onSettled: () =>
      Promise.all([client.invalidateQueries({ queryKey: KEY }), client.invalidateQueries({ queryKey: ['models'] })]),
  });
  const run = <T>(work: () => Promise<T>): Promise<T> => mutateAsync(work) as Promise<T>;
  const path = (id: string, more = ''): string => `/api/credentials/${encodeURIComponent(id)}${more}`;
  return {
    give: (body) => run(() => api.call({ path: '/api/credentials', method: 'POST', body, schema: credentialSchema })),
    change: (id, body) => run(() => api.call({ path: path(id), method: 'PATCH', body, schema: credentialSchema })),
    replace: (id, fields) =>
      run(() => api.call({ path: path(id, '/key'), method: 'PUT', body: { fields }, schema: credentialSchema })),
    tryOut: (body) => api.call({ path: '/api/credentials/test', method: 'POST', body, schema: testResultSchema }),
    test: (id) => run(() => api.call({ path: path(id, '/test'), method: 'POST', schema: testResultSchema })),
    remove: (id) => run(() => api.call({ path: path(id), method: 'DELETE', schema: anything })),
    restore: (id) => run(() => api.call({ path: path(id, '/restore'), method: 'POST', schema: anything })),
  };
}
