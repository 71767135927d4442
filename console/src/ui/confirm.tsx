/** Asking once, before something that cannot be taken back; the button says what it does. */
import { Button, Group, Text } from '@mantine/core';
import { type ReactNode, useState } from 'react';
import { type ApiError, asApiError } from '@/api/problem';
import { Dialog } from './dialog';
import { ProblemAlert } from './problem-alert';

export interface ConfirmProps {
  /** The question: `Delete this endpoint?` */
  title: string;
  /** What will happen. */
  children: ReactNode;
  /** What the button does, as a verb: `Delete the endpoint`. */
  action: string;
  /** Red unless false. */
  danger?: boolean;
  /** Closes when it is done; shows why when it is refused. */
  onConfirm: () => Promise<unknown>;
  onClose: () => void;
}

export function Confirm({ title, children, action, danger = true, onConfirm, onClose }: ConfirmProps) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<ApiError | null>(null);
  const confirm = async () => {
    setBusy(true);
    try {
      await onConfirm();
      onClose();
    } catch (problem) {
      setError(asApiError(problem));
      setBusy(false);
    }
  };
  return (
    <Dialog onClose={onClose} title={title} size="sm">
      <Text component="div" mb="md">
        {children}
      </Text>
      <ProblemAlert error={error} />
      <Group justify="flex-end" gap="xs" mt="md">
        <Button variant="default" onClick={onClose} data-autofocus>
          Cancel
        </Button>
        <Button color={danger ? 'red' : undefined} loading={busy} onClick={() => void confirm()}>
          {action}
        </Button>
      </Group>
    </Dialog>
  );
}
