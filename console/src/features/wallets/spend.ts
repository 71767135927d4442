/** What was spent, in the course of time and by vendor, added up over a wallet and those below it. */
import { useQuery } from '@tanstack/react-query';
import type { ApiError } from '@/api/problem';
import type { components } from '@/api/schema';
import { useApi } from '@/api/scope';
import { parseUsd } from '@/ui/nanos';
import type { Span } from './search';

type Series = components['schemas']['SpendSeries'];
type Split = components['schemas']['SpendSplit'];

export const BUCKETS: Record<Span, 'minute' | 'hour' | 'day'> = {
  '1h': 'minute',
  '6h': 'minute',
  '24h': 'hour',
  '30d': 'day',
};
const VENDORS_MAX = 1_000;

export interface Point {
  at: string;
  spent: bigint;
  count: number;
}

export interface Share {
  name: string | null;
  spent: bigint;
  count: number;
}

export interface Spending {
  points: Point[];
  vendors: Share[];
  total: bigint;
  count: number;
}

export function useSpending(ids: readonly string[], span: Span) {
  const api = useApi();
  return useQuery<Spending, ApiError>({
    queryKey: ['spending', ids, span],
    meta: { topics: ['wallets'] },
    // The hour goes on, even if nothing is spent.
    refetchInterval: 60_000,
    placeholderData: (before) => before,
    queryFn: async ({ signal }) => {
      const parts = ids.map(async (id) => {
        const query = { wallet_id: id, since: span };
        // By hand: the types would have it CSV as well.
        const [series, split] = await Promise.all([
          api.raw<Series>('GET', '/v1/spend/timeseries', {
            query: { ...query, bucket: BUCKETS[span] },
            signal,
          }),
          api.raw<Split>('GET', '/v1/spend/by-vendor', { query: { ...query, limit: VENDORS_MAX }, signal }),
        ]);
        return { series, split };
      });
      const found = await Promise.all(parts);
      const splits = found.map(({ split }) => split);
      return {
        points: sumSeries(found.map(({ series }) => series)),
        vendors: sumShares(splits),
        total: splits.reduce((sum, { total_usd: usd }) => sum + nanos(usd), 0n),
        count: splits.reduce((sum, { count }) => sum + count, 0),
      };
    },
  });
}

/** One course of time: steps that begin together are added. */
export function sumSeries(all: readonly Pick<Series, 'points'>[]): Point[] {
  const steps = new Map<string, Point>();
  for (const { at, spent_usd: usd, count } of all.flatMap(({ points }) => points)) {
    const before = steps.get(at);
    steps.set(at, { at, spent: (before?.spent ?? 0n) + nanos(usd), count: (before?.count ?? 0) + count });
  }
  return [...steps.values()].sort((one, other) => (one.at < other.at ? -1 : 1));
}

/** One list of vendors, those that were paid most first. */
export function sumShares(all: readonly Pick<Split, 'vendors'>[]): Share[] {
  const shares = new Map<string, Share>();
  for (const { vendor, spent_usd: usd, count } of all.flatMap(({ vendors }) => vendors ?? [])) {
    const name = vendor ?? null;
    const before = shares.get(name ?? '');
    shares.set(name ?? '', {
      name,
      spent: (before?.spent ?? 0n) + nanos(usd),
      count: (before?.count ?? 0) + count,
    });
  }
  return [...shares.values()].sort((one, other) =>
    one.spent === other.spent
      ? (one.name ?? '').localeCompare(other.name ?? '')
      : one.spent > other.spent
        ? -1
        : 1,
  );
}

function nanos(usd: string): bigint {
  return parseUsd(usd) ?? 0n;
}
