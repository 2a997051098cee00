// Who is signed in: read once, exchanged for the one-time token of the start link, and asked for again when it has ended, without losing the page.
import { useQueryClient } from '@tanstack/react-query';
import { createContext, use, useCallback, useEffect, useMemo, useRef, useState, type ReactNode } from 'react';
import * as z from 'zod/mini';
import { sessionStateSchema, type SessionState as SessionFacts } from '#shared/api/session-state.ts';
import { ApiError, useApi, type Api } from './api.ts';
import { SESSION_CHANNEL } from './session-channel.ts';
import type { Singletons } from './singletons.ts';

export type Person = NonNullable<SessionFacts['person']>;
type Mode = SessionFacts['mode'];

/** `ended`: somebody was signed in on this page, and what they were doing is still there. */
export type SessionState =
  | { readonly kind: 'loading' }
  | { readonly kind: 'unreachable'; readonly error: ApiError }
  | { readonly kind: 'out'; readonly mode: Mode; readonly refusal: string | null }
  | { readonly kind: 'in' | 'ended'; readonly mode: Mode; readonly person: Person };

export interface SessionPort {
  readonly state: SessionState;
  /** Asks the server again who we are. */
  readonly refresh: () => Promise<void>;
  /** Signs in with the owner's key, or works with an API key until the page is closed. Rejects with ApiError when it is refused. */
  readonly useKey: (key: string) => Promise<void>;
  readonly signOut: () => Promise<void>;
  /** Calls the listener each time somebody has signed in. Answers what takes it off again. */
  readonly onSignedIn: (listener: () => void) => () => void;
}

/** Takes the one-time token out of the address, where it must not stay. */
export function takeToken(location: Location, history: History): string | null {
  const token = new URLSearchParams(location.hash.slice(1)).get('token');
  if (token !== null) history.replaceState(history.state, '', location.pathname + location.search);
  return token;
}

const anything = z.unknown();

const readSession = (api: Api): Promise<SessionFacts> => api.call({ path: '/api/session', schema: sessionStateSchema });

/** The owner's key, or the token of the start link, opens a session. */
const openWithKey = (api: Api, token: string): Promise<unknown> =>
  api.call({ path: '/api/session/local', body: { token }, schema: anything });

/** The session at the start of the page, with the token of the start link if there is one. */
async function openSession(api: Api): Promise<SessionState> {
  const token = takeToken(location, history);
  let refused: string | null = null;
  if (token !== null) {
    try {
      await openWithKey(api, token);
      const channel = new BroadcastChannel(SESSION_CHANNEL);
      channel.postMessage('signed-in');
      channel.close();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      refused = error.message;
    }
  }
  const { mode, person, refusal } = await readSession(api);
  return person === null ? { kind: 'out', mode, refusal: refused ?? refusal } : { kind: 'in', mode, person };
}

/** Where people can't sign in, a key goes with every call. */
async function carryKey(api: Api, key: string): Promise<void> {
  api.useKey(key);
  try {
    await api.call({ path: '/v1/models', schema: anything });
  } catch (error) {
    api.useKey(null);
    throw error;
  }
}

const SessionContext = createContext<SessionPort | null>(null);

/** The session of this page. */
export function useSession(): SessionPort {
  const port = use(SessionContext);
  if (port === null) throw new Error('useSession outside of its provider');
  return port;
}

/** Who is before the screen, also while their session has to be taken up again; null while nobody is known. */
export function usePerson(): Person | null {
  const { state } = useSession();
  return 'person' in state ? state.person : null;
}

function useSessionState(api: Api): [SessionState, (next: SessionState) => void] {
  const [state, setState] = useState<SessionState>({ kind: 'loading' });
  const begun = useRef(false);
  useEffect(() => {
    if (begun.current) return;
    begun.current = true;
    openSession(api).then(setState, (error: unknown) => {
      if (error instanceof ApiError) setState({ kind: 'unreachable', error });
    });
  }, [api]);
  useEffect(
    () => api.onSignedOut(() => setState((now) => (now.kind === 'in' ? { ...now, kind: 'ended' } : now))),
    [api],
  );
  return [state, setState];
}

interface SessionProviderProps {
  /** What is closed when its person has left. */
  readonly singletons: Singletons;
  readonly children: ReactNode;
}

/** Gives the session to all below. */
export function SessionProvider({ singletons, children }: SessionProviderProps): ReactNode {
  const api = useApi();
  const [state, setState] = useSessionState(api);
  const listeners = useRef(new Set<() => void>());
  const queries = useQueryClient();
  const lastPersonId = useRef<string | null>(null);
  useEffect(() => {
    if (state.kind === 'in') lastPersonId.current = state.person.id;
  }, [state]);
  const refresh = useCallback(async () => {
    try {
      const { mode, person, refusal } = await readSession(api);
      const { current: lastId } = lastPersonId;
      const isOther = lastId !== null && lastId !== person?.id;
      // Nobody else sees what was loaded for the one before, or sends what they left.
      if (isOther) {
        singletons.leave(lastId);
        queries.clear();
      }
      setState(person === null ? { kind: 'out', mode, refusal } : { kind: 'in', mode, person });
      if (person === null || isOther) return;
      for (const listener of listeners.current) listener();
    } catch (error) {
      if (error instanceof ApiError) setState({ kind: 'unreachable', error });
    }
  }, [api, queries, singletons, setState]);
  const channel = useRef<BroadcastChannel | null>(null);
  useEffect(() => {
    const opened = (channel.current = new BroadcastChannel(SESSION_CHANNEL));
    opened.addEventListener('message', () => void refresh());
    return () => opened.close();
  }, [refresh]);
  const port = useMemo(
    (): SessionPort => ({
      state,
      refresh,
      useKey: async (key) => {
        const mode = 'mode' in state ? state.mode : 'api_only';
        await (mode === 'local' ? openWithKey(api, key) : carryKey(api, key));
        // Its cookie is good for the other windows, too.
        if (mode === 'local') channel.current?.postMessage('signed-in');
        await refresh();
      },
      signOut: async () => {
        await api.call({ path: '/api/session', method: 'DELETE', schema: anything }).catch(() => null);
        api.useKey(null);
        channel.current?.postMessage('signed-out');
        await refresh();
      },
      onSignedIn: (listener) => {
        listeners.current.add(listener);
        return () => void listeners.current.delete(listener);
      },
    }),
    [state, refresh, api],
  );
  return <SessionContext value={port}>{children}</SessionContext>;
}
