import { fields, text } from '@/app/search';

/** All that the API filters by, and the number of the entry that is open. */
export const auditSearch = fields({
  action: text(),
  subject: text(),
  actor: text(),
  namespace: text(),
  since: text(),
  until: text(),
  open: text(),
});
