import { Webhook } from 'lucide-react';
import type { Feature } from '@/app/feature';
import { deliverySearch, endpointSearch } from './search';

export default {
  id: 'endpoints',
  order: 20,
  menu: {
    label: 'Endpoints',
    icon: Webhook,
    path: '/endpoints',
    key: 'n',
    needs: ['webhooks:manage'],
    portal: true,
  },
  routes: [
    { path: '/endpoints', page: () => import('./list'), search: endpointSearch },
    { path: '/endpoints/$endpointId', page: () => import('./endpoint'), search: deliverySearch },
    { path: '/deliveries/$deliveryId', page: () => import('./delivery') },
  ],
} satisfies Feature;
