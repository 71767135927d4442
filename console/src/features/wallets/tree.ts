/** Wallets as the tree that they are. Pure. */
import type { components } from '@/api/schema';

export type Wallet = components['schemas']['Wallet'];

export interface Branch {
  wallet: Wallet;
  /** How far below the top of what is shown, from 0. */
  level: number;
  children: Branch[];
  /** The nearest wallet above that is frozen, which stops this one too. */
  frozenBy: Wallet | null;
}

/** Trees by name. A wallet whose parent was not answered, such as one in another namespace, stands at the top. */
export function treeOf(wallets: readonly Wallet[]): Branch[] {
  const below = new Map<string, Wallet[]>();
  const known = new Set(wallets.map(({ id }) => id));
  const tops: Wallet[] = [];
  for (const wallet of wallets) {
    if (wallet.parent_id && known.has(wallet.parent_id)) {
      const siblings = below.get(wallet.parent_id) ?? [];
      siblings.push(wallet);
      below.set(wallet.parent_id, siblings);
    } else {
      tops.push(wallet);
    }
  }
  const grow = (siblings: readonly Wallet[], level: number, frozenBy: Wallet | null): Branch[] =>
    [...siblings].sort(byName).map((wallet) => ({
      wallet,
      level,
      frozenBy,
      children: grow(below.get(wallet.id) ?? [], level + 1, wallet.status === 'frozen' ? wallet : frozenBy),
    }));
  return grow(tops, 0, null);
}

function byName(one: Wallet, other: Wallet): number {
  return one.name.localeCompare(other.name, 'en', { numeric: true }) || (one.id < other.id ? -1 : 1);
}

export interface TreeFilter {
  q?: string;
  status?: string;
}

/** What matches, with the way down to it. */
export function sift(branches: readonly Branch[], filter: TreeFilter): Branch[] {
  return branches.flatMap((branch) => {
    const children = sift(branch.children, filter);
    return children.length > 0 || matches(branch.wallet, filter) ? [{ ...branch, children }] : [];
  });
}

/** By name, id, agent or namespace, in any case; and by status. */
export function matches(wallet: Wallet, { q, status }: TreeFilter): boolean {
  if (status && wallet.status !== status) return false;
  if (!q) return true;
  const said = [wallet.name, wallet.id, wallet.agent_id, wallet.namespace].filter(Boolean).join('\n');
  return said.toLowerCase().includes(q.toLowerCase());
}

/** The rows of what is open, from the top down. */
export function rowsOf(branches: readonly Branch[], isOpen: (id: string) => boolean): Branch[] {
  return branches.flatMap((branch) => [
    branch,
    ...(isOpen(branch.wallet.id) ? rowsOf(branch.children, isOpen) : []),
  ]);
}
