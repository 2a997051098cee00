// The addresses of the web app and the page at each; every page is loaded when it is first gone to.
import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from '@tanstack/react-router';
import { CrashedPage, LoadingPage, NotFoundPage } from './pages.tsx';
import { Shell } from './shell.tsx';

const root = createRootRoute({ component: Shell, notFoundComponent: NotFoundPage });

const newChat = createRoute({
  getParentRoute: () => root,
  path: '/',
  component: lazyRouteComponent(() => import('../features/chat/page.tsx'), 'NewChatPage'),
});
const chat = createRoute({
  getParentRoute: () => root,
  path: '/c/$chatId',
  component: lazyRouteComponent(() => import('../features/chat/page.tsx'), 'StoredChatPage'),
});
const providers = createRoute({
  getParentRoute: () => root,
  path: '/providers',
  component: lazyRouteComponent(() => import('../features/providers/page.tsx'), 'ProvidersPage'),
});
const settings = createRoute({
  getParentRoute: () => root,
  path: '/settings',
  component: lazyRouteComponent(() => import('./settings.tsx'), 'Settings'),
});

/** The router of the app document. */
export const createAppRouter = () =>
  createRouter({
    routeTree: root.addChildren([newChat, chat, providers, settings]),
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
