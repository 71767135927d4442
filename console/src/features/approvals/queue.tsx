/**
 * What waits, soonest to expire first. By keys alone: j and k walk, a approves, d denies, Enter opens; after a
 * decision the next question has the focus. A question that ends by itself leaves, and the focus stays at its place.
 */
import { Button, Kbd } from '@mantine/core';
import { useEffect, useLayoutEffect, useRef, useState } from 'react';
import { useGet } from '@/api/hooks';
import { useFields } from '@/app/search';
import { useMayChange } from '@/app/session';
import { Empty } from '@/ui/empty';
import { Money } from '@/ui/money';
import { useNow } from '@/ui/now';
import { curl } from '@/ui/origin';
import { type Column, DataTable } from '@/ui/table';
import { Countdown } from '@/ui/time';
import { Decide, type Verdict } from './decide';
import { ApprovalPanel } from './panel';
import { usePending } from './pending';
import { focusedRow, focusRow, useQueueKeys } from './queue-keys';
import { approvalSearch } from './search';
import { type Approval, asker, neighbour, question, subject, usd } from './words';

/** From here on the time left is pointed out. */
const SOON_MS = 2 * 60_000;

interface Deciding {
  approval: Approval;
  verdict: Verdict;
  /** The rows as they were then: the one that is decided may be gone before its answer is here. */
  keys: string[];
}

export function Queue() {
  const [{ open }, set] = useFields(approvalSearch);
  const decides = useMayChange()('approvals:decide');
  const { rows, loading, error, refetch } = usePending();
  const [deciding, setDeciding] = useState<Deciding | null>(null);
  const list = useRef<HTMLDivElement>(null);
  const show = (id: string | undefined) => set({ open: id }, { keepCursor: true });

  const start = (id: string | null, verdict: Verdict) => {
    const approval = rows.find((row) => row.id === id);
    if (approval) setDeciding({ approval, verdict, keys: rows.map((row) => row.id) });
  };
  useQueueKeys(decides, (verdict) => start(focusedRow(list.current) ?? open ?? null, verdict));
  const done = (decided: Approval) => {
    const there = new Set(rows.map(({ id }) => id));
    const next =
      decided.status === 'pending' ? decided.id : neighbour(deciding?.keys ?? [], decided.id, there);
    setDeciding(null);
    goTo.current = { key: next };
    if (open && next) show(next);
  };
  const close = () => {
    goTo.current = { key: deciding?.approval.id ?? null };
    setDeciding(null);
  };

  // After the dialog is gone: it would take the focus back.
  const goTo = useRef<{ key: string | null } | null>(null);
  useEffect(() => {
    if (deciding !== null || goTo.current === null) return;
    const { key } = goTo.current;
    goTo.current = null;
    focusRow(list.current, key);
  }, [deciding]);
  // What is open follows the keys.
  useKeptPlace(list, rows, (row) => {
    if (open && row !== open) show(row);
  });

  const columns = decides ? [...COLUMNS, actions(start)] : COLUMNS;
  return (
    <>
      {rows.length > 0 && decides && <Keys />}
      <div className="bw-split" data-open={open ? true : undefined}>
        <div ref={list}>
          <DataTable
            label="Approvals that wait"
            columns={columns}
            rows={rows}
            rowKey={({ id }) => id}
            rowLabel={(row) => `${question(row)}, asked by ${asker(row)}`}
            onOpen={({ id }) => show(id)}
            chosen={open}
            list={{ loading, error, refetch }}
            count={rows.length > 0 && (rows.length === 1 ? '1 question' : `${rows.length} questions`)}
            empty={<Nothing />}
          />
        </div>
        {open && (
          <ApprovalPanel
            id={open}
            onClose={() => {
              show(undefined);
              focusRow(list.current, open);
            }}
            onDecide={decides ? ({ id }, verdict) => start(id, verdict) : undefined}
          />
        )}
      </div>
      {deciding && (
        <Decide
          key={`${deciding.approval.id} ${deciding.verdict}`}
          approval={deciding.approval}
          verdict={deciding.verdict}
          onDone={done}
          onClose={close}
        />
      )}
    </>
  );
}

