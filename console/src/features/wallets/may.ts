import { useMayChange } from '@/app/session';

/**
 * Whether this session looks after wallets. An agent's key may end its own holds by the API; here that is for
 * whoever manages, like everything else that changes something.
 */
export function useManages(): { wallets: boolean; holds: boolean } {
  const may = useMayChange();
  const wallets = may('wallets:manage');
  return { wallets, holds: wallets && may('wallets:spend') };
}
