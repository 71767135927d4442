/**
 * One thing of a list, beside the list: the list stays where it is, j and k go on, Escape closes. On a small
 * screen it covers the list. What is open belongs in the URL.
 */
import { ActionIcon, Group, Title } from '@mantine/core';
import { X } from 'lucide-react';
import { type ReactNode, useEffect, useRef } from 'react';

export interface SidePanelProps {
  title: ReactNode;
  label: string;
  actions?: ReactNode;
  onClose: () => void;
  children: ReactNode;
}

export function SidePanel({ title, label, actions, onClose, children }: SidePanelProps) {
  const close = useRef(onClose);
  close.current = onClose;
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key !== 'Escape' || event.defaultPrevented) return;
      if (document.querySelector('[aria-modal="true"], [data-floating-ui-portal] [role="menu"]')) return;
      close.current();
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, []);
  return (
    <aside className="bw-side" aria-label={label}>
      <Group justify="space-between" wrap="nowrap" className="bw-side-head">
        <Title order={2} className="bw-side-title">
          {title}
        </Title>
        <Group gap={4} wrap="nowrap">
          {actions}
          <ActionIcon aria-label="Close" onClick={onClose}>
            <X size={15} />
          </ActionIcon>
        </Group>
      </Group>
      <div className="bw-side-body">{children}</div>
    </aside>
  );
}
