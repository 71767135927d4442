/** What a policy governs: wallets name it; agents and namespaces it names itself. */
import { Autocomplete, Button, Group, SegmentedControl, Select, Text, TextInput } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { type FormEvent, type ReactNode, useState } from 'react';
import { answer } from '@/api/client';
import { useWrite } from '@/api/hooks';
import { useApi } from '@/api/scope';
import { useMayChange } from '@/app/session';
import { Confirm } from '@/ui/confirm';
import { Dialog } from '@/ui/dialog';
import { Section } from '@/ui/page';
import { ProblemAlert } from '@/ui/problem-alert';
import { type Column, DataTable } from '@/ui/table';
import { useWallets } from './wallets';
import type { Policy } from './words';

type Kind = 'wallet' | 'agent' | 'namespace';

interface Place {
  kind: Kind;
  /** The id of a wallet, or the name. */
  id: string;
  name: string;
}

export function Attached({ policy }: { policy: Policy }) {
  const may = useMayChange();
  const { wallets, whole } = useWallets();
  const [attaching, setAttaching] = useState(false);
  const [detaching, setDetaching] = useState<Place | null>(null);
  const change = useAttach(policy);
  const places: Place[] = [
    ...wallets
      .filter(({ policy_id }) => policy_id === policy.id)
      .map(({ id, name }): Place => ({ kind: 'wallet', id, name })),
    ...policy.agents.map((name): Place => ({ kind: 'agent', id: name, name })),
    ...policy.namespaces.map((name): Place => ({ kind: 'namespace', id: name, name })),
  ];
  const mayChange = (kind: Kind) => may(kind === 'wallet' ? 'wallets:manage' : 'policies:manage');
  const columns: Column<Place>[] = [
    { id: 'kind', header: 'What', width: 96, cell: ({ kind }) => kind },
    { id: 'name', header: 'Name', cell: named },
    {
      id: 'detach',
      header: '',
      width: 84,
      align: 'right',
      cell: (place) =>
        mayChange(place.kind) && (
          <Button
            size="compact-xs"
            variant="subtle"
            color="gray"
            aria-label={`Detach from ${place.kind} ${place.name}`}
            onClick={() => setDetaching(place)}
          >
            Detach
          </Button>
        ),
    },
  ];
  return (
    <Section
      title="Attached to"
      aside={
        may('policies:manage') && (
          <Button size="compact-sm" variant="default" onClick={() => setAttaching(true)}>
            Attach
          </Button>
        )
      }
    >
      <DataTable
        label="What it is attached to"
        columns={columns}
        rows={places}
        rowKey={({ kind, id }) => `${kind} ${id}`}
        keys={false}
        empty={<Text c="dimmed">Nothing: it governs no purchase yet.</Text>}
      />
      {!whole && <Text c="dimmed">There are more wallets than were looked at.</Text>}
      {attaching && <Attach policy={policy} onClose={() => setAttaching(false)} />}
      {detaching && (
        <Confirm
          title={`Detach it from ${detaching.kind} ${detaching.name}?`}
          action="Detach the policy"
          onConfirm={() =>
            change.mutateAsync({
              ...detaching,
              on: false,
              reason: `policy ${policy.name} detached in the console`,
            })
          }
          onClose={() => setDetaching(null)}
        >
          From then on its rules say nothing about {ABOUT[detaching.kind]}: only other policies and budgets
          do.
        </Confirm>
      )}
    </Section>
  );
}

const ABOUT: Record<Kind, string> = {
  wallet: 'what is bought from this wallet and those below it',
  agent: 'what this agent buys',
  namespace: 'what is bought in this namespace',
};

function named({ kind, id, name }: Place): ReactNode {
  if (kind !== 'wallet') return name;
  return (
    <>
      <Link to={'/wallets/$walletId' as never} params={{ walletId: id } as never}>
        {name}
      </Link>{' '}
      <code className="bw-none">{id}</code>
    </>
  );
}

