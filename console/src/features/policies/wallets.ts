/** Wallets: a policy does not say which of them name it, so they are all looked at. */
import { useQuery } from '@tanstack/react-query';
import { answer } from '@/api/client';
import { type ApiError, asApiError } from '@/api/problem';
import type { components } from '@/api/schema';
import { useApi } from '@/api/scope';
import { useMay } from '@/app/session';

export type Wallet = components['schemas']['Wallet'];

const PAGE = 200;
const PAGES_MAX = 10;

export function useWallets(): { wallets: Wallet[]; whole: boolean; known: boolean } {
  const api = useApi();
  const may = useMay();
  const query = useQuery<{ wallets: Wallet[]; whole: boolean }, ApiError>({
    queryKey: ['GET', '/v1/wallets', 'all'],
    queryFn: async ({ signal }) => {
      const wallets: Wallet[] = [];
      let cursor: string | undefined;
      for (let page = 0; page < PAGES_MAX; page++) {
        const found = await answer(
          api.http.GET('/v1/wallets', { params: { query: { limit: PAGE, cursor } }, signal }),
        ).catch((error: unknown) => {
          throw asApiError(error);
        });
        wallets.push(...found.wallets);
        if (!found.next_cursor) return { wallets, whole: true };
        cursor = found.next_cursor;
      }
      return { wallets, whole: false };
    },
    // Purchases change wallets all the time; which policy they name hardly ever.
    staleTime: 15_000,
    meta: { topics: ['policies'] },
    enabled: may('wallets:manage') || may('wallets:spend'),
  });
  return {
    wallets: query.data?.wallets ?? [],
    whole: query.data?.whole ?? true,
    known: query.data !== undefined,
  };
}
