/**
 * How a part of the console joins it: one folder, `src/features/<slice>/`, with an `index.tsx` that
 * default-exports a `Feature`. It is found by its place (features.ts); nothing else is to be edited.
 *
 *     // src/features/wallets/index.tsx: small, because it is part of the first view
 *     import { Wallet } from 'lucide-react';
 *     import type { Feature } from '@/app/feature';
 *     import { walletSearch } from './search';
 *
 *     export default {
 *       id: 'wallets',
 *       order: 40,
 *       menu: { label: 'Wallets', icon: Wallet, path: '/wallets', key: 'w', needs: ['wallets:manage'] },
 *       routes: [
 *         { path: '/wallets', page: () => import('./list'), search: walletSearch },
 *         { path: '/wallets/$walletId', page: () => import('./wallet') },
 *       ],
 *     } satisfies Feature;
 *
 * A page module default-exports its component. Its filters are fields of the URL (search.ts), what it shows it
 * asks for with `useGet` and `useList` (api/hooks.ts), naming the topics that make it fetch again.
 */
import type { ComponentType } from 'react';
import type { Permission } from '@/api/session';
import type { SearchFields } from './search';

export interface Feature {
  /** The folder's name. */
  id: string;
  /** The place in the menu: overview 0, events 10, endpoints 20, dead letters 30, wallets 40, approvals 50,
   * policies 60, agents 70, workspaces 80, ledger 90, reactor 100, keys 110, audit 120, settings 130. */
  order: number;
  menu?: MenuEntry;
  routes: FeatureRoute[];
}

export interface MenuEntry {
  label: string;
  icon: ComponentType<{ size?: number | string; strokeWidth?: number | string }>;
  path: string;
  /** With `g` before it, opens the page. One lower-case letter, not taken by another feature. */
  key?: string;
  /** What other keys do on its page, for the help: `[['a'], 'Approve']`. */
  pageKeys?: readonly (readonly [readonly string[], string])[];
  /** Shown to keys that have one of these; to everybody if absent. */
  needs?: Permission[];
  /** Shown only to keys that are not bound to a namespace. */
  unboundOnly?: boolean;
  /** Shown to whom a portal link let in, too. */
  portal?: boolean;
  /** Beside the label, such as how many approvals are waiting. */
  badge?: ComponentType;
}

export interface FeatureRoute {
  /** As TanStack Router writes it: `/wallets/$walletId`. */
  path: string;
  /** Loaded when it is first opened. */
  page: () => Promise<{ default: ComponentType }>;
  /** The fields of the URL that the page reads. */
  search?: SearchFields;
  /** Without the shell and without a session, such as `/try`. */
  bare?: boolean;
}
