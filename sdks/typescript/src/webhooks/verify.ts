import { bytesOf } from './bytes.js';
import { WebhookSignatureError } from './errors.js';
import { readEvent, type WebhookEvent } from './event.js';
import type { Dialect } from './scheme.js';
import { type SignedRequest, verifySignature } from './signature.js';

/** A delivery to be verified. */
export interface Delivery extends SignedRequest {
  /**
   * The endpoint's dialect, whose own signature is then verified, and as which alone the body is read. If
   * absent, the Standard Webhooks headers are verified, which come with every dialect; whose the event is
   * (`namespace`, `workspaceId`) is then said only if all headers of the delivery are there, because a body
   * in a flat dialect can be posted so that it looks like one in another.
   *
   * The signature of `paygraph` is made once, when an approval is asked, and holds until its `expires_at`.
   * Its other events name no such time: verify them without `dialect`.
   */
  dialect?: Dialect | undefined;
}

/** An event, and which of the secrets signed it. @internal */
export interface VerifiedDelivery {
  event: WebhookEvent;
  secretIndex: number;
}

/** The dialect that a lone signature header is of. */
function guess(signature: string): Dialect {
  if (signature.startsWith('t=')) return 'trove';
  return /^[0-9a-f]{64}$/.test(signature) ? 'keystore' : 'standard';
}

/** Verifies a delivery, and says with which secret. @internal */
export async function verifyDelivery(delivery: Delivery): Promise<VerifiedDelivery> {
  const { dialect } = delivery;
  const signatureHeader = delivery.signatureHeader ?? undefined;
  const scheme = dialect ?? (signatureHeader === undefined ? 'standard' : guess(signatureHeader));
  const { id, secretIndex } = await verifySignature({ ...delivery, scheme });
  const seen = { dialect, scheme, headers: delivery.headers ?? {} };
  const event = await readEvent(bytesOf(delivery.body), seen, id);
  // Signed once for all attempts, this approval is as fresh as it says itself.
  if (scheme === 'paygraph' && typeof event.body.expires_at === 'string') {
    const late = (delivery.now ?? new Date()).getTime() - Date.parse(event.body.expires_at);
    if (!(late <= 0)) {
      throw new WebhookSignatureError('timestamp_out_of_tolerance', 'the approval has expired');
    }
  }
  return { event, secretIndex };
}

/**
 * Verifies a delivery and reads its event.
 *
 * @throws {WebhookSignatureError} says which check failed; answer with 401.
 * @throws {TypeError} the body was parsed before
 */
export async function verifyWebhook(delivery: Delivery): Promise<WebhookEvent> {
  return (await verifyDelivery(delivery)).event;
}