/** When the row that has the focus goes away, the row that took its place has it. */
function useKeptPlace(
  list: React.RefObject<HTMLElement | null>,
  rows: readonly Approval[],
  onRow: (key: string) => void,
): void {
  const last = useRef<string | null>(null);
  const before = useRef<string[]>([]);
  const heard = useRef(onRow);
  heard.current = onRow;
  useLayoutEffect(() => {
    const keys = rows.map(({ id }) => id);
    const gone = last.current !== null && !keys.includes(last.current) ? last.current : null;
    if (gone !== null && document.activeElement === document.body) {
      const place = before.current.indexOf(gone);
      focusRow(list.current, keys[Math.min(place, keys.length - 1)] ?? null);
    }
    before.current = keys;
  }, [list, rows]);
  useEffect(() => {
    const box = list.current;
    const note = () => {
      last.current = focusedRow(box);
      if (last.current !== null) heard.current(last.current);
    };
    // Leaving is not listened for: a row that is removed leaves, too.
    box?.addEventListener('focusin', note);
    return () => box?.removeEventListener('focusin', note);
  }, [list]);
}

const COLUMNS: readonly Column<Approval>[] = [
  { id: 'left', header: 'Time left', width: 100, cell: (row) => <TimeLeft until={row.expires_at} /> },
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
    cell: (row) => <Money usd={usd(row.transaction?.amount_usd)} />,
  },
  { id: 'agent', header: 'Agent', width: 130, from: 'sm', cell: asker },
  {
    id: 'rule',
    header: 'Asked by rule',
    width: 228,
    from: 'lg',
    cell: (row) => (row.policy ? <code>{row.policy.rule}</code> : <span className="bw-none">the agent</span>),
  },
  {
    id: 'quorum',
    header: 'Agreed',
    width: 70,
    from: 'sm',
    cell: (row) =>
      row.quorum > 1 ? <Agreed id={row.id} quorum={row.quorum} /> : <span className="bw-none">–</span>,
  },
];

function actions(start: (id: string, verdict: Verdict) => void): Column<Approval> {
  return {
    id: 'actions',
    header: 'Decide',
    width: 142,
    from: 'md',
    cell: (row) => (
      <span className="bw-row-actions">
        <Button
          size="compact-xs"
          variant="light"
          aria-label={`Approve ${question(row)}`}
          onClick={() => start(row.id, 'approve')}
        >
          Approve
        </Button>
        <Button
          size="compact-xs"
          variant="subtle"
          color="red"
          aria-label={`Deny ${question(row)}`}
          onClick={() => start(row.id, 'deny')}
        >
          Deny
        </Button>
      </span>
    ),
  };
}

function TimeLeft({ until }: { until: string }) {
  const soon = new Date(until).getTime() - useNow() < SOON_MS;
  return (
    <span className={soon ? 'bw-soon' : undefined}>
      <Countdown until={until} over="time is up" />
    </span>
  );
}

/** How many agreed is not in the list. */
function Agreed({ id, quorum }: { id: string; quorum: number }) {
  const whole = useGet('/v1/approvals/{approval_id}', {
    topics: ['approvals'],
    params: { path: { approval_id: id } },
  });
  return (
    <span className="bw-num">
      {whole.data?.votes.length ?? '…'} of {quorum}
    </span>
  );
}

function Keys() {
  return (
    <p className="bw-key-line bw-only-large">
      <Kbd size="xs">j</Kbd> <Kbd size="xs">k</Kbd> walk <Kbd size="xs">a</Kbd> approve <Kbd size="xs">d</Kbd>{' '}
      deny <Kbd size="xs">Enter</Kbd> open
    </p>
  );
}

function Nothing() {
  return (
    <Empty
      title="Nothing waits for a decision"
      command={curl('/v1/approvals', {
        body: {
          title: 'Delete the staging database?',
          action: 'database.delete',
          details: { database: 'staging' },
          channels: ['console'],
        },
      })}
    >
      Purchases that a policy wants people to be asked about wait here, and whatever agents ask by themselves.
      Try it:
    </Empty>
  );
}
