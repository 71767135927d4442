/** The menus of the header: loaded when the first of them is opened. */
import { Group, Menu, Text, useMantineColorScheme } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { LogOut } from 'lucide-react';
import type { ReactElement } from 'react';
import { asApiError } from '@/api/problem';
import { Time } from '@/ui/time';
import { SCHEMES } from './header';
import { useSession, useSessionState } from './session';

function stillIn(error: unknown): void {
  notifications.show({ color: 'red', title: 'Still logged in', message: asApiError(error).message });
}

export interface MenuProps {
  /** The button that opens it. */
  children: ReactElement;
}

export function SchemeMenu({ children }: MenuProps) {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  return (
    <Menu defaultOpened returnFocus position="bottom-end" width={170}>
      <Menu.Target>{children}</Menu.Target>
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

export function UserMenu({ children }: MenuProps) {
  const { me, expires_at } = useSession();
  const { logOut } = useSessionState();
  return (
    <Menu defaultOpened returnFocus position="bottom-end" width={240}>
      <Menu.Target>{children}</Menu.Target>
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
        <Menu.Item leftSection={<LogOut size={14} />} onClick={() => void logOut().catch(stillIn)}>
          Log out
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
