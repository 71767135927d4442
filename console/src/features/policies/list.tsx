/** Every policy in the version that is in force. */
import { Button } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import { Plus } from 'lucide-react';
import { useState } from 'react';
import { useList } from '@/api/hooks';
import { useFields } from '@/app/search';
import { useMayChange, useSession } from '@/app/session';
import { ClearFilters, Empty } from '@/ui/empty';
import { Filters, TextFilter } from '@/ui/filters';
import { curl } from '@/ui/origin';
import { Page } from '@/ui/page';
import { type Column, DataTable } from '@/ui/table';
import { Time } from '@/ui/time';
import { Create } from './create';
import './policies.css';
import { policiesSearch } from './search';
import { useWallets, type Wallet } from './wallets';
import { type Policy, plain, type Rule, sentences } from './words';

export default function Policies() {
  const [{ namespace }, set] = useFields(policiesSearch);
  const { me } = useSession();
  const manages = useMayChange()('policies:manage');
  const navigate = useNavigate();
  const [creating, setCreating] = useState(false);
  const { wallets } = useWallets();
  const list = useList('/v1/policies', {
    topics: ['policies'],
    params: { query: { namespace } },
    rows: (page) => page.policies,
  });
  const clear = () => set({ namespace: undefined });
  const create = manages && (
    <Button leftSection={<Plus size={13} />} onClick={() => setCreating(true)}>
      New policy
    </Button>
  );
  return (
    <Page title="Policies" actions={list.rows.length > 0 && create}>
      {!me.namespace && (
        <Filters any={Boolean(namespace)} onClear={clear}>
          <TextFilter
            label="Namespace"
            value={namespace}
            onChange={(value) => set({ namespace: value })}
            width={170}
            focusKey
          />
        </Filters>
      )}
      <DataTable
        label="Policies"
        columns={columns(wallets)}
        rows={list.rows}
        rowKey={({ id }) => id}
        rowLabel={({ name }) => name}
        onOpen={({ id }) => void navigate({ to: `/policies/${id}` as never })}
        list={list}
        empty={
          namespace ? (
            <Empty title="No policy of this namespace" action={<ClearFilters onClick={clear} />} />
          ) : (
            <Empty
              title="No policies yet"
              command={curl('/v1/policies', {
                body: {
                  name: 'production',
                  rules: [
                    { max_transaction_usd: 2000, daily_cap_usd: 5000 },
                    { require_approval_above_usd: 500, approval: { timeout: '15m', channels: ['console'] } },
                  ],
                },
              })}
              action={create}
            >
              A policy says what may be bought without asking, with asking, and not at all. Until there is
              one, budgets alone decide.
            </Empty>
          )
        }
      />
      {creating && <Create onClose={() => setCreating(false)} />}
    </Page>
  );
}

function columns(wallets: readonly Wallet[]): readonly Column<Policy>[] {
  return [
    { id: 'name', header: 'Name', width: 190, cell: ({ name }) => <span className="bw-strong">{name}</span> },
    {
      id: 'rules',
      header: 'Rules',
      from: 'sm',
      cell: ({ rules, default: otherwise }) => (
        <span className="bw-none">
          {[
            ...rules.flatMap((entry) => sentences(entry as Rule).map(plain)),
            otherwise === 'deny' ? 'Deny everything else' : null,
          ]
            .filter(Boolean)
            .join(' · ') || 'none'}
        </span>
      ),
    },
    {
      id: 'attached',
      header: 'Attached to',
      width: 210,
      from: 'md',
      cell: (policy) => attachedText(policy, wallets) || <span className="bw-none">nothing</span>,
    },
    { id: 'version', header: 'Version', width: 70, align: 'right', cell: ({ version }) => version },
    { id: 'changed', header: 'Changed', width: 96, cell: ({ updated_at }) => <Time at={updated_at} /> },
  ];
}

/** `2 wallets, agent scout`. */
function attachedText({ id, agents, namespaces }: Policy, wallets: readonly Wallet[]): string {
  const naming = wallets.filter(({ policy_id }) => policy_id === id);
  const part = (names: readonly string[], one: string, many: string) =>
    names.length === 0 ? null : names.length === 1 ? `${one} ${names[0]}` : `${names.length} ${many}`;
  return [
    part(
      naming.map(({ name }) => name),
      'wallet',
      'wallets',
    ),
    part(agents, 'agent', 'agents'),
    part(namespaces, 'namespace', 'namespaces'),
  ]
    .filter(Boolean)
    .join(', ');
}
