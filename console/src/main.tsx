/**
 * Bellwire's console: what an operator has open all day.
 *
 *     api/       asking the server: typed client, hooks, live updates
 *     app/       what is around the pages: session, routes, shell, keys, theme
 *     ui/        the shared pieces that pages are made of
 *     features/  one folder for each slice: its menu entry, its routes, its pages
 *
 * To add a slice, add a folder: app/feature.ts tells how. A feature imports from api, app and ui, never from
 * another feature. What only a page needs is loaded with the page.
 */
import { MantineProvider } from '@mantine/core';
import { RouterProvider } from '@tanstack/react-router';
import { setNonce } from 'get-nonce';
import { lazy, Suspense } from 'react';
import { createRoot } from 'react-dom/client';
import './app/styles';
import { router } from './app/router';
import { SessionProvider } from './app/session';
import { takeLink } from './app/takelink';
import { resolver, schemes, styleNonce, theme } from './app/theme';

/** There is nothing to say before there is a page: the first view has the network to itself. */
const Toasts = lazy(async () => {
  const pause = (ms: number) => new Promise((done) => setTimeout(done, ms));
  await pause(2_000);
  for (;;) {
    try {
      return await import('./app/toasts');
    } catch {
      // The server is away; the pages stay.
      await pause(5_000);
    }
  }
});

takeLink();
// A link that is put into the address bar of an open page loads nothing by itself.
window.addEventListener('hashchange', () => {
  if (window.location.hash.startsWith('#link=')) window.location.reload();
});
// Some of Mantine's parts make style tags of their own.
setNonce(styleNonce());

const root = document.getElementById('root');
if (!root) throw new Error('index.html has a #root');
createRoot(root).render(
  <MantineProvider
    theme={theme}
    cssVariablesResolver={resolver}
    colorSchemeManager={schemes}
    defaultColorScheme="auto"
    getStyleNonce={styleNonce}
  >
    <Suspense>
      <Toasts />
    </Suspense>
    <SessionProvider>
      <RouterProvider router={router} />
    </SessionProvider>
  </MantineProvider>,
);
