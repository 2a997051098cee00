// The addresses of the web app and the page at each; every page is loaded when it is first gone to.
import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from '@tanstack/react-router';
import { loadPatiently } from '../lib/patiently.ts';
import { CrashedPage, LoadingPage, NotFoundPage } from './pages.tsx';
import { Shell } from './shell.tsx';

const root = createRootRoute({ component: Shell, notFoundComponent: NotFoundPage });

const newChat = createRoute({
  getParentRoute: () => root,
  path: '/',
  component: lazyRouteComponent(() => loadPatiently(() => import('../features/chat/page.tsx')), 'NewChatPage'),
});
const chat = createRoute({
  getParentRoute: () => root,
  path: '/c/$chatId',
  component: lazyRouteComponent(() => loadPatiently(() => import('../features/chat/page.tsx')), 'StoredChatPage'),
});
const transcribe = createRoute({
  getParentRoute: () => root,
  path: '/transcribe',
  component: lazyRouteComponent(() => loadPatiently(() => import('../features/transcribe/page.tsx')), 'TranscribePage'),
});
const transcript = createRoute({
  getParentRoute: () => root,
  path: '/transcribe/$transcriptId',
  component: lazyRouteComponent(() => loadPatiently(() => import('../features/transcribe/kept-page.tsx')), 'KeptPage'),
});
const providers = createRoute({
  getParentRoute: () => root,
  path: '/providers',
  component: lazyRouteComponent(() => loadPatiently(() => import('../features/providers/page.tsx')), 'ProvidersPage'),
});
const keys = createRoute({
  getParentRoute: () => root,
  path: '/keys',
  component: lazyRouteComponent(() => loadPatiently(() => import('../features/keys/page.tsx')), 'KeysPage'),
});
const usage = createRoute({
  getParentRoute: () => root,
  path: '/usage',
  component: lazyRouteComponent(() => loadPatiently(() => import('../features/usage/page.tsx')), 'UsagePage'),
});
const receipt = createRoute({
  getParentRoute: () => root,
  path: '/r/$requestId',
  component: lazyRouteComponent(() => loadPatiently(() => import('../features/usage/receipt-page.tsx')), 'ReceiptPage'),
});
const explain = createRoute({
  getParentRoute: () => root,
  path: '/explain',
  component: lazyRouteComponent(() => loadPatiently(() => import('../features/explain/page.tsx')), 'ExplainPage'),
});
const people = createRoute({
  getParentRoute: () => root,
  path: '/people',
  component: lazyRouteComponent(() => loadPatiently(() => import('../features/people/page.tsx')), 'PeoplePage'),
});
const rollout = createRoute({
  getParentRoute: () => root,
  path: '/rollout',
  component: lazyRouteComponent(() => loadPatiently(() => import('../features/rollout/page.tsx')), 'RolloutPage'),
});
const models = createRoute({
  getParentRoute: () => root,
  path: '/models',
  component: lazyRouteComponent(() => loadPatiently(() => import('../features/models/page.tsx')), 'ModelsPage'),
});
const settings = createRoute({
  getParentRoute: () => root,
  path: '/settings',
  component: lazyRouteComponent(() => loadPatiently(() => import('./settings.tsx')), 'Settings'),
});

/** The router of the app document. */
export const createAppRouter = () =>
  createRouter({
    routeTree: root.addChildren([
      newChat,
      chat,
      transcribe,
      transcript,
      providers,
      keys,
      usage,
      receipt,
      explain,
      people,
      rollout,
      models,
      settings,
    ]),
    defaultPreload: 'intent',
    defaultErrorComponent: CrashedPage,
    defaultPendingComponent: LoadingPage,
    scrollRestoration: false,
  });

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof createAppRouter>;
  }
}
