/** The menu: what this session may see of what there is. */
import { NavLink, Stack, Text } from '@mantine/core';
import { Link, useRouterState } from '@tanstack/react-router';
import { useMemo } from 'react';
import type { Session } from '@/api/session';
import type { Feature, MenuEntry } from './feature';
import { features } from './features';
import { useSession } from './session';

/** The entries that a session sees. */
export function menuOf(all: readonly Feature[], session: Session): MenuEntry[] {
  const { me, portal } = session;
  return all
    .map((feature) => feature.menu)
    .filter((entry): entry is MenuEntry => entry !== undefined)
    .filter((entry) => !portal || entry.portal === true)
    .filter((entry) => !entry.unboundOnly || !me.namespace)
    .filter((entry) => !entry.needs || entry.needs.some((need) => me.permissions.includes(need)));
}

export function useMenu(): MenuEntry[] {
  const session = useSession();
  return useMemo(() => menuOf(features, session), [session]);
}

/** Where somebody lands who did not say where to go. */
export function useHome(): string {
  return useMenu()[0]?.path ?? '/';
}

/**
 * Whether this path is for somebody else: what is behind a portal's link has the pages of its menu, and those that
 * they lead to. The server refuses the rest; this only says it in a page instead of in errors.
 */
export function useOutOfBounds(): boolean {
  const { portal } = useSession();
  const path = useRouterState({ select: (state) => state.location.pathname });
  return portal && isOutOfBounds(features, path);
}

export function isOutOfBounds(all: readonly Feature[], path: string): boolean {
  return all.some(({ menu }) => {
    if (!menu || menu.portal) return false;
    return menu.path === '/' ? path === '/' : path === menu.path || path.startsWith(`${menu.path}/`);
  });
}

export function Nav({ onGo }: { onGo: () => void }) {
  const menu = useMenu();
  const path = useRouterState({ select: (state) => state.location.pathname });
  return (
    <Stack gap={1} component="nav" aria-label="Pages" className="bw-nav-list">
      {menu.map(({ path: to, icon: Icon, label, key, badge: Badge }) => {
        const here = to === '/' ? path === '/' : path === to || path.startsWith(`${to}/`);
        return (
          <NavLink
            key={to}
            title={key && `g ${key}`}
            component={Link}
            to={to}
            onClick={onGo}
            active={here}
            aria-current={here ? 'page' : undefined}
            className="bw-nav"
            label={label}
            leftSection={<Icon size={15} strokeWidth={1.75} />}
            rightSection={Badge ? <Badge /> : undefined}
          />
        );
      })}
    </Stack>
  );
}

/** Which workspace, and which namespace of it if only one. */
export function Place() {
  const { me, portal, read_only } = useSession();
  return (
    <div className="bw-place">
      <Text size="sm" fw={600} truncate title={me.workspace_id}>
        {portal ? me.namespace : me.name}
      </Text>
      <Text size="xs" c="dimmed" truncate>
        {portal
          ? read_only
            ? 'read only'
            : 'read and manage deliveries'
          : me.namespace
            ? `namespace ${me.namespace}`
            : `${me.kind} key`}
      </Text>
    </div>
  );
}
