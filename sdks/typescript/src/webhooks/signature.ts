/** Verifying signatures: WebCrypto alone, in constant time. */
import { type Bytes, bytesOf, concat, fromBase64, utf8 } from './bytes.js';
import { type Claim, type HeadersLike, readClaim } from './claim.js';
import { WebhookSignatureError } from './errors.js';
import { SCHEMES, type Scheme, type SchemeRow } from './scheme.js';

/** How far a timestamp may be from now, either way, in seconds. */
export const TOLERANCE_SECONDS = 300;

/** A request whose signature is to be verified. */
export interface SignedRequest {
  /** The endpoint's secret, or all that are live during a rotation. `whpk_…` verifies `v1a`, and nothing else. */
  secret: string | readonly string[];
  /** The raw bytes that arrived, or the text they are. Never what was parsed and written again. */
  body: string | ArrayBuffer | ArrayBufferView;
  /** All headers, their names in any case. */
  headers?: HeadersLike | undefined;
  /** Instead of `headers`: the signature, where it is all that the scheme needs. */
  signatureHeader?: string | null | undefined;
  /** In seconds; 300 if absent. */
  tolerance?: number | undefined;
  /** What counts as now, for tests. */
  now?: Date | undefined;
}

/** What a signature vouches for. */
export interface Verified {
  /** The event's id where the signature covers it (`standard`, `cloudevents`); else null. */
  id: string | null;
  /** When it was signed, in the schemes that say. */
  timestamp: Date | null;
  /** Which of the secrets made the signature. */
  secretIndex: number;
}

type Key = { kind: 'hmac' | 'ed25519'; key: CryptoKey };

/** Whether it is what `v1a` signatures are verified with, and no secret. @internal */
export const isPublicKey = (secret: string): boolean => secret.startsWith('whpk_');

/** Imports the bytes of an HMAC key. @internal */
export function hmacKey(bytes: Bytes, use: 'sign' | 'verify'): Promise<CryptoKey> {
  return crypto.subtle.importKey('raw', bytes, { name: 'HMAC', hash: 'SHA-256' }, false, [use]);
}

/** The bytes in the base64 of `whsec_…`; null if it is none, or of no length that a secret has. @internal */
export function secretBytes(secret: string): Bytes | null {
  const bytes = fromBase64(secret.replace(/^whsec_/, ''));
  return bytes && bytes.length >= 16 && bytes.length <= 64 ? bytes : null;
}

async function readKey(row: SchemeRow, secret: string): Promise<Key | null> {
  if (row.keyedByText) {
    // A public key is known to everybody: whoever used it as a secret could sign as us.
    if (secret === '' || isPublicKey(secret)) return null;
    return { kind: 'hmac', key: await hmacKey(utf8(secret), 'verify') };
  }
  if (isPublicKey(secret)) {
    const bytes = fromBase64(secret.slice('whpk_'.length));
    if (bytes?.length !== 32) return null;
    const imported = crypto.subtle.importKey('raw', bytes, { name: 'Ed25519' }, false, ['verify']);
    return imported.then(
      (key) => ({ kind: 'ed25519' as const, key }),
      () => null,
    );
  }
  const bytes = secretBytes(secret);
  return bytes && { kind: 'hmac', key: await hmacKey(bytes, 'verify') };
}

async function madeBy({ kind, key }: Key, claim: Claim, content: Bytes): Promise<boolean> {
  const algorithm = kind === 'hmac' ? 'HMAC' : { name: 'Ed25519' };
  let made = false;
  for (const signature of claim[kind]) {
    made = (await crypto.subtle.verify(algorithm, key, signature, content)) || made;
  }
  return made;
}

function checkAge(claim: Claim, tolerance: number, now: Date): void {
  if (claim.timeMs === null) return;
  const nowMs = claim.wholeSeconds ? Math.floor(now.getTime() / 1000) * 1000 : now.getTime();
  const age = nowMs - claim.timeMs;
  if (Math.abs(age) <= tolerance * 1000) return;
  const seconds = Math.sign(age) * Math.ceil(Math.abs(age) / 1000);
  const message = `the timestamp is ${seconds} s old, which is out of tolerance`;
  throw new WebhookSignatureError('timestamp_out_of_tolerance', message);
}

/**
 * Verifies the signature of a request in any scheme, and says what it vouches for.
 *
 * @throws {WebhookSignatureError} says which check failed.
 */
export async function verifySignature(request: SignedRequest & { scheme: Scheme }): Promise<Verified> {
  const row = SCHEMES[request.scheme];
  if (!row) throw new TypeError(`unknown scheme: ${request.scheme}`);
  const body = bytesOf(request.body);
  const signatureHeader = request.signatureHeader ?? undefined;
  const headers = signatureHeader === undefined ? (request.headers ?? {}) : { [row.header]: signatureHeader };
  const claim = readClaim(row, headers);
  if (row.timed) checkAge(claim, request.tolerance ?? TOLERANCE_SECONDS, request.now ?? new Date());
  const content = concat([utf8(row.before(claim.id, claim.time)), body]);
  const secrets = typeof request.secret === 'string' ? [request.secret] : request.secret;
  let readable = false;
  for (const [secretIndex, secret] of secrets.entries()) {
    const key = await readKey(row, secret);
    if (!key) continue;
    readable = true;
    if (await madeBy(key, claim, content)) {
      return {
        id: claim.id || null,
        timestamp: claim.timeMs === null ? null : new Date(claim.timeMs),
        secretIndex,
      };
    }
  }
  throw readable
    ? new WebhookSignatureError('no_match', 'no signature matches')
    : new WebhookSignatureError('bad_secret', 'no secret is usable');
}
