/** Every approval there was, newest first, and what became of it. */
import { useList } from '@/api/hooks';
import { useFields } from '@/app/search';
import { useSession } from '@/app/session';
import { ClearFilters, Empty } from '@/ui/empty';
import { ChoiceFilter, Filters, TextFilter } from '@/ui/filters';
import { Money } from '@/ui/money';
import { StatusBadge } from '@/ui/status';
import { type Column, DataTable } from '@/ui/table';
import { Time } from '@/ui/time';
import { ApprovalPanel } from './panel';
import { approvalSearch, STATUSES } from './search';
import { type Approval, asker, question, subject, usd, who } from './words';

const OPTIONS = STATUSES.map((value) => ({ value, label: value }));

export function History() {
  const [{ status, agent, namespace, open }, set] = useFields(approvalSearch);
  const { me } = useSession();
  const list = useList('/v1/approvals', {
    topics: ['approvals'],
    params: { query: { status, agent_id: agent, namespace } },
    rows: (page) => page.approvals,
  });
  const filtered = Boolean(status || agent || namespace);
  const clear = () => set({ status: undefined, agent: undefined, namespace: undefined });
  return (
    <>
      <Filters any={filtered} onClear={clear}>
        <ChoiceFilter
          label="Any status"
          value={status}
          options={OPTIONS}
          onChange={(value) => set({ status: value })}
          width={150}
        />
        <TextFilter
          label="Agent"
          value={agent}
          onChange={(value) => set({ agent: value })}
          width={170}
          focusKey
        />
        {!me.namespace && (
          <TextFilter
            label="Namespace"
            value={namespace}
            onChange={(value) => set({ namespace: value })}
            width={140}
          />
        )}
      </Filters>
      <div className="bw-split" data-open={open ? true : undefined}>
        <DataTable
          label="Approvals"
          columns={COLUMNS}
          rows={list.rows}
          rowKey={({ id }) => id}
          rowLabel={(row) => `${row.status}: ${question(row)}`}
          onOpen={({ id }) => set({ open: id }, { keepCursor: true })}
          chosen={open}
          list={list}
          empty={
            filtered ? (
              <Empty title="No approval like this" action={<ClearFilters onClick={clear} />} />
            ) : (
              <Empty title="Nobody was asked yet">What was decided, or ended by itself, is kept here.</Empty>
            )
          }
        />
        {open && <ApprovalPanel id={open} onClose={() => set({ open: undefined }, { keepCursor: true })} />}
      </div>
    </>
  );
}

const COLUMNS: readonly Column<Approval>[] = [
  { id: 'status', header: 'Status', width: 118, cell: (row) => <StatusBadge status={row.status} /> },
  {
    id: 'what',
    header: 'Question',
    cell: (row) => {
      const { what, why } = subject(row);
      return (
        <>
          <span className="bw-strong">{what}</span> <span className="bw-none">{why}</span>
        </>
      );
    },
  },
  {
    id: 'amount',
    header: 'Amount',
    width: 104,
    align: 'right',
    cell: (row) => <Money usd={usd(row.approved_usd ?? row.transaction?.amount_usd)} />,
  },
  { id: 'agent', header: 'Agent', width: 130, from: 'sm', cell: asker },
  {
    id: 'by',
    header: 'Decided by',
    width: 150,
    from: 'md',
    cell: (row) =>
      row.decided_by.length > 0 ? (
        row.decided_by.map(who).join(', ')
      ) : (
        <span className="bw-none">nobody</span>
      ),
  },
  {
    id: 'reason',
    header: 'Reason',
    width: 240,
    from: 'lg',
    cell: (row) => <span className="bw-none">{row.reason ?? ''}</span>,
  },
  { id: 'asked', header: 'Asked', width: 96, from: 'sm', cell: (row) => <Time at={row.created_at} /> },
];
