import { Text } from '@mantine/core';
import { useState } from 'react';
import { answer } from '@/api/client';
import { useWrite } from '@/api/hooks';
import type { components } from '@/api/schema';
import { useApi } from '@/api/scope';
import { formatUsd, parseUsd, showUsd, usdText } from '@/ui/nanos';
import { AmountInput, FormDialog, ReasonInput, useFaults } from './dialog';

type Purchase = components['schemas']['Purchase'];

/** What of a purchase can still come back, in nano-dollars. */
export function refundable(purchase: Pick<Purchase, 'status' | 'captured_usd' | 'refunded_usd'>): bigint {
  if (purchase.status !== 'succeeded') return 0n;
  return (parseUsd(purchase.captured_usd) ?? 0n) - (parseUsd(purchase.refunded_usd) ?? 0n);
}

/** Gives some or all of a purchase back. */
export function RefundDialog({ purchase, onClose }: { purchase: Purchase; onClose: () => void }) {
  const api = useApi();
  const left = refundable(purchase);
  const [typed, setTyped] = useState(usdText(left));
  const [reason, setReason] = useState('');
  const write = useWrite(
    () =>
      answer(
        api.http.POST('/v1/purchases/{purchase_id}/refund', {
          params: { path: { purchase_id: purchase.id } },
          body: { amount_usd: typed.trim(), reason },
        }),
      ),
    {
      topics: ['wallets'],
      quiet: true,
      said: (refund) => `Refunded ${showUsd(refund.amount_usd)}`,
      done: onClose,
    },
  );
  const faults = useFaults(write.error);
  const amount = parseUsd(typed);
  return (
    <FormDialog
      title={`Refund the purchase from ${purchase.vendor}?`}
      action={amount === null ? 'Refund' : `Refund ${formatUsd(amount)}`}
      danger
      busy={write.isPending}
      error={write.error}
      shows={['amount_usd', 'reason']}
      onSubmit={() => write.mutate()}
      onClose={onClose}
    >
      <Text>
        What comes back can be spent again, if it was spent in the present period. It cannot be taken back.
      </Text>
      <AmountInput
        label="Amount"
        description={`At most what is left: ${formatUsd(left)}.`}
        value={typed}
        onChange={(text) => {
          setTyped(text);
          faults.mended('amount_usd');
        }}
        error={faults.of('amount_usd')}
        data-autofocus
      />
      <ReasonInput value={reason} onChange={setReason} faults={faults} />
    </FormDialog>
  );
}
