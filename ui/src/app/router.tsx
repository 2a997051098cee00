// The addresses of the web app and the page at each; every page is loaded when it is first gone to.
import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from '@tanstack/react-router';
import { patiently } from '../lib/patiently.ts';
import { CrashedPage, LoadingPage, NotFoundPage } from './pages.tsx';
import { Shell } from './shell.tsx';

const root = createRootRoute({ component: Shell, notFoundComponent: NotFoundPage });

/** One for both of its addresses: whoever has it goes from one to the other without a network. */
const loadChat = patiently(() => import('../features/chat/page.tsx'));
const newChat = createRoute({
  getParentRoute: () => root,
  path: '/',
  component: lazyRouteComponent(loadChat, 'NewChatPage'),
});
const chat = createRoute({
  getParentRoute: () => root,
  path: '/c/$chatId',
  component: lazyRouteComponent(loadChat, 'StoredChatPage'),
});
const transcribe = createRoute({
  getParentRoute: () => root,
  path: '/transcribe',
  component: lazyRouteComponent(
    patiently(() => import('../features/transcribe/page.tsx')),
    'TranscribePage',
  ),
});
const transcript = createRoute({
  getParentRoute: () => root,
  path: '/transcribe/$transcriptId',
  component: lazyRouteComponent(
    patiently(() => import('../features/transcribe/kept-page.tsx')),
    'KeptPage',
  ),
});
const providers = createRoute({
  getParentRoute: () => root,
  path: '/providers',
  component: lazyRouteComponent(
    patiently(() => import('../features/providers/page.tsx')),
    'ProvidersPage',
  ),
});
const keys = createRoute({
  getParentRoute: () => root,
  path: '/keys',
  component: lazyRouteComponent(
    patiently(() => import('../features/keys/page.tsx')),
    'KeysPage',
  ),
});
const usage = createRoute({
  getParentRoute: () => root,
  path: '/usage',
  component: lazyRouteComponent(
    patiently(() => import('../features/usage/page.tsx')),
    'UsagePage',
  ),
});
const batches = createRoute({
  getParentRoute: () => root,
  path: '/batches',
  component: lazyRouteComponent(
    patiently(() => import('../features/batches/page.tsx')),
    'BatchesPage',
  ),
});
const receipt = createRoute({
  getParentRoute: () => root,
  path: '/r/$requestId',
  component: lazyRouteComponent(
    patiently(() => import('../features/usage/receipt-page.tsx')),
    'ReceiptPage',
  ),
});
const explain = createRoute({
  getParentRoute: () => root,
  path: '/explain',
  component: lazyRouteComponent(
    patiently(() => import('../features/explain/page.tsx')),
    'ExplainPage',
  ),
});
const people = createRoute({
  getParentRoute: () => root,
  path: '/people',
  component: lazyRouteComponent(
    patiently(() => import('../features/people/page.tsx')),
    'PeoplePage',
  ),
});
const rollout = createRoute({
  getParentRoute: () => root,
  path: '/rollout',
  component: lazyRouteComponent(
    patiently(() => import('../features/rollout/page.tsx')),
    'RolloutPage',
  ),
});
const models = createRoute({
  getParentRoute: () => root,
  path: '/models',
  component: lazyRouteComponent(
    patiently(() => import('../features/models/page.tsx')),
    'ModelsPage',
  ),
});
const settings = createRoute({
  getParentRoute: () => root,
  path: '/settings',
  component: lazyRouteComponent(
    patiently(() => import('./settings.tsx')),
    'Settings',
  ),
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
      batches,
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
