/** The three ways to end a hold; the first one wins, and others are told that it did. */
import { Text, Textarea, TextInput } from '@mantine/core';
import { useState } from 'react';
import { answer } from '@/api/client';
import { useWrite } from '@/api/hooks';
import { useApi, useLive } from '@/api/scope';
import { Confirm } from '@/ui/confirm';
import { formatUsd, parseUsd, showUsd } from '@/ui/nanos';
import { AmountInput, FormDialog, useFaults } from './dialog';

/** What a purchase and its hold have in common. */
export interface Held {
  id: string;
  vendor: string;
  amount_usd: string;
}

interface EndProps {
  hold: Held;
  onClose: () => void;
}

export function CaptureDialog({ hold, onClose }: EndProps) {
  const api = useApi();
  const [typed, setTyped] = useState(hold.amount_usd);
  const write = useWrite(
    () =>
      answer(
        api.http.POST('/v1/holds/{hold_id}/capture', {
          params: { path: { hold_id: hold.id } },
          body: { amount_usd: typed.trim() },
        }),
      ),
    {
      topics: ['wallets'],
      quiet: true,
      said: (ended) => `Captured ${showUsd(ended.captured_usd)}`,
      done: onClose,
    },
  );
  const faults = useFaults(write.error);
  const held = parseUsd(hold.amount_usd) ?? 0n;
  const paid = parseUsd(typed);
  return (
    <FormDialog
      title={`Capture the hold for ${hold.vendor}?`}
      action={paid === null ? 'Capture' : `Capture ${formatUsd(paid)}`}
      busy={write.isPending}
      error={write.error}
      shows={['amount_usd']}
      onSubmit={() => write.mutate()}
      onClose={onClose}
    >
      <Text>
        What is captured counts as spent; the rest goes back to the budget. Bellwire records it and moves no
        money.
      </Text>
      <AmountInput
        label="Amount"
        description={
          paid !== null && paid >= 0n && paid < held
            ? `${formatUsd(held - paid)} of ${formatUsd(held)} is released.`
            : `At most what is held: ${formatUsd(held)}.`
        }
        value={typed}
        onChange={(text) => {
          setTyped(text);
          faults.mended('amount_usd');
        }}
        error={faults.of('amount_usd')}
        data-autofocus
      />
    </FormDialog>
  );
}

export function VoidDialog({ hold, onClose }: EndProps) {
  const api = useApi();
  const live = useLive();
  return (
    <Confirm
      title={`Void the hold for ${hold.vendor}?`}
      action="Void the hold"
      onConfirm={async () => {
        await answer(
          api.http.POST('/v1/holds/{hold_id}/void', { params: { path: { hold_id: hold.id } }, body: {} }),
        );
        live.changed(['wallets']);
      }}
      onClose={onClose}
    >
      {showUsd(hold.amount_usd)} goes back to the budget. Whoever made the hold can no longer capture it.
    </Confirm>
  );
}

export function FailDialog({ hold, onClose }: EndProps) {
  const api = useApi();
  const [code, setCode] = useState('');
  const [message, setMessage] = useState('');
  const write = useWrite(
    () =>
      answer(
        api.http.POST('/v1/holds/{hold_id}/fail', {
          params: { path: { hold_id: hold.id } },
          body: { error_code: code, error_message: message },
        }),
      ),
    { topics: ['wallets'], quiet: true, said: 'The purchase failed', done: onClose },
  );
  const faults = useFaults(write.error);
  return (
    <FormDialog
      title={`Record that ${hold.vendor} failed?`}
      action="Fail the purchase"
      danger
      busy={write.isPending}
      error={write.error}
      shows={['error_code', 'error_message']}
      onSubmit={() => write.mutate()}
      onClose={onClose}
    >
      <Text>
        {showUsd(hold.amount_usd)} goes back to the budget, and <code>purchase.failed</code> tells why.
      </Text>
      <TextInput
        label="Code"
        placeholder="card_declined"
        value={code}
        onChange={(event) => {
          setCode(event.currentTarget.value);
          faults.mended('error_code');
        }}
        error={faults.of('error_code')}
        spellCheck={false}
        required
        data-autofocus
      />
      <Textarea
        label="Message"
        value={message}
        onChange={(event) => {
          setMessage(event.currentTarget.value);
          faults.mended('error_message');
        }}
        error={faults.of('error_message')}
        autosize
        minRows={2}
        required
      />
    </FormDialog>
  );
}
