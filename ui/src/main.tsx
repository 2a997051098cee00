// The app document: puts preferences, the way to the server, the session and the pages together.
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { StrictMode, Suspense, useMemo, type ReactNode } from 'react';
import { createRoot } from 'react-dom/client';
import * as z from 'zod/mini';
import { AppMessagesProvider } from './app/messages-provider.tsx';
import { loadAppMessages, type AppMessages } from './app/messages.ts';
import { LoadingPage, UnreachablePage } from './app/pages.tsx';
import { createAppRouter } from './app/router.tsx';
import { ApiContext, createApi } from './lib/api.ts';
import { readPreferences, toLanguage } from './lib/preferences.ts';
import { PreferencesProvider } from './lib/preferences-provider.tsx';
import { SessionProvider, useSession } from './lib/session.tsx';
import { Singletons, SingletonsContext } from './lib/singletons.ts';
import { ToastsProvider } from './lib/toasts.tsx';
import { lazily, patiently } from './lib/patiently.ts';

// Making code from text is forbidden by the content security policy.
z.config({ jitless: true });

const SignInPage = lazily(patiently(() => import('./app/sign-in.tsx').then(({ SignInPage }) => SignInPage)));

const router = createAppRouter();
/** The session was asked for by `ahead.js`; that reply is good once. */
function takeAhead(path: string): Promise<Response> | null {
  const page = globalThis as { sessionAhead?: Promise<Response> };
  if (path !== '/api/session' || page.sessionAhead === undefined) return null;
  const reply = page.sessionAhead;
  delete page.sessionAhead;
  return reply;
}

const api = createApi(takeAhead);
const singletons = new Singletons();
const queries = new QueryClient({
  defaultOptions: { queries: { retry: 1, staleTime: 30_000, refetchOnWindowFocus: false } },
});

// The page is fetched while the session is being asked for.
void router.preloadRoute({ to: location.pathname });

/** All pages, of one person: of somebody else's nothing is left, not even a note. */
function Own({ personId }: { readonly personId: string }): ReactNode {
  const own = useMemo(() => ({ singletons, personId }), [personId]);
  return (
    <SingletonsContext value={own}>
      <ToastsProvider>
        <RouterProvider router={router} />
      </ToastsProvider>
    </SingletonsContext>
  );
}

function Gate(): ReactNode {
  const { state, refresh } = useSession();
  if (state.kind === 'loading') return <LoadingPage />;
  if (state.kind === 'unreachable') return <UnreachablePage onRetry={() => void refresh()} />;
  if (state.kind === 'out')
    return (
      <Suspense fallback={<LoadingPage />}>
        <SignInPage state={state} />
      </Suspense>
    );
  return <Own key={state.person.id} personId={state.person.id} />;
}

function draw(words: AppMessages): void {
  const element = document.querySelector('#root');
  if (!element) return;
  createRoot(element).render(
    <StrictMode>
      <ApiContext value={api}>
        <PreferencesProvider>
          <AppMessagesProvider first={words}>
            <QueryClientProvider client={queries}>
              <SessionProvider singletons={singletons}>
                <Gate />
              </SessionProvider>
            </QueryClientProvider>
          </AppMessagesProvider>
        </PreferencesProvider>
      </ApiContext>
    </StrictMode>,
  );
}

// Words come before anything is drawn, so that no page begins in another language.
void loadAppMessages(toLanguage(readPreferences(localStorage), navigator.language)).then(draw);
