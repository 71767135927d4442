import type { Feature } from '@/app/feature';

export default {
  id: 'try',
  order: 140,
  routes: [{ path: '/try', page: () => import('./playground'), bare: true }],
} satisfies Feature;
