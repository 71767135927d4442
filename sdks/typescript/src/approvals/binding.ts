/**
 * What an approval is bound to, and the receipt that a decision is.
 *
 * `actionDigest` is to be made of what is about to be done, right before doing it: then `consumeApproval` refuses
 * whatever is not exactly what people allowed.
 */
import { BellwireError } from '../errors.js';
import { parseJson } from '../json.js';
import { type Bytes, fromBase64, toHex, utf8 } from '../webhooks/bytes.js';

const HEADER = '{"alg":"EdDSA","typ":"bellwire-approval+jws"}';
const RECEIPT_LENGTH_MAX = 64 * 1024;

/** A decision that anyone can check: who allowed what, how much at most, and until when. */
export interface Receipt {
  approval_id: string;
  workspace_id: string;
  /** `approved`: nothing else has a receipt. */
  status: string;
  action: string;
  action_digest: string;
  /** An exact decimal; null if it is not about money. */
  amount_cap_usd: string | null;
  approvers: string[];
  policy_id: string | null;
  policy_version: number | null;
  decided_at: string;
  /** Until when it may be used. A receipt is genuine after that too, and no permission. */
  not_after: string;
  /** The same in unix seconds. */
  exp: number;
}

/** It is no receipt, or not of this key. */
export class ReceiptError extends BellwireError {
  override name = 'ReceiptError';
}

/** What an action is told by. */
export interface Action {
  workspaceId: string;
  agentId?: string | null;
  action: string;
  details?: Readonly<Record<string, unknown>> | null;
}

/**
 * What a receipt says, if `publicKey` (`whpk_…`, from `publicKeys()`) signed it. Asks nobody.
 *
 * @throws {ReceiptError} it does not have the form of a receipt, or is not signed by this key.
 */
export async function verifyReceipt(receipt: string, publicKey: string): Promise<Receipt> {
  const text = receipt.trim();
  const parts = text.split('.');
  if (text.length > RECEIPT_LENGTH_MAX || parts.length !== 3) throw formless();
  const [header, claims, signature] = parts.map(decoded) as [Bytes, Bytes, Bytes];
  // Ours to the byte: no other kind of signature is ever looked at.
  if (new TextDecoder().decode(header) !== HEADER) throw formless();
  const bytes = fromBase64(publicKey.replace(/^whpk_/, ''));
  if (bytes?.length !== 32) throw new ReceiptError('the public key cannot be read');
  const ed25519 = { name: 'Ed25519' };
  const key = await crypto.subtle.importKey('raw', bytes, ed25519, false, ['verify']);
  const signed = utf8(text.slice(0, text.lastIndexOf('.')));
  if (!(await crypto.subtle.verify(ed25519, key, signature, signed))) {
    throw new ReceiptError('it is not signed by this key, or was changed');
  }
  return parseJson(new TextDecoder().decode(claims)) as Receipt;
}

/** SHA-256 of the RFC 8785 form of an action, in hexadecimal digits. */
export async function actionDigest({ workspaceId, agentId, action, details }: Action): Promise<string> {
  const content = { workspace: workspaceId, agent: agentId ?? null, action, parameters: details ?? {} };
  return toHex(new Uint8Array(await crypto.subtle.digest('SHA-256', utf8(canonical(content)))));
}

/**
 * JSON in the form of RFC 8785: one text for each value. What has `toJSON` is that; members that are undefined are none.
 *
 * @throws {TypeError} it is not JSON, or not everybody would hash it alike.
 */
export function canonical(value: unknown): string {
  switch (typeof value) {
    case 'boolean':
      return String(value);
    case 'string':
      return text(value);
    case 'number':
    case 'bigint':
      return number(value);
    case 'object':
      break;
    default:
      throw new TypeError(`${typeof value} is not JSON`);
  }
  if (value === null) return 'null';
  if ('toJSON' in value && typeof value.toJSON === 'function') return canonical(value.toJSON());
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  // Sorted by UTF-16 code units, as the RFC says.
  members.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([name, member]) => `${text(name)}:${canonical(member)}`).join(',')}}`;
}

function text(value: string): string {
  if (/[\ud800-\udfff]/u.test(value)) throw new TypeError('half of a surrogate pair is no text');
  return JSON.stringify(value);
}

/** As ECMAScript writes a double (RFC 8785, 3.2.2.3). */
function number(value: number | bigint): string {
  const double = Number(value);
  if (!Number.isFinite(double)) throw new TypeError('the number does not fit in a double');
  // A double that is whole and beyond may stand for what was something else before it was read.
  if (typeof value === 'bigint' && !Number.isSafeInteger(double)) {
    throw new TypeError('a whole number beyond 2^53 is to be sent as text: not all hash it alike');
  }
  return JSON.stringify(double);
}

function decoded(part: string): Bytes {
  const bytes = /^[\w-]*$/.test(part) ? fromBase64(part.replaceAll('-', '+').replaceAll('_', '/')) : null;
  if (!bytes) throw formless();
  return bytes;
}

const formless = () => new ReceiptError('it does not have the form of a receipt');
