/** Wallets: a policy does not say which of them name it, so they are all looked at. */
import { useAll } from '@/api/hooks';
import type { components } from '@/api/schema';
import { useMay } from '@/app/session';

export type Wallet = components['schemas']['Wallet'];

export function useWallets(): { wallets: Wallet[]; whole: boolean; known: boolean } {
  const may = useMay();
  const { rows, whole, known } = useAll('/v1/wallets', {
    topics: ['policies'],
    rows: (page) => page.wallets,
    rowsMax: 2_000,
    // Purchases change wallets all the time; which policy they name hardly ever.
    staleMs: 15_000,
    enabled: may('wallets:manage') || may('wallets:spend'),
  });
  return { wallets: rows, whole, known };
}
