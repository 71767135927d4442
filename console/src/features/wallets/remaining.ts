/** What a budget would leave. Pure, in nano-dollars. */
import { parseUsd } from '@/ui/nanos';
import type { Wallet } from './tree';

type Sums = Pick<Wallet, 'budget_usd' | 'spent_usd' | 'held_usd'>;

export interface Remaining {
  budget: bigint;
  /** More than now, or less than now. */
  change: bigint;
  /** What would be left of this budget. */
  available: bigint;
  /** By how much it would be passed already. */
  over: bigint;
}

/** What the wallet has left with another budget; null while that is no amount. */
export function remaining(wallet: Sums, typed: string): Remaining | null {
  const budget = parseUsd(typed);
  if (budget === null || budget < 0n) return null;
  const used = nanos(wallet.spent_usd) + nanos(wallet.held_usd);
  const left = budget - used;
  return {
    budget,
    change: budget - nanos(wallet.budget_usd),
    available: left > 0n ? left : 0n,
    over: left < 0n ? -left : 0n,
  };
}

/** The wallet above that has least left, if that is less than `available`. */
export function tightest<W extends Sums & { name: string; available_usd: string }>(
  parents: readonly W[],
  available: bigint,
): { parent: W; available: bigint } | null {
  let found: { parent: W; available: bigint } | null = null;
  for (const parent of parents) {
    const left = nanos(parent.available_usd);
    if (left < (found?.available ?? available)) found = { parent, available: left };
  }
  return found;
}

function nanos(usd: string): bigint {
  return parseUsd(usd) ?? 0n;
}
