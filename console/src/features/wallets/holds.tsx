/** What is set aside, until it is captured, voided, or releases itself. */
import { Button, Group, Switch, Text } from '@mantine/core';
import { useState } from 'react';
import { useList } from '@/api/hooks';
import type { components } from '@/api/schema';
import { useFields } from '@/app/search';
import { Money } from '@/ui/money';
import { showUsd } from '@/ui/nanos';
import { Section } from '@/ui/page';
import { StatusBadge } from '@/ui/status';
import { type Column, DataTable } from '@/ui/table';
import { Countdown, Time } from '@/ui/time';
import { CaptureDialog, VoidDialog } from './end-hold';
import { useManages } from './may';
import { walletSearch } from './search';
import type { Wallet } from './tree';

export type Hold = components['schemas']['Hold'];

interface Ending {
  hold: Hold;
  how: 'capture' | 'void';
}

export function HoldsSection({
  wallet,
  chosen,
  onOpen,
}: {
  wallet: Wallet;
  chosen: string | undefined;
  onOpen: (purchaseId: string) => void;
}) {
  const [fields, set] = useFields(walletSearch);
  const manages = useManages();
  const [ending, setEnding] = useState<Ending | null>(null);
  const list = useList('/v1/wallets/{wallet_id}/holds', {
    topics: ['wallets'],
    params: {
      path: { wallet_id: wallet.id },
      query: { limit: 20, ...(fields.holds ? {} : { status: 'held' }) },
    },
    rows: (page) => page.holds,
    cursorParam: 'holds_cursor',
  });
  const close = () => setEnding(null);

  return (
    <Section
      title="Holds"
      aside={
        <Switch
          label="Also those that ended"
          checked={fields.holds ?? false}
          onChange={(event) => set({ holds: event.currentTarget.checked || undefined }, { keepCursor: true })}
        />
      }
    >
      <DataTable
        label="Holds"
        columns={columns(manages.holds ? setEnding : null)}
        rows={list.rows}
        rowKey={(hold) => hold.purchase_id}
        rowLabel={(hold) => `${hold.status}, ${hold.vendor}, ${showUsd(hold.amount_usd)}`}
        onOpen={(hold) => onOpen(hold.purchase_id)}
        chosen={chosen}
        keys={false}
        list={list}
        empty={
          <Text c="dimmed">
            Nothing is set aside. A hold reserves an amount until it is captured, voided, or releases itself.
          </Text>
        }
      />
      {ending?.how === 'capture' && <CaptureDialog hold={ending.hold} onClose={close} />}
      {ending?.how === 'void' && <VoidDialog hold={ending.hold} onClose={close} />}
    </Section>
  );
}

function columns(end: ((ending: Ending) => void) | null): Column<Hold>[] {
  const shown: Column<Hold>[] = [
    { id: 'status', header: 'Status', width: 96, cell: (hold) => <StatusBadge status={hold.status} /> },
    { id: 'vendor', header: 'Vendor', cell: (hold) => hold.vendor },
    {
      id: 'what',
      header: 'What for',
      from: 'lg',
      cell: (hold) => <span className="bw-none">{hold.description || '–'}</span>,
    },
    {
      id: 'agent',
      header: 'Agent',
      width: 130,
      from: 'md',
      cell: (hold) => hold.agent_id ?? <span className="bw-none">–</span>,
    },
    {
      id: 'amount',
      header: 'Held',
      width: 100,
      align: 'right',
      cell: (hold) => <Money usd={hold.amount_usd} />,
    },
    {
      id: 'ends',
      header: 'Releases itself in',
      width: 130,
      from: 'sm',
      cell: (hold) =>
        hold.status === 'held' && hold.expires_at ? (
          <Countdown until={hold.expires_at} over="any moment" />
        ) : (
          <span className="bw-none">
            ended <Time at={hold.ended_at} />
          </span>
        ),
    },
  ];
  if (!end) return shown;
  return [
    ...shown,
    {
      id: 'end',
      header: '',
      width: 150,
      align: 'right',
      from: 'sm',
      cell: (hold) =>
        hold.status === 'held' && (
          <Group gap={4} justify="flex-end" wrap="nowrap">
            <Button
              size="compact-xs"
              variant="default"
              aria-label={`Capture the hold for ${hold.vendor}`}
              onClick={() => end({ hold, how: 'capture' })}
            >
              Capture
            </Button>
            <Button
              size="compact-xs"
              variant="default"
              aria-label={`Void the hold for ${hold.vendor}`}
              onClick={() => end({ hold, how: 'void' })}
            >
              Void
            </Button>
          </Group>
        ),
    },
  ];
}
