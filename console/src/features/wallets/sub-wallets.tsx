/** The wallets right below one. */
import { useNavigate } from '@tanstack/react-router';
import { useList } from '@/api/hooks';
import { Section } from '@/ui/page';
import { DataTable } from '@/ui/table';
import { walletColumns } from './columns';
import type { Wallet } from './tree';

export function SubWallets({ wallet, frozenBy }: { wallet: Wallet; frozenBy: Wallet | null }) {
  const navigate = useNavigate();
  const list = useList('/v1/wallets', {
    topics: ['wallets'],
    params: { query: { parent_id: wallet.id, limit: 20 } },
    rows: (page) => page.wallets.map((child) => ({ wallet: child, level: 0, children: [], frozenBy })),
    cursorParam: 'below_cursor',
  });
  // Most wallets have none below them, and say nothing of it.
  if (list.rows.length === 0 && !list.error && list.pager.first) return null;
  return (
    <Section title="Sub-wallets">
      <DataTable
        label="Sub-wallets"
        columns={walletColumns()}
        rows={list.rows}
        rowKey={(row) => row.wallet.id}
        rowLabel={(row) => row.wallet.name}
        onOpen={(row) =>
          void navigate({
            to: '/wallets/$walletId' as never,
            params: { walletId: row.wallet.id } as never,
          })
        }
        keys={false}
        list={list}
        empty={null}
      />
    </Section>
  );
}
