import { fields, text } from '@/app/search';

export const overviewSearch = fields({ namespace: text() });
