import { useMay, useSession } from '@/app/session';

/**
 * Whether this session looks after wallets. An agent's key may end its own holds by the API; here that is for
 * whoever manages, like everything else that changes something.
 */
export function useManages(): { wallets: boolean; holds: boolean } {
  const may = useMay();
  const { read_only: readOnly } = useSession();
  const wallets = may('wallets:manage') && !readOnly;
  return { wallets, holds: wallets && may('wallets:spend') };
}
