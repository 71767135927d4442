import { KeyRound } from 'lucide-react';
import type { Feature } from '@/app/feature';
import { keySearch } from './search';

export default {
  id: 'keys',
  order: 110,
  menu: { label: 'Keys', icon: KeyRound, path: '/keys', key: 'k', needs: ['keys:manage'] },
  routes: [{ path: '/keys', page: () => import('./list'), search: keySearch }],
} satisfies Feature;
