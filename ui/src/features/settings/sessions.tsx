// Where one is signed in: every browser, with a way to sign out there, or everywhere at once.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import * as z from 'zod/mini';
import { openSessionsSchema, type OpenSessions } from '#shared/api/session.ts';
import { Button } from '../../components/button.tsx';
import { Section } from '../../components/field.tsx';
import { useApi } from '../../lib/api.ts';
import { formatMoment } from '../../lib/format.ts';
import { useLanguage, useMessages } from '../../lib/messages.ts';
import { useSession } from '../../lib/session.tsx';
import { useToasts } from '../../lib/toasts.tsx';
import { sessionMessages } from './sessions-messages.ts';

const KEY = ['sessions'];
type OpenSession = OpenSessions['data'][number];

/** `Chrome on Linux` of what a browser calls itself; the whole of it where that says nothing. */
function toDevice(agent: string): string {
  const browser = /(Edg|OPR|Firefox|Chrome|Safari)[/ ]/.exec(agent)?.[1];
  const system = /(Windows|Android|iPhone|iPad|Mac OS X|CrOS|Linux)/.exec(agent)?.[1];
  if (browser === undefined) return agent;
  const name = { Edg: 'Edge', OPR: 'Opera' }[browser] ?? browser;
  return system === undefined ? name : `${name}, ${system === 'Mac OS X' ? 'macOS' : system}`;
}

function useEnding(): (id: string | null) => void {
  const api = useApi();
  const client = useQueryClient();
  const { refresh } = useSession();
  const { show } = useToasts();
  const t = useMessages(sessionMessages);
  const { mutate } = useMutation({
    mutationFn: (id: string | null) =>
      api.call({
        path: id === null ? '/api/sessions' : `/api/sessions/${encodeURIComponent(id)}`,
        method: 'DELETE',
        schema: z.unknown(),
      }),
    onSettled: () => client.invalidateQueries({ queryKey: KEY }),
    onError: (error) => show(error.message),
    onSuccess: async (_, id) => {
      if (id === null) await refresh();
      else show(t.ended);
    },
  });
  return mutate;
}

function Row({ session, onEnd }: { readonly session: OpenSession; readonly onEnd: () => void }): ReactNode {
  const t = useMessages(sessionMessages);
  const language = useLanguage();
  const { device, last_seen_at: lastSeen, current } = session;
  return (
    <li className="flex min-h-12 flex-wrap items-center gap-x-3 gap-y-1 py-2.5 text-sm">
      <span className="min-w-0 flex-1">
        <span dir="auto" className="block truncate font-medium" title={device}>
          {toDevice(device)}
        </span>
        <span className="text-xs text-muted">
          {current ? t.here : t.seen(formatMoment(Date.parse(lastSeen), language))}
        </span>
      </span>
      {!current && (
        <Button small onClick={onEnd}>
          {t.signOut}
        </Button>
      )}
    </li>
  );
}

/** The section; nothing while the session is none that can be listed. */
export function SessionsSection(): ReactNode {
  const t = useMessages(sessionMessages);
  const api = useApi();
  const { data } = useQuery({
    queryKey: KEY,
    queryFn: ({ signal }) => api.call({ path: '/api/sessions', schema: openSessionsSchema, signal }),
    retry: false,
  });
  const end = useEnding();
  if (data === undefined || data.data.length === 0) return null;
  return (
    <Section title={t.title} text={t.text}>
      <ul aria-label={t.title} className="divide-y divide-line">
        {data.data.map((session) => (
          <Row key={session.id} session={session} onEnd={() => end(session.id)} />
        ))}
      </ul>
      <div className="py-3.5">
        <Button small look="danger" onClick={() => end(null)}>
          {t.everywhere}
        </Button>
      </div>
    </Section>
  );
}
