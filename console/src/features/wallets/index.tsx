import { Wallet } from 'lucide-react';
import type { Feature } from '@/app/feature';
import { treeSearch, walletSearch } from './search';

export default {
  id: 'wallets',
  order: 40,
  menu: {
    label: 'Wallets',
    icon: Wallet,
    path: '/wallets',
    key: 'w',
    needs: ['wallets:manage', 'wallets:spend'],
  },
  routes: [
    { path: '/wallets', page: () => import('./list'), search: treeSearch },
    { path: '/wallets/$walletId', page: () => import('./wallet'), search: walletSearch },
  ],
} satisfies Feature;
