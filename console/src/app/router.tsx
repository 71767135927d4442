/** The routes: those of the features, in the shell, and the few that are not behind the login. */
import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
} from '@tanstack/react-router';
import { PageSkeleton } from '@/ui/page';
import type { FeatureRoute } from './feature';
import { features } from './features';
import { fields, readFields, text } from './search';
import { Home, Shell } from './shell';
import { Broken, NotFound } from './trouble';

const root = createRootRoute({ component: Outlet, notFoundComponent: NotFound, errorComponent: Broken });

const shell = createRoute({
  getParentRoute: () => root,
  id: 'shell',
  component: Shell,
  errorComponent: Broken,
});

const login = createRoute({
  getParentRoute: () => root,
  path: '/login',
  validateSearch: (raw: Record<string, unknown>) => readFields(fields({ next: text() }), raw),
  component: lazyRouteComponent(() => import('./login')),
});

const portal = createRoute({
  getParentRoute: () => root,
  path: '/portal',
  component: lazyRouteComponent(() => import('./portal')),
});

function routeOf(parent: typeof shell | typeof root, { path, page, search }: FeatureRoute) {
  return createRoute({
    getParentRoute: () => parent,
    path,
    validateSearch: (raw: Record<string, unknown>) => readFields(search ?? {}, raw),
    component: lazyRouteComponent(page),
  });
}

const given = features.flatMap((feature) => feature.routes);
const inShell = given.filter((route) => !route.bare).map((route) => routeOf(shell, route));
const bare = given.filter((route) => route.bare).map((route) => routeOf(root, route));
if (!given.some((route) => route.path === '/')) {
  inShell.push(createRoute({ getParentRoute: () => shell, path: '/', component: Home }) as never);
}

/** Search values as they are: `?type=purchase.*`, never JSON, so that people can write links by hand. */
function parseSearch(search: string): Record<string, unknown> {
  return Object.fromEntries(new URLSearchParams(search));
}

function stringifySearch(search: Record<string, unknown>): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(search)) {
    if (value !== undefined && value !== null && value !== '') params.set(name, String(value));
  }
  const text = params.toString();
  return text === '' ? '' : `?${text}`;
}

export const router = createRouter({
  routeTree: root.addChildren([shell.addChildren(inShell), login, portal, ...bare]),
  parseSearch,
  stringifySearch,
  defaultPreload: 'intent',
  defaultPendingComponent: PageSkeleton,
  defaultPendingMs: 150,
  defaultErrorComponent: Broken,
  scrollRestoration: true,
});
