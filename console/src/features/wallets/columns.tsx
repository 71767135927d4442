import { ActionIcon } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { ChevronDown, ChevronRight, Snowflake } from 'lucide-react';
import { BudgetBar } from '@/ui/bars';
import { Money } from '@/ui/money';
import { parseUsd, percentOf } from '@/ui/nanos';
import { StatusBadge } from '@/ui/status';
import type { Column } from '@/ui/table';
import { Time } from '@/ui/time';
import { periodText } from './period';
import type { Branch, Wallet } from './tree';

export interface Folding {
  isOpen: (id: string) => boolean;
  toggle: (id: string) => void;
}

/** The tree's columns; without `folding`, as a plain list. */
export function walletColumns(folding?: Folding): Column<Branch>[] {
  return [
    { id: 'name', header: 'Wallet', cell: (branch) => <Name branch={branch} folding={folding} /> },
    {
      id: 'used',
      header: 'Used',
      width: 'clamp(110px, 16%, 220px)',
      cell: ({ wallet }) => <Used wallet={wallet} />,
    },
    {
      id: 'spent',
      header: 'Spent',
      width: 108,
      align: 'right',
      from: 'sm',
      cell: ({ wallet }) => <Money usd={wallet.spent_usd} round />,
    },
    {
      id: 'held',
      header: 'Held',
      width: 96,
      align: 'right',
      from: 'md',
      cell: ({ wallet }) =>
        parseUsd(wallet.held_usd) ? (
          <Money usd={wallet.held_usd} round />
        ) : (
          <span className="bw-none">–</span>
        ),
    },
    {
      id: 'budget',
      header: 'Budget',
      width: 112,
      align: 'right',
      from: 'sm',
      cell: ({ wallet }) => <Money usd={wallet.budget_usd} round />,
    },
    {
      id: 'period',
      header: 'Period',
      width: 84,
      from: 'md',
      cell: ({ wallet }) => <span className="bw-none">{periodText(wallet.window)}</span>,
    },
    {
      id: 'resets',
      header: 'Starts anew',
      width: 104,
      from: 'lg',
      cell: ({ wallet }) => <Time at={wallet.resets_at} />,
    },
    {
      id: 'status',
      header: 'Status',
      width: 118,
      from: 'sm',
      cell: ({ wallet, frozenBy }) => <WalletStatus wallet={wallet} frozenBy={frozenBy} />,
    },
  ];
}

export function WalletStatus({ wallet, frozenBy }: { wallet: Wallet; frozenBy: Wallet | null }) {
  if (wallet.status !== 'frozen' && frozenBy) {
    return (
      <span title={`${frozenBy.name} is frozen, so nothing is spent from here either`}>
        <StatusBadge status="frozen" label="frozen above" />
      </span>
    );
  }
  return <StatusBadge status={wallet.status} />;
}

function Name({ branch, folding }: { branch: Branch; folding: Folding | undefined }) {
  const { wallet, level, children } = branch;
  const open = folding?.isOpen(wallet.id) ?? false;
  const Chevron = open ? ChevronDown : ChevronRight;
  return (
    <span className="bw-wallet-name" style={folding && { paddingInlineStart: Math.min(level, 7) * 18 }}>
      {folding && children.length > 0 && (
        <ActionIcon
          size={20}
          aria-expanded={open}
          aria-label={`${open ? 'Fold' : 'Unfold'} ${wallet.name}`}
          onClick={() => folding.toggle(wallet.id)}
        >
          <Chevron size={14} />
        </ActionIcon>
      )}
      {folding && children.length === 0 && <span className="bw-wallet-leaf" />}
      <Link to={'/wallets/$walletId' as never} params={{ walletId: wallet.id } as never}>
        {wallet.name}
      </Link>
      {wallet.sandbox && <span className="bw-wallet-tag">play money</span>}
      {wallet.agent_id && <code className="bw-none bw-from-sm">{wallet.agent_id}</code>}
      {wallet.status === 'frozen' && (
        <Snowflake size={13} className="bw-only-small bw-wallet-frozen" aria-label="frozen" role="img" />
      )}
    </span>
  );
}

function Used({ wallet }: { wallet: Wallet }) {
  const percent = percentOf(parseUsd(wallet.spent_usd) ?? 0n, parseUsd(wallet.budget_usd) ?? 0n);
  return (
    <span className="bw-wallet-used">
      <BudgetBar
        spent={wallet.spent_usd}
        held={wallet.held_usd}
        limit={wallet.budget_usd}
        label={`Budget of ${wallet.name}`}
      />
      <span className="bw-num">{percent === null ? '–' : `${Math.floor(percent)}%`}</span>
    </span>
  );
}
