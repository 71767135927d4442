import { Text } from '@mantine/core';
import { useState } from 'react';
import { answer } from '@/api/client';
import { useWrite } from '@/api/hooks';
import { useApi } from '@/api/scope';
import { FormDialog, ReasonInput, useFaults } from './dialog';
import type { Wallet } from './tree';

/** Asks why, and freezes or unfreezes. */
export function FreezeDialog({ wallet, onClose }: { wallet: Wallet; onClose: () => void }) {
  const api = useApi();
  const [reason, setReason] = useState('');
  const freezes = wallet.status !== 'frozen';
  const write = useWrite(
    () =>
      answer(
        api.http.PATCH('/v1/wallets/{wallet_id}', {
          params: { path: { wallet_id: wallet.id } },
          body: { status: freezes ? 'frozen' : 'active', reason },
        }),
      ),
    {
      topics: ['wallets'],
      quiet: true,
      said: freezes ? `${wallet.name} is frozen` : `${wallet.name} may be spent from again`,
      done: onClose,
    },
  );
  const faults = useFaults(write.error);
  return (
    <FormDialog
      title={freezes ? `Freeze ${wallet.name}?` : `Unfreeze ${wallet.name}?`}
      action={freezes ? 'Freeze the wallet' : 'Unfreeze the wallet'}
      danger={freezes}
      busy={write.isPending}
      error={write.error}
      shows={['reason']}
      onSubmit={() => write.mutate()}
      onClose={onClose}
    >
      <Text>
        {freezes
          ? 'At once, every purchase and hold from it and from all wallets below it is refused with 423. What is held already can still be captured.'
          : 'It and the wallets below it can be spent from again, as far as their budgets go.'}
      </Text>
      <ReasonInput
        description={
          freezes ? 'Told to agents that are refused, and kept in the audit log.' : 'Kept in the audit log.'
        }
        value={reason}
        onChange={setReason}
        faults={faults}
        data-autofocus
      />
    </FormDialog>
  );
}