function useAttach(policy: Policy) {
  const api = useApi();
  return useWrite(
    async ({ kind, id, on, reason }: Place & { on: boolean; reason: string }) => {
      if (kind === 'wallet') {
        const params = { path: { wallet_id: id } };
        // Null takes it away; the types of openapi.json say so, too.
        const body = { policy_id: on ? policy.id : null, reason };
        await answer(api.http.PATCH('/v1/wallets/{wallet_id}', { params, body: body as never }));
        return;
      }
      const field = kind === 'agent' ? 'agents' : 'namespaces';
      const rest = policy[field].filter((name) => name !== id);
      await answer(
        api.http.PATCH('/v1/policies/{policy_id}', {
          params: { path: { policy_id: policy.id } },
          body: { [field]: on ? [...rest, id] : rest },
        }),
      );
    },
    {
      topics: ['policies', 'wallets'],
      quiet: true,
      said: (_, { on, kind, name }) => `${on ? 'Attached to' : 'Detached from'} ${kind} ${name}`,
    },
  );
}

function Attach({ policy, onClose }: { policy: Policy; onClose: () => void }) {
  const may = useMayChange();
  const { wallets } = useWallets();
  const kinds = (['wallet', 'agent', 'namespace'] as const).filter(
    (kind) => kind !== 'wallet' || may('wallets:manage'),
  );
  const [kind, setKind] = useState<Kind>(kinds[0] ?? 'agent');
  const [id, setId] = useState('');
  const [reason, setReason] = useState('');
  const change = useAttach(policy);
  const wallet = wallets.find((one) => one.id === id);
  const replaces = kind === 'wallet' && wallet?.policy_id && wallet.policy_id !== policy.id;
  const known = (
    kind === 'agent' ? wallets.map(({ agent_id }) => agent_id) : wallets.map(({ namespace }) => namespace)
  )
    .filter((name): name is string => typeof name === 'string')
    .filter((name, index, all) => all.indexOf(name) === index);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const place = { kind, id: id.trim(), name: wallet?.name ?? id.trim() };
    if (place.id !== '')
      change.mutateAsync({ ...place, on: true, reason: reason.trim() }).then(onClose, () => {});
  };
  return (
    <Dialog onClose={onClose} title={`Attach ${policy.name}`} size="md">
      <form onSubmit={submit}>
        <SegmentedControl
          fullWidth
          aria-label="To what"
          data={kinds.map((value) => ({ value, label: value }))}
          value={kind}
          onChange={(value) => {
            setKind(value as Kind);
            setId('');
          }}
        />
        {kind === 'wallet' ? (
          <>
            <Select
              mt="sm"
              label="Wallet"
              placeholder="Name or id"
              searchable
              limit={30}
              required
              data={wallets.map(({ id: value, name }) => ({ value, label: `${name} (${value})` }))}
              value={id === '' ? null : id}
              onChange={(value) => setId(value ?? '')}
            />
            <TextInput
              mt="sm"
              label="Reason"
              description="Kept in the audit log."
              required
              value={reason}
              onChange={(event) => setReason(event.currentTarget.value)}
              maxLength={1_024}
              autoComplete="off"
            />
          </>
        ) : (
          <Autocomplete
            mt="sm"
            label={kind === 'agent' ? 'Agent' : 'Namespace'}
            data={known}
            limit={12}
            required
            value={id}
            onChange={setId}
          />
        )}
        <Text c="dimmed" mt="sm" mb="sm">
          {replaces
            ? `This wallet is governed by policy ${wallet?.policy_id} now: a wallet has one, so this one takes its place.`
            : `From then on its rules judge ${ABOUT[kind]}. What other policies deny stays denied.`}
        </Text>
        <ProblemAlert error={change.error} />
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={change.isPending}>
            Attach the policy
          </Button>
        </Group>
      </form>
    </Dialog>
  );
}
