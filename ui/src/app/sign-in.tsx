// What stands in place of the pages while nobody is signed in, and over them when a session has ended.
import { useEffect, useState, type FormEvent, type ReactNode } from 'react';
import { Button } from '../components/button.tsx';
import { Dialog } from '../components/dialog.tsx';
import { Front } from '../components/front.tsx';
import { Notice } from '../components/notice.tsx';
import { ApiError } from '../lib/api.ts';
import { useMessages } from '../lib/messages.ts';
import { useSession, type SessionState } from '../lib/session.tsx';
import { signInMessages } from './sign-in-messages.ts';

function KeyForm(): ReactNode {
  const t = useMessages(signInMessages);
  const session = useSession();
  const [key, setKey] = useState('');
  const [error, setError] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    if (key.trim() === '') return setError(t.keyEmpty);
    setBusy(true);
    try {
      await session.useKey(key.trim());
      setKey('');
    } catch (thrown) {
      setError(thrown instanceof ApiError ? thrown.message : String(thrown));
    } finally {
      setBusy(false);
    }
  };
  return (
    <form className="flex flex-col gap-3" onSubmit={(event) => void submit(event)}>
      <p className="text-sm text-muted">{t.keyText}</p>
      <label className="flex flex-col gap-1.5 text-sm font-medium">
        {t.keyLabel}
        <input
          type="password"
          autoComplete="off"
          spellCheck={false}
          value={key}
          onChange={({ target }) => setKey(target.value)}
          aria-invalid={error !== null}
          aria-describedby="key-error"
          placeholder="fwy_…"
          className="min-h-11 rounded-xl border border-line-strong bg-page px-3 font-mono text-base"
        />
      </label>
      <p id="key-error" role="alert" className="text-sm text-danger empty:hidden">
        {error}
      </p>
      <Button type="submit" look="primary" disabled={busy}>
        {t.keyButton}
      </Button>
    </form>
  );
}

type Mode = Extract<SessionState, { kind: 'out' | 'ended' }>['mode'];

function SignInWays({ mode }: { readonly mode: Mode }): ReactNode {
  const t = useMessages(signInMessages);
  if (mode === 'api_only') return <KeyForm />;
  if (mode === 'google')
    return (
      <a
        href={`/login?next=${encodeURIComponent(location.pathname + location.search)}`}
        className="inline-flex min-h-11 items-center justify-center rounded-xl bg-accent px-4 font-medium text-accent-ink hover:bg-accent-hover"
      >
        {t.useGoogle}
      </a>
    );
  return (
    <>
      <div>
        <h2 className="font-semibold">{t.localTitle}</h2>
        <p className="mt-1 text-sm text-muted">{t.localText}</p>
      </div>
      <details>
        <summary className="text-sm font-medium text-accent">{t.keyTitle}</summary>
        <div className="pt-3">
          <KeyForm />
        </div>
      </details>
    </>
  );
}

/** The whole page for those who are not signed in. */
export function SignInPage({ state }: { readonly state: Extract<SessionState, { kind: 'out' }> }): ReactNode {
  const t = useMessages(signInMessages);
  // Not the name of a chat.
  useEffect(() => {
    document.title = 'Freeway';
  }, []);
  return (
    <Front tagline={t.tagline}>
      {state.refusal && (
        <Notice tone="danger" title={t.usedLink}>
          {state.refusal}
        </Notice>
      )}
      <SignInWays mode={state.mode} />
    </Front>
  );
}

function openLogin(): void {
  window.open('/login?popup=1', 'freeway-login', 'popup,width=480,height=640');
}

/** Over the page, when its session has ended: what was being done stays. */
export function SessionEndedDialog({ mode }: { readonly mode: Mode }): ReactNode {
  const t = useMessages(signInMessages);
  return (
    <Dialog open onClose={() => undefined} dismissable={false} title={t.endedTitle}>
      <div className="flex flex-col gap-4">
        <p className="text-sm text-muted">{t.endedText}</p>
        {mode === 'google' ? (
          <Button look="primary" onClick={openLogin}>
            {t.signInAgain}
          </Button>
        ) : (
          <SignInWays mode={mode} />
        )}
      </div>
    </Dialog>
  );
}
