/** The upper right corner: whether what is shown is live, light or dark, help, who one is. */
import { ActionIcon, useMantineColorScheme } from '@mantine/core';
import { CircleHelp, Monitor, Moon, Sun, UserRound } from 'lucide-react';
import { lazy, type ReactNode, Suspense, useState } from 'react';
import type { LiveState } from '@/api/live';
import { useLiveState } from '@/api/scope';
import { useSession } from './session';

const LIVE: Record<LiveState, { label: string; tone: string; hint: string }> = {
  connecting: { label: 'connecting', tone: 'wait', hint: 'Waiting for the server' },
  live: { label: 'live', tone: 'ok', hint: 'What you see is updated as it changes' },
  reconnecting: {
    label: 'reconnecting',
    tone: 'warn',
    hint: 'The server does not answer. Everything is fetched again when it does.',
  },
  polling: { label: 'every 5 s', tone: 'off', hint: 'This server does not tell of changes, so it is asked' },
  resting: { label: 'resting', tone: 'off', hint: 'Nobody was looking' },
};

export function LiveIndicator() {
  const { label, tone, hint } = LIVE[useLiveState()];
  return (
    <span className="bw-live" role="status" data-state={label} title={hint}>
      <span className="bw-dot" data-tone={tone} />
      {label}
    </span>
  );
}

export const SCHEMES = [
  { value: 'light', label: 'Light', icon: Sun },
  { value: 'dark', label: 'Dark', icon: Moon },
  { value: 'auto', label: 'As the system', icon: Monitor },
] as const;

const SchemeMenu = lazy(async () => ({ default: (await import('./menus')).SchemeMenu }));
const AccountMenu = lazy(async () => ({ default: (await import('./menus')).UserMenu }));

/** A button whose menu is loaded when it is first wanted: menus would be an eighth of the first view. */
function MenuButton({
  label,
  icon,
  menu: Menu,
}: {
  label: string;
  icon: ReactNode;
  menu: typeof SchemeMenu;
}) {
  const [wanted, setWanted] = useState(false);
  const button = (
    <ActionIcon aria-label={label} aria-haspopup="menu" onClick={() => setWanted(true)}>
      {icon}
    </ActionIcon>
  );
  if (!wanted) return button;
  return (
    <Suspense fallback={button}>
      <Menu>{button}</Menu>
    </Suspense>
  );
}

export function SchemeSwitch() {
  const { colorScheme } = useMantineColorScheme();
  const Icon = SCHEMES.find(({ value }) => value === colorScheme)?.icon ?? Monitor;
  return <MenuButton label="Colour scheme" icon={<Icon size={15} strokeWidth={1.75} />} menu={SchemeMenu} />;
}

export function HelpButton({ onClick }: { onClick: () => void }) {
  return (
    <ActionIcon aria-label="Keyboard shortcuts" title="Keyboard shortcuts (?)" onClick={onClick}>
      <CircleHelp size={15} strokeWidth={1.75} />
    </ActionIcon>
  );
}

export function UserMenu() {
  const { me } = useSession();
  return (
    <MenuButton
      label={`Logged in with the key ${me.key_name}`}
      icon={<UserRound size={15} strokeWidth={1.75} />}
      menu={AccountMenu}
    />
  );
}
