/** One wallet: what it has, what was bought from it, and what may be done about it. */
import { Button, Text } from '@mantine/core';
import { Link, useParams } from '@tanstack/react-router';
import { Plus, Snowflake, Sun } from 'lucide-react';
import { Fragment, useState } from 'react';
import { useGet } from '@/api/hooks';
import { useFields } from '@/app/search';
import { Empty } from '@/ui/empty';
import { Page, PageSkeleton } from '@/ui/page';
import { ProblemAlert } from '@/ui/problem-alert';
import { BudgetDialog } from './budget';
import { WalletStatus } from './columns';
import { CreateWallet } from './create';
import { FreezeDialog } from './freeze';
import { HoldsSection } from './holds';
import { useParents } from './load';
import { useManages } from './may';
import { PurchasePanel } from './purchase';
import { PurchasesSection } from './purchases';
import { walletSearch } from './search';
import { SpendingSection } from './spending';
import { Standing } from './standing';
import { SubWallets } from './sub-wallets';
import { TermsSection } from './terms';
import type { Wallet } from './tree';
import './wallets.css';

type Asking = 'budget' | 'freeze' | 'create' | null;

export default function WalletPage() {
  const { walletId = '' } = useParams({ strict: false }) as { walletId?: string };
  const wallet = useGet('/v1/wallets/{wallet_id}', {
    topics: ['wallets'],
    params: { path: { wallet_id: walletId } },
  });
  const parents = useParents(wallet.data?.parent_id);
  if (wallet.error && !wallet.data) {
    const above = <ToWallets />;
    return (
      <Page title="Wallet" above={above}>
        {wallet.error.status === 404 ? (
          <Empty title="No such wallet">It is not there, or this session may not see it.</Empty>
        ) : (
          <ProblemAlert error={wallet.error} retry={() => void wallet.refetch()} />
        )}
      </Page>
    );
  }
  if (!wallet.data) return <PageSkeleton />;
  return <OneWallet key={walletId} wallet={wallet.data} parents={parents.data ?? []} />;
}

function OneWallet({ wallet, parents }: { wallet: Wallet; parents: readonly Wallet[] }) {
  const [fields, set] = useFields(walletSearch);
  const [asking, setAsking] = useState<Asking>(null);
  const manages = useManages();
  const frozen = wallet.status === 'frozen';
  const frozenBy = parents.findLast(({ status }) => status === 'frozen') ?? null;
  const close = () => setAsking(null);
  const open = (id: string | undefined) => set({ open: id }, { keepCursor: true });

  return (
    <Page
      title={wallet.name}
      above={<Trail parents={parents} />}
      heading={
        <span className="bw-wallet-heading">
          {wallet.name}
          <WalletStatus wallet={wallet} frozenBy={frozenBy} />
        </span>
      }
      actions={
        manages.wallets && (
          <>
            <Button variant="default" leftSection={<Plus size={13} />} onClick={() => setAsking('create')}>
              Sub-wallet
            </Button>
            <Button
              variant="default"
              leftSection={frozen ? <Sun size={13} /> : <Snowflake size={13} />}
              onClick={() => setAsking('freeze')}
            >
              {frozen ? 'Unfreeze' : 'Freeze'}
            </Button>
            <Button onClick={() => setAsking('budget')}>Raise budget</Button>
          </>
        )
      }
    >
      <div className="bw-split" data-open={fields.open ? true : undefined}>
        <div>
          <FrozenNote wallet={wallet} frozenBy={frozenBy} />
          <Standing wallet={wallet} parents={parents} frozen={frozen || frozenBy !== null} />
          <SpendingSection
            wallet={wallet}
            span={fields.span ?? '1h'}
            onSpan={(span) => set({ span: span === '1h' ? undefined : span }, { keepCursor: true })}
          />
          <SubWallets wallet={wallet} frozenBy={frozen ? wallet : frozenBy} />
          <HoldsSection wallet={wallet} chosen={fields.open} onOpen={open} />
          <PurchasesSection wallet={wallet} chosen={fields.open} onOpen={open} />
          <TermsSection wallet={wallet} />
        </div>
        {fields.open && <PurchasePanel id={fields.open} onClose={() => open(undefined)} />}
      </div>
      {asking === 'budget' && <BudgetDialog wallet={wallet} parents={parents} onClose={close} />}
      {asking === 'freeze' && <FreezeDialog wallet={wallet} onClose={close} />}
      {asking === 'create' && <CreateWallet parent={wallet} onClose={close} />}
    </Page>
  );
}

/** Not marked as the page one is on: that is the wallet's. */
function ToWallets() {
  return (
    <Link to={'/wallets' as never} activeOptions={{ exact: true }}>
      Wallets
    </Link>
  );
}

function Trail({ parents }: { parents: readonly Wallet[] }) {
  return (
    <nav aria-label="Wallets above">
      <ToWallets />
      {parents.map(({ id, name }) => (
        <Fragment key={id}>
          {' / '}
          <Link to={'/wallets/$walletId' as never} params={{ walletId: id } as never}>
            {name}
          </Link>
        </Fragment>
      ))}
    </nav>
  );
}

function FrozenNote({ wallet, frozenBy }: { wallet: Wallet; frozenBy: Wallet | null }) {
  const by = wallet.status === 'frozen' ? wallet : frozenBy;
  if (!by) return null;
  return (
    <div className="bw-frozen" role="status">
      <Snowflake size={15} strokeWidth={1.75} aria-hidden />
      <div>
        <Text fw={600}>
          {by === wallet ? 'Frozen' : `${by.name}, above, is frozen`}: nothing can be bought from it
          {by === wallet ? ' and from what is below it' : ''}.
        </Text>
        {by.status_reason && <Text>{by.status_reason}</Text>}
      </div>
    </div>
  );
}
