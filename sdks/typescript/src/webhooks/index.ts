/** Verifying deliveries. Loads nothing but itself: WebCrypto, no dependency, no `node:` module. */
export type { EventData, EventType } from '../generated/events.js';
export type { HeadersLike } from './claim.js';
export { type SignatureFault, WebhookSignatureError } from './errors.js';
export { WebhookEvent } from './event.js';
export { DIALECTS, type Dialect, type Scheme } from './scheme.js';
export { type StandardHeaders, signWebhook } from './sign.js';
export { type SignedRequest, TOLERANCE_SECONDS, type Verified, verifySignature } from './signature.js';
export { type Delivery, verifyWebhook } from './verify.js';
