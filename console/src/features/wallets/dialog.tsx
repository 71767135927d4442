/** A question with fields to fill in. What is wrong with a field is said at the field, the rest above the button. */
import {
  Button,
  Group,
  Stack,
  Textarea,
  type TextareaProps,
  TextInput,
  type TextInputProps,
} from '@mantine/core';
import { type FormEvent, type ReactNode, useState } from 'react';
import type { ApiError } from '@/api/problem';
import { Dialog } from '@/ui/dialog';
import { fieldError, ProblemAlert } from '@/ui/problem-alert';

export interface FormDialogProps {
  title: string;
  /** What the button does: `Freeze the wallet`. */
  action: string;
  danger?: boolean;
  busy: boolean;
  error: ApiError | null;
  /** The fields that show what is wrong with them. */
  shows: readonly string[];
  size?: string | number;
  onSubmit: () => void;
  onClose: () => void;
  children: ReactNode;
}

export function FormDialog(props: FormDialogProps) {
  const { title, action, danger, busy, error, shows, size = 'md', onSubmit, onClose, children } = props;
  const wrong = Object.keys(error?.fields ?? {});
  const saidAbove = wrong.length > 0 && wrong.every((field) => shows.some((name) => field.startsWith(name)));
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onSubmit();
  };
  return (
    <Dialog onClose={onClose} title={title} size={size}>
      <form onSubmit={submit} noValidate>
        <Stack gap="sm">{children}</Stack>
        {!saidAbove && error && (
          <div className="bw-dialog-problem">
            <ProblemAlert error={error} />
          </div>
        )}
        <Group justify="flex-end" gap="xs" mt="md">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" color={danger ? 'red' : undefined} loading={busy}>
            {action}
          </Button>
        </Group>
      </form>
    </Dialog>
  );
}

/** An amount of dollars, sent as it was typed: the server says what is wrong with it. */
export function AmountInput(props: Omit<TextInputProps, 'onChange'> & { onChange: (text: string) => void }) {
  const { onChange, ...rest } = props;
  return (
    <TextInput
      leftSection="$"
      leftSectionWidth={24}
      inputMode="decimal"
      autoComplete="off"
      spellCheck={false}
      {...rest}
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  );
}

/** Why it is done: the field `reason`, which the server asks for. */
export function ReasonInput(
  props: Omit<TextareaProps, 'onChange'> & { faults: Faults; onChange: (text: string) => void },
) {
  const { faults, onChange, ...rest } = props;
  return (
    <Textarea
      label="Reason"
      error={faults.of('reason')}
      autosize
      minRows={2}
      required
      {...rest}
      onChange={(event) => {
        onChange(event.currentTarget.value);
        faults.mended('reason');
      }}
    />
  );
}

export interface Faults {
  /** What is wrong with a field, until it is changed. */
  of: (field: string) => string | undefined;
  /** The field was changed: what was wrong with it is not said any more. */
  mended: (field: string) => void;
}

/** What the server found wrong, field by field. */
export function useFaults(error: ApiError | null): Faults {
  const [mended, setMended] = useState<{ error: ApiError | null; fields: readonly string[] }>({
    error: null,
    fields: [],
  });
  const fields = mended.error === error ? mended.fields : [];
  return {
    of: (field) => (fields.includes(field) ? undefined : fieldError(error, field)),
    mended: (field) => setMended({ error, fields: [...fields, field] }),
  };
}
