import { Settings } from 'lucide-react';
import type { Feature } from '@/app/feature';
import { settingsSearch } from './search';

export default {
  id: 'settings',
  order: 130,
  menu: { label: 'Settings', icon: Settings, path: '/settings', key: 's' },
  routes: [{ path: '/settings', page: () => import('./settings'), search: settingsSearch }],
} satisfies Feature;
