/** How requests are signed. */

/** How an event looks on the wire; every dialect has a scheme of the same name. */
export const DIALECTS = [
  'standard',
  'cloudevents',
  'trove',
  'trovefiles',
  'paygraph',
  'pacspace',
  'keystore',
] as const;

/** How an event looks on the wire. */
export type Dialect = (typeof DIALECTS)[number];

/** How a request is signed: as one of the dialects, or as Stripe, GitHub or Slack do. */
export type Scheme = Dialect | 'stripe' | 'github' | 'slack';

/** What sets one scheme apart. */
export interface SchemeRow {
  /** The header with the signature. */
  header: string;
  /**
   * How the header is read: Standard Webhooks' list, `name=value` with commas between, or one bare
   * signature behind `prefix`.
   */
  form: 'standard' | 'pairs' | 'bare';
  prefix?: string;
  /** The header with the time, if it has one of its own. */
  timeHeader?: string;
  /** Whether the time may be in milliseconds; they are told by their size. */
  millis?: boolean;
  /** Whether an old signature is refused. */
  timed: boolean;
  /** Whether the HMAC key is the secret as text rather than what its base64 stands for. */
  keyedByText: boolean;
  /** What is signed before the body. */
  before(id: string, time: string): string;
}

const standard: SchemeRow = {
  header: 'webhook-signature',
  form: 'standard',
  timeHeader: 'webhook-timestamp',
  timed: true,
  keyedByText: false,
  before: (id, time) => `${id}.${time}.`,
};

const stamped = (header: string, timed = true): SchemeRow => ({
  header,
  form: 'pairs',
  timed,
  keyedByText: true,
  before: (_id, time) => `${time}.`,
});

const bare = (header: string, prefix: string): SchemeRow => ({
  header,
  form: 'bare',
  prefix,
  timed: false,
  keyedByText: true,
  before: () => '',
});

/** Every scheme. */
export const SCHEMES: Readonly<Record<Scheme, SchemeRow>> = {
  standard,
  cloudevents: standard,
  trove: stamped('x-trove-signature'),
  trovefiles: stamped('x-trove-signature'),
  // Its time is when the approval was made; how fresh it is, is told by `expires_at` in the body.
  paygraph: stamped('x-paygraph-signature', false),
  pacspace: { ...stamped('x-pacspace-signature'), timeHeader: 'x-pacspace-timestamp', millis: true },
  keystore: bare('x-webhook-signature', ''),
  stripe: stamped('stripe-signature'),
  github: bare('x-hub-signature-256', 'sha256='),
  slack: {
    ...bare('x-slack-signature', 'v0='),
    timeHeader: 'x-slack-request-timestamp',
    timed: true,
    before: (_id, time) => `v0:${time}:`,
  },
};
