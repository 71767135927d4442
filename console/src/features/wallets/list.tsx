/** All wallets: the tree, what of each budget is spent and held. */
import { Button } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import { ChevronsDownUp, ChevronsUpDown, Plus } from 'lucide-react';
import { type KeyboardEvent, useMemo, useState } from 'react';
import { useFields } from '@/app/search';
import { useSession } from '@/app/session';
import { ClearFilters, Empty } from '@/ui/empty';
import { ChoiceFilter, Filters, TextFilter } from '@/ui/filters';
import { curl } from '@/ui/origin';
import { Page } from '@/ui/page';
import { DataTable } from '@/ui/table';
import { walletColumns } from './columns';
import { CreateWallet } from './create';
import { useWallets, WALLETS_STEP } from './load';
import { useManages } from './may';
import { treeSearch } from './search';
import { matches, rowsOf, sift, treeOf } from './tree';
import './wallets.css';

/** Larger trees start with their tops only. */
const OPEN_AT_FIRST_MAX = 60;

const STATUSES = [
  { value: 'active', label: 'Active' },
  { value: 'frozen', label: 'Frozen' },
] as const;

export default function Wallets() {
  const [filters, set] = useFields(treeSearch);
  const { q, namespace, status } = filters;
  const { me } = useSession();
  const manages = useManages();
  const navigate = useNavigate();
  const [max, setMax] = useState(WALLETS_STEP);
  const [making, setMaking] = useState(false);
  const all = useWallets(namespace, max);
  const tree = useMemo(() => treeOf(all.rows), [all.rows]);

  const filtered = Boolean(q || status);
  const known = all.rows.length;
  // Unlike most others: those that were folded where all are open, and the other way round.
  const [turned, setTurned] = useState<ReadonlySet<string>>(new Set());
  const [openAtFirst, setOpenAtFirst] = useState<boolean | null>(null);
  const usual = openAtFirst ?? known <= OPEN_AT_FIRST_MAX;
  const isOpen = (id: string) => filtered || turned.has(id) !== usual;
  const toggle = (id: string) =>
    setTurned((before) => {
      const next = new Set(before);
      if (!next.delete(id)) next.add(id);
      return next;
    });
  const foldAll = (open: boolean) => {
    setTurned(new Set());
    setOpenAtFirst(open);
  };
  const rows = rowsOf(filtered ? sift(tree, { q, status }) : tree, isOpen);
  const matching = filtered ? all.rows.filter((wallet) => matches(wallet, { q, status })).length : null;
  const nested = tree.some(({ children }) => children.length > 0);
  const someOpen = rows.some(({ wallet, children }) => children.length > 0 && isOpen(wallet.id));

  /** As in any tree: right unfolds, left folds. */
  const onKeyDown = (event: KeyboardEvent) => {
    const id = (event.target as HTMLElement).getAttribute('data-row');
    const row = rows.find(({ wallet }) => wallet.id === id);
    if (!row || row.children.length === 0 || filtered) return;
    if (event.key === (isOpen(row.wallet.id) ? 'ArrowLeft' : 'ArrowRight')) {
      event.preventDefault();
      toggle(row.wallet.id);
    }
  };
  const clear = () => set({ q: undefined, namespace: undefined, status: undefined });

  return (
    <Page
      title="Wallets"
      about="A purchase must fit in its wallet and in every wallet above it."
      actions={
        manages.wallets && (
          <Button leftSection={<Plus size={13} />} onClick={() => setMaking(true)}>
            New wallet
          </Button>
        )
      }
    >
      <Filters
        any={Boolean(q || namespace || status)}
        onClear={clear}
        aside={
          nested &&
          !filtered && (
            <Button
              variant="subtle"
              color="gray"
              leftSection={someOpen ? <ChevronsDownUp size={13} /> : <ChevronsUpDown size={13} />}
              onClick={() => foldAll(!someOpen)}
            >
              {someOpen ? 'Fold all' : 'Unfold all'}
            </Button>
          )
        }
      >
        <TextFilter
          label="Search wallets"
          value={q}
          onChange={(value) => set({ q: value })}
          placeholder="Name, agent or id"
          width={220}
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
        <ChoiceFilter
          label="Any status"
          value={status}
          options={STATUSES}
          onChange={(value) => set({ status: value })}
        />
      </Filters>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: hears the keys of the rows inside */}
      <div onKeyDown={onKeyDown}>
        <DataTable
          label="Wallets"
          columns={walletColumns({ isOpen, toggle })}
          rows={rows}
          rowKey={({ wallet }) => wallet.id}
          rowLabel={({ wallet }) => wallet.name}
          onOpen={({ wallet }) =>
            void navigate({
              to: '/wallets/$walletId' as never,
              params: { walletId: wallet.id } as never,
            })
          }
          list={all}
          count={all.known && countText(known, !all.whole, matching)}
          empty={
            filtered || namespace ? (
              <Empty title="No wallet like this" action={<ClearFilters onClick={clear} />} />
            ) : (
              <Empty
                title="No wallets yet"
                command={curl('/v1/wallets', {
                  body: { name: 'research agent', budget_usd: '50.00', window: 'daily' },
                })}
              >
                A wallet is a budget that an agent cannot pass: what does not fit is refused with 402. Make
                the first one here, or by the API:
              </Empty>
            )
          }
        />
      </div>
      {!all.whole && (
        <Button variant="default" onClick={() => setMax(max + WALLETS_STEP)} loading={all.fetching}>
          Load older wallets
        </Button>
      )}
      {making && <CreateWallet onClose={() => setMaking(false)} />}
    </Page>
  );
}

/** How many there are; how many of them match, where something is filtered. */
function countText(known: number, more: boolean, matching: number | null): string {
  const count = known.toLocaleString('en');
  if (matching !== null)
    return `${matching.toLocaleString('en')} of ${more ? 'the newest ' : ''}${count} wallets`;
  if (more) return `The newest ${count} wallets`;
  return `${count} ${known === 1 ? 'wallet' : 'wallets'}`;
}
