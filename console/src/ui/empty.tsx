import { Button, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { CodeBlock } from './code-block';

export interface EmptyProps {
  title: string;
  /** What would be here, and how it gets here. */
  children?: ReactNode;
  /** A command that puts something here: `curl('/v1/events', { body })` of origin.ts. */
  command?: string;
  action?: ReactNode;
}

/** Nothing here yet: says what would be, and how to get it. */
export function Empty({ title, children, command, action }: EmptyProps) {
  return (
    <div className="bw-empty">
      <Text fw={600}>{title}</Text>
      {children && <Text c="dimmed">{children}</Text>}
      {command && <CodeBlock code={command} label="Command" />}
      {action}
    </div>
  );
}

/** The way out of filters that take nothing. */
export function ClearFilters({ onClick }: { onClick: () => void }) {
  return (
    <Button variant="default" onClick={onClick}>
      Clear the filters
    </Button>
  );
}
