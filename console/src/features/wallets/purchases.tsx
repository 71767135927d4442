/** The purchases of one wallet, newest first. */
import { useList } from '@/api/hooks';
import type { components } from '@/api/schema';
import { useFields } from '@/app/search';
import { ClearFilters, Empty } from '@/ui/empty';
import { ChoiceFilter, Filters, SINCE, TextFilter } from '@/ui/filters';
import { Money } from '@/ui/money';
import { parseUsd, showUsd } from '@/ui/nanos';
import { curl } from '@/ui/origin';
import { Section } from '@/ui/page';
import { StatusBadge } from '@/ui/status';
import { type Column, DataTable } from '@/ui/table';
import { Time } from '@/ui/time';
import { walletSearch } from './search';
import type { Wallet } from './tree';

type Purchase = components['schemas']['Purchase'];

const STATUSES = [
  { value: 'succeeded', label: 'Succeeded' },
  { value: 'held', label: 'Held' },
  { value: 'pending', label: 'Pending approval' },
  { value: 'failed', label: 'Failed' },
  { value: 'denied', label: 'Denied' },
  { value: 'voided', label: 'Voided' },
  { value: 'expired', label: 'Expired' },
] as const;

export function PurchasesSection({
  wallet,
  chosen,
  onOpen,
}: {
  wallet: Wallet;
  chosen: string | undefined;
  onOpen: (id: string) => void;
}) {
  const [filters, set] = useFields(walletSearch);
  const { status, vendor, agent, since } = filters;
  const list = useList('/v1/wallets/{wallet_id}/purchases', {
    topics: ['wallets'],
    params: {
      path: { wallet_id: wallet.id },
      query: { status, vendor, agent_id: agent, since, limit: 25 },
    },
    rows: (page) => page.purchases,
  });
  const filtered = Boolean(status || vendor || agent || since);
  const clear = () => set({ status: undefined, vendor: undefined, agent: undefined, since: undefined });

  return (
    <Section title="Purchases">
      <Filters any={filtered} onClear={clear}>
        <ChoiceFilter
          label="Any status"
          value={status}
          options={STATUSES}
          onChange={(value) => set({ status: value })}
          width={150}
        />
        <TextFilter
          label="Vendor"
          value={vendor}
          onChange={(value) => set({ vendor: value })}
          width={150}
          focusKey
        />
        {!wallet.agent_id && (
          <TextFilter label="Agent" value={agent} onChange={(value) => set({ agent: value })} width={130} />
        )}
        <ChoiceFilter
          label="Any time"
          value={SINCE.find(({ value }) => value === since)?.value}
          options={SINCE}
          onChange={(value) => set({ since: value })}
        />
      </Filters>
      <DataTable
        label="Purchases"
        columns={columns}
        rows={list.rows}
        rowKey={(purchase) => purchase.id}
        rowLabel={rowLabel}
        onOpen={(purchase) => onOpen(purchase.id)}
        chosen={chosen}
        list={list}
        empty={
          filtered ? (
            <Empty title="No purchase like this" action={<ClearFilters onClick={clear} />} />
          ) : (
            <Empty
              title="Nothing was bought from this wallet itself yet"
              command={curl(`/v1/wallets/${wallet.id}/purchases`, {
                body: { amount_usd: '1.25', vendor: 'openai', description: 'summarise the report' },
              })}
            >
              An agent asks before it pays; what fits in the budget is recorded, and appears here at once:
            </Empty>
          )
        }
      />
    </Section>
  );
}

const columns: readonly Column<Purchase>[] = [
  { id: 'time', header: 'Time', width: 92, cell: ({ created_at: at }) => <Time at={at} /> },
  { id: 'status', header: 'Status', width: 104, cell: ({ status }) => <StatusBadge status={status} /> },
  { id: 'vendor', header: 'Vendor', width: '20%', cell: ({ vendor }) => vendor },
  {
    id: 'description',
    header: 'What for',
    from: 'sm',
    cell: ({ description }) => <span className="bw-none">{description || '–'}</span>,
  },
  {
    id: 'category',
    header: 'Category',
    width: 120,
    from: 'lg',
    cell: ({ category }) => category ?? <span className="bw-none">–</span>,
  },
  {
    id: 'agent',
    header: 'Agent',
    width: 120,
    from: 'md',
    cell: ({ agent_id: agent }) => agent ?? <span className="bw-none">–</span>,
  },
  {
    id: 'amount',
    header: 'Amount',
    width: 112,
    align: 'right',
    cell: (purchase) => <Amount purchase={purchase} />,
  },
];

/** A row as it is said: `succeeded, openai, $1.25, summarise the report`. */
function rowLabel({ status, vendor, amount_usd: usd, description }: Purchase): string {
  return [status, vendor, showUsd(usd), description].filter(Boolean).join(', ');
}

/** What was paid; struck out if nothing was in the end. */
function Amount({ purchase }: { purchase: Purchase }) {
  const unpaid = ['voided', 'failed', 'denied', 'expired'].includes(purchase.status);
  const back = (parseUsd(purchase.refunded_usd) ?? 0n) > 0n;
  if (unpaid) {
    return (
      <s className="bw-none">
        <Money usd={purchase.amount_usd} />
      </s>
    );
  }
  return (
    <>
      {back && (
        <span className="bw-none" title="Some or all of it came back">
          ↩{' '}
        </span>
      )}
      <Money usd={purchase.amount_usd} />
    </>
  );
}
