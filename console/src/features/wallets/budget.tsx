/** Another budget, with what it would leave, exactly. */
import { Button, Group, Text } from '@mantine/core';
import { useState } from 'react';
import { answer } from '@/api/client';
import { useWrite } from '@/api/hooks';
import { useApi } from '@/api/scope';
import { formatUsd, parseUsd, showUsd, usdText } from '@/ui/nanos';
import { AmountInput, FormDialog, ReasonInput, useFaults } from './dialog';
import { remaining, tightest } from './remaining';
import type { Wallet } from './tree';

const RAISES = [
  { label: '+25%', percent: 125n },
  { label: '+50%', percent: 150n },
  { label: 'Double', percent: 200n },
] as const;

export function BudgetDialog({
  wallet,
  parents,
  onClose,
}: {
  wallet: Wallet;
  parents: readonly Wallet[];
  onClose: () => void;
}) {
  const api = useApi();
  const [typed, setTyped] = useState(wallet.budget_usd);
  const [reason, setReason] = useState('');
  const write = useWrite(
    () =>
      answer(
        api.http.PATCH('/v1/wallets/{wallet_id}', {
          params: { path: { wallet_id: wallet.id } },
          body: { budget_usd: typed.trim(), reason },
        }),
      ),
    {
      topics: ['wallets'],
      quiet: true,
      said: (changed) => `${changed.name} has a budget of ${showUsd(changed.budget_usd)}`,
      done: onClose,
    },
  );
  const faults = useFaults(write.error);
  const type = (text: string) => {
    setTyped(text);
    faults.mended('budget_usd');
  };
  const then = remaining(wallet, typed);
  const verb = then && then.change < 0n ? 'Cut' : 'Raise';
  const now = parseUsd(wallet.budget_usd) ?? 0n;

  return (
    <FormDialog
      title={`Budget of ${wallet.name}`}
      action={then && then.change !== 0n ? `${verb} to ${formatUsd(then.budget)}` : 'Change the budget'}
      danger={then !== null && then.change < 0n}
      busy={write.isPending}
      error={write.error}
      shows={['budget_usd', 'reason']}
      onSubmit={() => write.mutate()}
      onClose={onClose}
    >
      <div>
        <AmountInput
          label="New budget"
          value={typed}
          onChange={type}
          error={faults.of('budget_usd')}
          data-autofocus
        />
        {now > 0n && (
          <Group gap={6} mt={6}>
            {RAISES.map(({ label, percent }) => (
              <Button
                key={label}
                variant="default"
                size="compact-xs"
                onClick={() => type(usdText((now * percent) / 100n))}
              >
                {label}
              </Button>
            ))}
          </Group>
        )}
      </div>
      <Preview wallet={wallet} parents={parents} typed={typed} />
      <ReasonInput description="Kept in the audit log." value={reason} onChange={setReason} faults={faults} />
    </FormDialog>
  );
}

function Preview({ wallet, parents, typed }: { wallet: Wallet; parents: readonly Wallet[]; typed: string }) {
  const then = remaining(wallet, typed);
  const above = then && tightest(parents, then.available);
  return (
    <div className="bw-preview" aria-live="polite">
      <dl>
        <div>
          <dt>Spent</dt>
          <dd className="bw-num">{showUsd(wallet.spent_usd)}</dd>
        </div>
        <div>
          <dt>Available now</dt>
          <dd className="bw-num">{showUsd(wallet.available_usd)}</dd>
        </div>
        <div>
          <dt>Held</dt>
          <dd className="bw-num">{showUsd(wallet.held_usd)}</dd>
        </div>
        <div>
          <dt>Available then</dt>
          <dd className="bw-num">
            <strong>{then ? formatUsd(then.available) : '–'}</strong>
          </dd>
        </div>
      </dl>
      {then && then.over > 0n && (
        <Text size="xs">
          Less than is spent and held, by {formatUsd(then.over)}: allowed, and nothing more can be bought.
        </Text>
      )}
      {above && (
        <Text size="xs">
          Only {formatUsd(above.available)} of it can be spent: {above.parent.name}, above, has no more left.
        </Text>
      )}
    </div>
  );
}
