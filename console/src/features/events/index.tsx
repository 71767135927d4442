import { Activity } from 'lucide-react';
import type { Feature } from '@/app/feature';
import { eventSearch } from './search';

export default {
  id: 'events',
  order: 10,
  menu: { label: 'Events', icon: Activity, path: '/events', key: 'e', needs: ['events:read'], portal: true },
  routes: [
    { path: '/events', page: () => import('./list'), search: eventSearch },
    { path: '/events/$eventId', page: () => import('./event') },
  ],
} satisfies Feature;
