import { fields, text } from '@/app/search';

/** The filter of the list, and the key that is open beside it. */
export const keySearch = fields({ namespace: text(), open: text() });
