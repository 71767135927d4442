import { fields, oneOf, text } from '@/app/search';

export const STATUSES = ['pending', 'approved', 'denied', 'expired', 'undeliverable', 'cancelled'] as const;

/** Which list, the filters of the history, and the question that is open beside it. */
export const approvalSearch = fields({
  view: oneOf('history'),
  status: oneOf(...STATUSES),
  agent: text(),
  namespace: text(),
  open: text(),
});
