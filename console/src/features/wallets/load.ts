/** Wallets that several parts of the pages need. */
import { useQuery } from '@tanstack/react-query';
import { answer } from '@/api/client';
import { useAll, useGet } from '@/api/hooks';
import type { ApiError } from '@/api/problem';
import { asApiError } from '@/api/problem';
import { useApi } from '@/api/scope';
import type { Wallet } from './tree';

/** So many more at a time: a tree is seen whole or not at all, and few have more. */
export const WALLETS_STEP = 1_000;

/** The newest wallets, all pages of them. */
export function useWallets(namespace: string | undefined, max = WALLETS_STEP) {
  return useAll('/v1/wallets', {
    topics: ['wallets'],
    params: { query: { namespace } },
    rows: (page) => page.wallets,
    rowsMax: max,
  });
}

/** The wallets above one, from the top down, as far as this session may see them. */
export function useParents(parentId: string | null | undefined) {
  const api = useApi();
  return useQuery<Wallet[], ApiError>({
    queryKey: ['wallet-parents', parentId ?? null],
    enabled: Boolean(parentId),
    meta: { topics: ['wallets'] },
    queryFn: async ({ signal }) => {
      const parents: Wallet[] = [];
      let id = parentId;
      while (id) {
        const params = { path: { wallet_id: id } };
        const parent = await answer(api.http.GET('/v1/wallets/{wallet_id}', { params, signal })).catch(
          (error: unknown) => {
            // Of another namespace: it counts, but is not shown.
            if (asApiError(error).status === 404) return null;
            throw error;
          },
        );
        if (parent) parents.unshift(parent);
        id = parent?.parent_id;
      }
      return parents;
    },
  });
}

/** More wallets than this are not added up here: one question for each. */
const BELOW_MAX = 12;

/** The ids of all wallets below one; null where they are too many to add up. */
export function useBelow(id: string) {
  const api = useApi();
  return useQuery<string[] | null, ApiError>({
    queryKey: ['wallets-below', id],
    meta: { topics: [] },
    // A tree grows seldom: not with every purchase.
    refetchInterval: 60_000,
    queryFn: async ({ signal }) => {
      const found: string[] = [];
      const open = [id];
      for (let parent = open.shift(); parent; parent = open.shift()) {
        const query = { parent_id: parent, limit: BELOW_MAX + 1 };
        const page = await answer(api.http.GET('/v1/wallets', { params: { query }, signal }));
        found.push(...page.wallets.map((wallet) => wallet.id));
        open.push(...page.wallets.map((wallet) => wallet.id));
        if (found.length > BELOW_MAX) return null;
      }
      return found;
    },
  });
}

/** How a wallet stands, along the tree. */
export function useBalance(id: string) {
  return useGet('/v1/wallets/{wallet_id}/balance', {
    topics: ['wallets'],
    params: { path: { wallet_id: id } },
  });
}
