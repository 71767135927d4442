import { Scale } from 'lucide-react';
import type { Feature } from '@/app/feature';
import { editSearch, policiesSearch, policySearch } from './search';

export default {
  id: 'policies',
  order: 60,
  menu: {
    label: 'Policies',
    icon: Scale,
    path: '/policies',
    key: 'p',
    needs: ['policies:manage', 'approvals:decide'],
  },
  routes: [
    { path: '/policies', page: () => import('./list'), search: policiesSearch },
    { path: '/policies/$policyId', page: () => import('./policy'), search: policySearch },
    { path: '/policies/$policyId/edit', page: () => import('./edit'), search: editSearch },
  ],
} satisfies Feature;
