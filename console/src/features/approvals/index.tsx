import { CircleCheckBig } from 'lucide-react';
import type { Feature } from '@/app/feature';
import { PendingBadge } from './badge';
import { approvalSearch } from './search';

export default {
  id: 'approvals',
  order: 50,
  menu: {
    label: 'Approvals',
    icon: CircleCheckBig,
    path: '/approvals',
    key: 'a',
    needs: ['approvals:decide', 'approvals:request'],
    badge: PendingBadge,
    pageKeys: [
      [['a'], 'approve the question'],
      [['d'], 'deny it'],
    ],
  },
  routes: [
    { path: '/approvals', page: () => import('./list'), search: approvalSearch },
    { path: '/approvals/$approvalId', page: () => import('./approval') },
  ],
} satisfies Feature;
