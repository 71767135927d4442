import { fields, flag, oneOf, text } from '@/app/search';

/** The filters of the tree. */
export const treeSearch = fields({
  q: text(),
  namespace: text(),
  status: oneOf('active', 'frozen'),
});

/** How far back the charts of a wallet go; an hour if absent. */
export const SPANS = ['1h', '6h', '24h', '30d'] as const;
export type Span = (typeof SPANS)[number];

/** Of one wallet: the charts' span, the filters of its purchases, and the purchase that is open. */
export const walletSearch = fields({
  span: oneOf(...SPANS),
  status: oneOf('succeeded', 'held', 'pending', 'failed', 'denied', 'voided', 'expired'),
  vendor: text(),
  agent: text(),
  since: text(),
  holds: flag(),
  open: text(),
});
