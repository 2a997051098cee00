// Who may sign in, and what was done that others may have to answer for, over the server's API.
import { useInfiniteQuery, useMutation, useQuery, useQueryClient, type UseQueryResult } from '@tanstack/react-query';
import * as z from 'zod/mini';
import { auditPageSchema, type AuditAction } from '#shared/api/audit.ts';
import { usageSchema } from '#shared/api/usage.ts';
import { peopleSchema, type invitationSchema, type personChangeSchema, type PersonView } from '#shared/api/people.ts';
import { can, type Action, type Principal } from '#shared/people.ts';
import type { ReadRole } from '#shared/roles.ts';
import { useApi } from '../../lib/api.ts';
import { usePerson } from '../../lib/session.tsx';

const PEOPLE = ['people'];
const anything = z.unknown();

type Invitation = z.input<typeof invitationSchema>;
type PersonChange = z.input<typeof personChangeSchema>;

export interface PeopleActions {
  readonly invite: (invitation: Invitation) => Promise<unknown>;
  readonly change: (id: string, change: PersonChange) => Promise<unknown>;
  readonly remove: (id: string) => Promise<unknown>;
}

/** Numbers by their value: the tenth stands behind the ninth. */
const order = new Intl.Collator('en', { numeric: true });
const isRule = ({ email }: PersonView): boolean => email?.startsWith('*@') === true;

/** The owner, rules for whole domains, and everybody by their address. */
export const toListed = (people: readonly PersonView[]): readonly PersonView[] =>
  people.toSorted(
    (a, b) =>
      Number(b.role === 'owner') - Number(a.role === 'owner') ||
      Number(isRule(b)) - Number(isRule(a)) ||
      order.compare(a.email ?? '', b.email ?? ''),
  );

export function usePeople(): UseQueryResult<readonly PersonView[]> {
  const api = useApi();
  return useQuery({
    queryKey: PEOPLE,
    queryFn: ({ signal }) => api.call({ path: '/api/people', schema: peopleSchema, signal }),
    select: ({ data }) => toListed(data),
  });
}

/** What somebody has spent. */
interface Spent {
  readonly usd: number;
  /** A part of it is guessed. */
  readonly isEstimated: boolean;
}

/** What everybody has spent in this month (UTC), by their id; null while it is not known. */
export function useSpent(): (personId: string) => Spent | null {
  const api = useApi();
  const from = `${new Date().toISOString().slice(0, 7)}-01`;
  const { data } = useQuery({
    queryKey: [...PEOPLE, 'spent', from],
    queryFn: ({ signal }) => api.call({ path: `/api/usage?by=person&from=${from}`, schema: usageSchema, signal }),
  });
  return (personId) => {
    if (data === undefined) return null;
    const group = data.groups.find(({ name }) => name === personId);
    return { usd: group?.cost_usd ?? 0, isEstimated: (group?.estimated_usd ?? 0) > 0 };
  };
}

export function usePeopleActions(): PeopleActions {
  const api = useApi();
  const client = useQueryClient();
  const { mutateAsync } = useMutation({
    mutationFn: (run: () => Promise<unknown>) => run(),
    onSettled: () => client.invalidateQueries({ queryKey: PEOPLE }),
  });
  const path = (id: string): string => `/api/people/${encodeURIComponent(id)}`;
  return {
    invite: (body) => mutateAsync(() => api.call({ path: '/api/people', body, schema: anything })),
    change: (id, body) => mutateAsync(() => api.call({ path: path(id), method: 'PATCH', body, schema: anything })),
    remove: (id) => mutateAsync(() => api.call({ path: path(id), method: 'DELETE', schema: anything })),
  };
}

/** Whether the person before the screen may do this to somebody of this role; by the server's own rule. */
export function useMay(): (action: Action, role: ReadRole, ownerId?: string) => boolean {
  const person = usePerson();
  if (person === null) return () => false;
  const principal: Principal = { ...person, key: null, models: null, sessionId: null };
  // Nobody changes themselves: whoever slips could lock everybody out.
  return (action, role, ownerId) => ownerId !== principal.id && can(principal, action, { kind: 'person', role });
}

/** The audit, a page at a time, newest first; null shows every action. */
export function useAudit(action: AuditAction | null) {
  const api = useApi();
  const filter = action === null ? '' : `&action=${action}`;
  return useInfiniteQuery({
    queryKey: [...PEOPLE, 'audit', action],
    initialPageParam: null as string | null,
    queryFn: ({ pageParam, signal }) => {
      const after = pageParam === null ? '' : `&after=${encodeURIComponent(pageParam)}`;
      return api.call({ path: `/api/audit?limit=25${filter}${after}`, schema: auditPageSchema, signal });
    },
    getNextPageParam: ({ next }) => next,
  });
}
