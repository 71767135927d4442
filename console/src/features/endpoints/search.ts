import { fields, flag, oneOf, text } from '@/app/search';

/** The filter of the list of endpoints, and whether one is being made. */
export const endpointSearch = fields({ namespace: text(), create: flag() });

export const STATUSES = ['pending', 'success', 'failed'] as const;

/** The filters of an endpoint's deliveries. */
export const deliverySearch = fields({
  status: oneOf(...STATUSES),
  type: text(),
  q: text(),
  since: text(),
  until: text(),
});
