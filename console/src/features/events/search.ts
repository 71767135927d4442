import { fields, text } from '@/app/search';

/** The filters of the list, and the event that is open beside it. */
export const eventSearch = fields({
  type: text(),
  namespace: text(),
  q: text(),
  since: text(),
  open: text(),
});
