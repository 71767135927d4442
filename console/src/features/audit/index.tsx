import { ScrollText } from 'lucide-react';
import type { Feature } from '@/app/feature';
import { auditSearch } from './search';

export default {
  id: 'audit',
  order: 120,
  menu: { label: 'Audit', icon: ScrollText, path: '/audit', key: 'u', needs: ['audit:read'] },
  routes: [{ path: '/audit', page: () => import('./list'), search: auditSearch }],
} satisfies Feature;
