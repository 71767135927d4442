/** Signing as Standard Webhooks does: what decisions on approvals are sent with. */
import { bytesOf, concat, toBase64, utf8 } from './bytes.js';
import { WebhookSignatureError } from './errors.js';
import { hmacKey, secretBytes } from './signature.js';

/** The Standard Webhooks headers of a body. */
export interface StandardHeaders {
  'webhook-id': string;
  'webhook-timestamp': string;
  'webhook-signature': string;
}

/** Signs a body with an endpoint's secret. */
export async function signWebhook(request: {
  secret: string;
  id: string;
  body: string | ArrayBuffer | ArrayBufferView;
  /** Now if absent. */
  timestamp?: Date | undefined;
}): Promise<StandardHeaders> {
  const bytes = secretBytes(request.secret);
  if (!bytes) throw new WebhookSignatureError('bad_secret', 'no secret is usable');
  const seconds = String(Math.floor((request.timestamp ?? new Date()).getTime() / 1000));
  const content = concat([utf8(`${request.id}.${seconds}.`), bytesOf(request.body)]);
  const signature = await crypto.subtle.sign('HMAC', await hmacKey(bytes, 'sign'), content);
  return {
    'webhook-id': request.id,
    'webhook-timestamp': seconds,
    'webhook-signature': `v1,${toBase64(new Uint8Array(signature))}`,
  };
}
