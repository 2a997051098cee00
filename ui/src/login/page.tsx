// Sign in with Google: its button, what it says when somebody is not invited, and a fresh nonce whenever the old one may have gone stale.
import { GoogleLogin, GoogleOAuthProvider } from '@react-oauth/google';
import { useCallback, useEffect, useState, type ReactNode } from 'react';
import { Button } from '../components/button.tsx';
import { Front } from '../components/front.tsx';
import { useMessages } from '../lib/messages.ts';
import { SESSION_CHANNEL } from '../lib/session-channel.ts';
import { exchangeCredential, readSignIn, type SignIn } from './exchange.ts';
import { loginMessages } from './messages.ts';

/** The nonce is good for ten minutes; the button stands there for longer. */
const REFRESH_MS = 240_000;

const HERE = 'https://here.invalid';

/** Where to go after signing in: only ever a path of ours, as browsers read it. */
export function toNext(search: string): string {
  const next = new URLSearchParams(search).get('next') ?? '/';
  if (!next.startsWith('/') || !URL.canParse(next, HERE)) return '/';
  const { origin, pathname, search: query, hash } = new URL(next, HERE);
  return origin === HERE && !pathname.startsWith('//') ? pathname + query + hash : '/';
}

function leave(): void {
  new BroadcastChannel(SESSION_CHANNEL).postMessage('signed-in');
  if (new URLSearchParams(location.search).has('popup')) window.close();
  else location.replace(toNext(location.search));
}

interface Invitation {
  readonly session: SignIn | null;
  readonly problem: string | null;
  readonly refresh: () => Promise<void>;
  readonly setProblem: (problem: string | null) => void;
}

/** The session's state with a nonce that is fresh whenever somebody looks at the page. */
function useInvitation(): Invitation {
  const [session, setSession] = useState<SignIn | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const refresh = useCallback(async () => {
    try {
      const state = await readSignIn();
      setSession(state);
      if (state.signedIn || state.clientId === null) location.replace(toNext(location.search));
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
    }
  }, []);
  useEffect(() => {
    void refresh();
    const timer = setInterval(() => void refresh(), REFRESH_MS);
    const look = (): void => {
      if (document.visibilityState === 'visible') void refresh();
    };
    document.addEventListener('visibilitychange', look);
    return () => {
      clearInterval(timer);
      document.removeEventListener('visibilitychange', look);
    };
  }, [refresh]);
  return { session, problem, refresh, setProblem };
}

function GoogleButton({
  session,
  invitation,
}: {
  readonly session: SignIn;
  readonly invitation: Invitation;
}): ReactNode {
  const t = useMessages(loginMessages);
  const { refresh, setProblem } = invitation;
  const { clientId, nonce } = session;
  if (clientId === null || nonce === null) return null;
  const exchange = async (credential: string | undefined): Promise<void> => {
    setProblem(null);
    try {
      await exchangeCredential(credential ?? '', nonce);
      leave();
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
      await refresh();
    }
  };
  return (
    <GoogleOAuthProvider clientId={clientId} onScriptLoadError={() => setProblem(t.blocked)}>
      <GoogleLogin
        key={nonce}
        nonce={nonce}
        width={300}
        size="large"
        onSuccess={({ credential }) => void exchange(credential)}
        onError={() => setProblem(t.failed)}
      />
    </GoogleOAuthProvider>
  );
}

/** The page. */
export function LoginPage(): ReactNode {
  const t = useMessages(loginMessages);
  const invitation = useInvitation();
  const { session, problem, refresh, setProblem } = invitation;
  const said = problem ?? session?.refusal ?? null;
  return (
    <Front tagline={t.tagline}>
      <div className="flex min-h-11 justify-center">
        {session && <GoogleButton session={session} invitation={invitation} />}
      </div>
      <p role="alert" className="rounded-xl bg-danger-tint px-4 py-3 text-sm text-danger empty:hidden">
        {said}
      </p>
      {problem !== null && (
        <Button
          onClick={() => {
            setProblem(null);
            void refresh();
          }}
        >
          {t.retry}
        </Button>
      )}
      <p className="text-xs text-muted">{t.stored}</p>
    </Front>
  );
}
