/** What is around every page: the menu, the header, the keys. Nobody gets in without a session. */
import { AppShell, Burger, Group, Loader } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { Link, Navigate, Outlet, useRouter, useRouterState } from '@tanstack/react-router';
import { lazy, Suspense, useEffect } from 'react';
import { ProblemAlert } from '@/ui/problem-alert';
import { HelpButton, LiveIndicator, SchemeSwitch, UserMenu } from './header';
import { Mark, Wordmark } from './logo';
import { Nav, Place, useHome, useMenu, useOutOfBounds } from './nav';
import { useSessionState } from './session';
import { useShortcuts } from './shortcuts';
import { NotFound } from './trouble';

const Help = lazy(() => import('./help'));

export function Shell() {
  const { known, retry } = useSessionState();
  if (known.state === 'loading') return <Splash />;
  if (known.state === 'lost') {
    return (
      <main className="bw-alone">
        <ProblemAlert error={known.error} retry={retry} />
      </main>
    );
  }
  if (known.state === 'out') return <ToLogin />;
  return <Frame />;
}

/** To the login and then back. Once: while the login is loaded, the location is already another. */
function ToLogin() {
  const router = useRouter();
  useEffect(() => {
    const { href } = router.state.location;
    const next = href === '/' ? undefined : href;
    void router.navigate({ to: '/login' as never, search: { next } as never, replace: true });
  }, [router]);
  return <Splash />;
}

function Frame() {
  const [menuOpen, { toggle, close }] = useDisclosure(false);
  const [helpOpen, help] = useDisclosure(false);
  const menu = useMenu();
  useShortcuts(menu, help.open);
  return (
    <AppShell
      layout="alt"
      header={{ height: 44 }}
      navbar={{ width: 208, breakpoint: 'sm', collapsed: { mobile: !menuOpen } }}
      padding={0}
      transitionDuration={0}
    >
      <a className="bw-skip" href="#main">
        Skip to the page
      </a>
      <AppShell.Header className="bw-header">
        <Group gap="xs">
          <Burger opened={menuOpen} onClick={toggle} hiddenFrom="sm" size="sm" aria-label="Menu" />
          <Link to="/" className="bw-home bw-only-small" aria-label="Bellwire">
            <Mark />
          </Link>
        </Group>
        <Group gap={6} wrap="nowrap">
          <LiveIndicator />
          <span className="bw-only-large">
            <HelpButton onClick={help.open} />
          </span>
          <SchemeSwitch />
          <UserMenu />
        </Group>
      </AppShell.Header>
      <AppShell.Navbar className="bw-navbar">
        <Group justify="space-between" className="bw-brand" wrap="nowrap">
          <Link to="/" className="bw-home" aria-label="Bellwire, first page">
            <Wordmark />
          </Link>
          <Burger opened={menuOpen} onClick={toggle} hiddenFrom="sm" size="sm" aria-label="Close the menu" />
        </Group>
        <Place />
        <Nav onGo={close} />
      </AppShell.Navbar>
      <AppShell.Main id="main" tabIndex={-1} className="bw-main">
        <Inside />
      </AppShell.Main>
      <Suspense>{helpOpen && <Help menu={menu} onClose={help.close} />}</Suspense>
    </AppShell>
  );
}

/** The page, if it is one for this session. */
function Inside() {
  const outOfBounds = useOutOfBounds();
  const path = useRouterState({ select: (state) => state.location.pathname });
  if (!outOfBounds) return <Outlet />;
  return path === '/' ? <Home /> : <NotFound />;
}

/** `/` when no feature has it: the first page of the menu. */
export function Home() {
  return <Navigate to={useHome() as never} replace />;
}

export function Splash() {
  return (
    <output className="bw-alone" aria-label="Loading">
      <Loader size="sm" type="dots" color="gray" />
    </output>
  );
}
