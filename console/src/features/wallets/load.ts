/** Wallets that several parts of the pages need. */
import { useQuery } from '@tanstack/react-query';
import { type Api, answer } from '@/api/client';
import { useGet } from '@/api/hooks';
import type { ApiError } from '@/api/problem';
import { asApiError } from '@/api/problem';
import { useApi } from '@/api/scope';
import type { Wallet } from './tree';

/** The server's largest page. */
const PAGE_MAX = 200;
/** So many more at a time: a tree is seen whole or not at all, and few have more. */
export const WALLETS_STEP = 1_000;

export interface AllWallets {
  wallets: Wallet[];
  /** There are more, older ones. */
  more: boolean;
}

/** The newest wallets, all pages of them. */
export function useWallets(namespace: string | undefined, max = WALLETS_STEP) {
  const api = useApi();
  return useQuery<AllWallets, ApiError>({
    queryKey: ['wallets', namespace ?? null, max],
    queryFn: ({ signal }) => allWallets(api, namespace, max, signal),
    meta: { topics: ['wallets'] },
    placeholderData: (before) => before,
  });
}

async function allWallets(
  api: Api,
  namespace: string | undefined,
  max: number,
  signal: AbortSignal,
): Promise<AllWallets> {
  const wallets: Wallet[] = [];
  let cursor: string | undefined;
  do {
    const query = { limit: PAGE_MAX, namespace, cursor };
    const page = await answer(api.http.GET('/v1/wallets', { params: { query }, signal }));
    wallets.push(...page.wallets);
    cursor = page.next_cursor ?? undefined;
  } while (cursor && wallets.length < max);
  return { wallets, more: cursor !== undefined };
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
