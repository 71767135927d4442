/** A new wallet, at the top or below another. */
import { Group, Input, SegmentedControl, Select, SimpleGrid, Switch, TextInput } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { answer } from '@/api/client';
import { useGet, useWrite } from '@/api/hooks';
import { useApi } from '@/api/scope';
import { useMay, useSession } from '@/app/session';
import { AmountInput, FormDialog, useFaults } from './dialog';
import { EMPTY_FORM, type WalletDraft, walletForm } from './form';
import { useWallets } from './load';
import type { Wallet } from './tree';

const WINDOWS = [
  { value: 'total', label: 'Prepaid' },
  { value: 'daily', label: 'Daily' },
  { value: 'monthly', label: 'Monthly' },
];
/** What the parts of the form are called on the wire. */
const FIELDS: Record<keyof WalletDraft, string> = {
  name: 'name',
  budget: 'budget_usd',
  window: 'window',
  zone: 'tz',
  parent: 'parent_id',
  agent: 'agent_id',
  namespace: 'namespace',
  policy: 'policy_id',
  perPurchase: 'limits.max_transaction_usd',
  perMinute: 'limits.max_per_minute_usd',
  thresholds: 'thresholds',
  sandbox: 'sandbox',
};

export function CreateWallet({ parent, onClose }: { parent?: Wallet; onClose: () => void }) {
  const api = useApi();
  const navigate = useNavigate();
  const [draft, setDraft] = useState<WalletDraft>({ ...EMPTY_FORM, parent: parent?.id ?? null });
  const write = useWrite(() => answer(api.http.POST('/v1/wallets', { body: walletForm(draft) })), {
    topics: ['wallets'],
    quiet: true,
    said: (made) => `${made.name} is there`,
    done: (made) => {
      onClose();
      void navigate({ to: '/wallets/$walletId' as never, params: { walletId: made.id } as never });
    },
  });
  const faults = useFaults(write.error);
  const wrong = faults.of;
  const change = (part: Partial<WalletDraft>) => {
    setDraft((before) => ({ ...before, ...part }));
    for (const name of Object.keys(part)) faults.mended(FIELDS[name as keyof WalletDraft]);
  };

  return (
    <FormDialog
      title={parent ? `New wallet below ${parent.name}` : 'New wallet'}
      action="Create the wallet"
      busy={write.isPending}
      error={write.error}
      shows={Object.values(FIELDS)}
      size="lg"
      onSubmit={() => write.mutate()}
      onClose={onClose}
    >
      <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="sm" verticalSpacing="sm">
        <TextInput
          label="Name"
          placeholder="Research agent"
          value={draft.name}
          onChange={(event) => change({ name: event.currentTarget.value })}
          error={wrong('name')}
          required
          data-autofocus
        />
        <AmountInput
          label="Budget"
          placeholder="250.00"
          value={draft.budget}
          onChange={(budget) => change({ budget })}
          error={wrong('budget_usd')}
          required
        />
        <Period draft={draft} change={change} wrong={wrong} />
        {!parent && (
          <Parent value={draft.parent} onChange={(id) => change({ parent: id })} error={wrong('parent_id')} />
        )}
        <TextInput
          label="Agent"
          description="Whose key buys from it."
          placeholder="scout"
          value={draft.agent}
          onChange={(event) => change({ agent: event.currentTarget.value })}
          error={wrong('agent_id')}
          spellCheck={false}
        />
        <Belongs draft={draft} change={change} wrong={wrong} />
        <AmountInput
          label="At most for one purchase"
          description="More is refused; empty for no limit."
          value={draft.perPurchase}
          onChange={(perPurchase) => change({ perPurchase })}
          error={wrong('limits.max_transaction_usd')}
        />
        <AmountInput
          label="At most in a minute"
          description="From it and all below it."
          value={draft.perMinute}
          onChange={(perMinute) => change({ perMinute })}
          error={wrong('limits.max_per_minute_usd')}
        />
        <TextInput
          label="Tell at percent of the budget"
          value={draft.thresholds}
          onChange={(event) => change({ thresholds: event.currentTarget.value })}
          error={wrong('thresholds')}
          inputMode="numeric"
        />
      </SimpleGrid>
      <Switch
        label="Play money: events and walls as always, in no analytics"
        checked={draft.sandbox}
        onChange={(event) => change({ sandbox: event.currentTarget.checked })}
        error={wrong('sandbox')}
      />
    </FormDialog>
  );
}

interface Part {
  draft: WalletDraft;
  change: (part: Partial<WalletDraft>) => void;
  wrong: (field: string) => string | undefined;
}

function Period({ draft, change, wrong }: Part) {
  return (
    <div>
      <Input.Label labelElement="div">Period</Input.Label>
      <Group gap={6} align="flex-start" wrap="nowrap">
        <SegmentedControl
          aria-label="Period"
          data={WINDOWS}
          value={draft.window}
          onChange={(window) => change({ window })}
        />
        {draft.window !== 'total' && (
          <TextInput
            aria-label="Time zone"
            placeholder="UTC"
            value={draft.zone}
            onChange={(event) => change({ zone: event.currentTarget.value })}
            error={wrong('tz')}
            spellCheck={false}
          />
        )}
      </Group>
    </div>
  );
}

function Parent({
  value,
  onChange,
  error,
}: {
  value: string | null;
  onChange: (id: string | null) => void;
  error: string | undefined;
}) {
  const all = useWallets(undefined);
  return (
    <Select
      label="Below"
      placeholder="Nothing: at the top"
      description="Its spending must fit there, too."
      data={all.rows.map(({ id, name, namespace }) => ({
        value: id,
        label: namespace ? `${name} (${namespace})` : name,
      }))}
      value={value}
      onChange={onChange}
      error={error}
      searchable
      clearable
      limit={50}
    />
  );
}

/** The namespace, and the policy if this session may see policies. */
function Belongs({ draft, change, wrong }: Part) {
  const { me } = useSession();
  const may = useMay();
  const readsPolicies = may('policies:manage') || may('approvals:decide');
  const policies = useGet('/v1/policies', {
    topics: ['policies'],
    params: { query: { limit: 200 } },
    enabled: readsPolicies,
  });
  return (
    <>
      {!me.namespace && (
        <TextInput
          label="Namespace"
          description="Which customer's."
          placeholder={draft.parent ? 'That of the wallet above it' : 'None'}
          value={draft.namespace}
          onChange={(event) => change({ namespace: event.currentTarget.value })}
          error={wrong('namespace')}
          spellCheck={false}
        />
      )}
      {readsPolicies && (policies.data?.policies.length ?? 0) > 0 && (
        <Select
          label="Policy"
          placeholder="None"
          description="Also for all wallets below it."
          data={(policies.data?.policies ?? []).map(({ id, name }) => ({ value: id, label: name }))}
          value={draft.policy}
          onChange={(policy) => change({ policy })}
          error={wrong('policy_id')}
          clearable
        />
      )}
    </>
  );
}
