import { Gauge } from 'lucide-react';
import type { Feature } from '@/app/feature';
import { overviewSearch } from './search';

export default {
  id: 'overview',
  order: 0,
  menu: { label: 'Overview', icon: Gauge, path: '/', key: 'o' },
  routes: [{ path: '/', page: () => import('./overview'), search: overviewSearch }],
} satisfies Feature;
