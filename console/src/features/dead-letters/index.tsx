import { MailX } from 'lucide-react';
import type { Feature } from '@/app/feature';
import { deadLetterSearch } from './search';

export default {
  id: 'dead-letters',
  order: 30,
  menu: {
    label: 'Dead letters',
    icon: MailX,
    path: '/dead-letters',
    key: 'd',
    needs: ['webhooks:manage'],
  },
  routes: [{ path: '/dead-letters', page: () => import('./list'), search: deadLetterSearch }],
} satisfies Feature;
