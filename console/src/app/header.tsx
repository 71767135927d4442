/** The upper right corner: whether what is shown is live, light or dark, help, who one is. */
import { ActionIcon, Group, Menu, Text, Tooltip, useMantineColorScheme } from '@mantine/core';
import { CircleHelp, LogOut, Monitor, Moon, Sun, UserRound } from 'lucide-react';
import type { LiveState } from '@/api/live';
import { useLiveState } from '@/api/scope';
import { Time } from '@/ui/time';
import { useSession, useSessionState } from './session';

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
    <Tooltip label={hint}>
      <span className="bw-live" role="status" data-state={label}>
        <span className="bw-dot" data-tone={tone} />
        {label}
      </span>
    </Tooltip>
  );
}

const SCHEMES = [
  { value: 'light', label: 'Light', icon: Sun },
  { value: 'dark', label: 'Dark', icon: Moon },
  { value: 'auto', label: 'As the system', icon: Monitor },
] as const;

export function SchemeSwitch() {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const Icon = SCHEMES.find(({ value }) => value === colorScheme)?.icon ?? Monitor;
  return (
    <Menu position="bottom-end" width={170}>
      <Menu.Target>
        <ActionIcon aria-label="Colour scheme">
          <Icon size={15} strokeWidth={1.75} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {SCHEMES.map(({ value, label, icon: Choice }) => (
          <Menu.Item
            key={value}
            leftSection={<Choice size={14} />}
            onClick={() => setColorScheme(value)}
            fw={value === colorScheme ? 600 : undefined}
          >
            {label}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

export function HelpButton({ onClick }: { onClick: () => void }) {
  return (
    <Tooltip label="Keyboard shortcuts (?)">
      <ActionIcon aria-label="Keyboard shortcuts" onClick={onClick}>
        <CircleHelp size={15} strokeWidth={1.75} />
      </ActionIcon>
    </Tooltip>
  );
}

export function UserMenu() {
  const { me, expires_at } = useSession();
  const { logOut } = useSessionState();
  return (
    <Menu position="bottom-end" width={240}>
      <Menu.Target>
        <ActionIcon aria-label={`Logged in with the key ${me.key_name}`}>
          <UserRound size={15} strokeWidth={1.75} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <div className="bw-menu-head">
          <Text fw={600} truncate>
            {me.key_name}
          </Text>
          <Text size="xs" c="dimmed">
            {me.kind} key of {me.name}
            {me.namespace ? `, namespace ${me.namespace}` : ''}
          </Text>
          <Group gap={4}>
            <Text size="xs" c="dimmed">
              session ends
            </Text>
            <Text size="xs" c="dimmed" component="span">
              <Time at={expires_at} />
            </Text>
          </Group>
        </div>
        <Menu.Divider />
        <Menu.Item leftSection={<LogOut size={14} />} onClick={() => void logOut()}>
          Log out
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
