/** What is around the playground: no menu, since there is no login. */
import { Anchor, Group } from '@mantine/core';
import type { ReactNode } from 'react';
import { SchemeSwitch } from '@/app/header';
import { Wordmark } from '@/app/logo';

export function Frame({ aside, children }: { aside?: ReactNode; children: ReactNode }) {
  return (
    <div className="try">
      <header className="try-header">
        <a href="/try" className="bw-home" aria-label="Bellwire playground">
          <Wordmark />
        </a>
        <Group gap={10} wrap="nowrap" justify="flex-end">
          {aside}
          <SchemeSwitch />
          <Anchor href="/login">Log in</Anchor>
        </Group>
      </header>
      {children}
    </div>
  );
}
