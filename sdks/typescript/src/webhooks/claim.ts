/**
 * What a request says of itself: its id, its time and its signatures, read strictly from its headers.
 *
 * Each scheme has one syntax, and nothing beside it is taken: no spaces after commas, no second `t`, no
 * upper-case hex. Unknown versions in a list are passed over, as every scheme asks.
 */
import { type Bytes, fromBase64, fromHex } from './bytes.js';
import { WebhookSignatureError } from './errors.js';
import type { SchemeRow } from './scheme.js';

/** Headers as `fetch`, Node and plain objects have them. */
export type HeadersLike =
  | Iterable<readonly [string, string]>
  | Readonly<Record<string, string | readonly string[] | undefined>>;

/** What a request claims. */
export interface Claim {
  /** Empty where the signature covers none. */
  id: string;
  /** As it was written. */
  time: string;
  /** In milliseconds since 1970; null if there is none. */
  timeMs: number | null;
  wholeSeconds: boolean;
  hmac: Bytes[];
  ed25519: Bytes[];
}

/** More signatures than any rotation has. */
const ENTRIES_MAX = 32;
const VALUE_LENGTH_MAX = 8192;
/** Seconds of the year 5138; what is larger was meant as milliseconds. */
const SECONDS_MAX = 99_999_999_999;
const INT64_MAX = 9_223_372_036_854_775_807n;

/** Every value of a header, its name in any case. */
export function headerValues(headers: HeadersLike, name: string): string[] {
  const pairs: Iterable<readonly [string, string | readonly string[] | undefined]> =
    Symbol.iterator in headers
      ? (headers as Iterable<readonly [string, string]>)
      : Object.entries(headers as Record<string, string | readonly string[] | undefined>);
  const found: string[] = [];
  for (const [known, value] of pairs) {
    if (known.toLowerCase() !== name || value === undefined) continue;
    if (typeof value === 'string') found.push(value);
    else found.push(...value);
  }
  return found;
}

/** The header's only value. One that comes twice is malformed: each side may read another. */
function only(headers: HeadersLike, name: string): string {
  const values = headerValues(headers, name);
  if (values.length === 0) throw WebhookSignatureError.missing(name);
  const value = String(values[0]);
  const text = value.replace(/^[ \t]+|[ \t]+$/g, '');
  if (values.length > 1 || value.length > VALUE_LENGTH_MAX || !/^[\x20-\x7e]+$/.test(text)) {
    throw WebhookSignatureError.malformed(name);
  }
  return text;
}

/** Decimal digits only. Null if they are none. */
function readTime(text: string, millis: boolean): Pick<Claim, 'time' | 'timeMs' | 'wholeSeconds'> | null {
  if (!/^\d{1,100}$/.test(text) || BigInt(text) > INT64_MAX) return null;
  const number = Number(text);
  const wholeSeconds = !(millis && number > SECONDS_MAX);
  return { time: text, timeMs: wholeSeconds ? number * 1000 : number, wholeSeconds };
}

/** `v1,<base64>`, `v1a,<base64>` and unknown versions, one space between. */
function readStandard(claim: Claim, list: string): boolean {
  const entries = list.split(' ');
  if (entries.length > ENTRIES_MAX) return false;
  let known = false;
  for (const entry of entries) {
    const comma = entry.indexOf(',');
    if (comma < 0) continue;
    const signature = entry.slice(comma + 1);
    known ||= signature !== '';
    const bytes = fromBase64(signature);
    // Both have padding where they are written right: 32 and 64 bytes are no multiples of 3.
    if (!bytes || !signature.endsWith('=')) continue;
    const version = entry.slice(0, comma);
    if (version === 'v1' && bytes.length === 32) claim.hmac.push(bytes);
    if (version === 'v1a' && bytes.length === 64) claim.ed25519.push(bytes);
  }
  return known;
}

/** `name=value` between commas: one `t` if it is to be there, any number of `v1`. */
function readPairs(claim: Claim, list: string, withTime: boolean): boolean {
  const entries = list.split(',');
  if (entries.length > ENTRIES_MAX) return false;
  for (const entry of entries) {
    const at = entry.indexOf('=');
    if (at < 0) return false;
    const [name, value] = [entry.slice(0, at), entry.slice(at + 1)];
    if (name === 't') {
      const time = withTime && claim.timeMs === null ? readTime(value, false) : null;
      if (!time) return false;
      Object.assign(claim, time);
    } else if (name === 'v1') {
      const bytes = fromHex(value);
      if (!bytes) return false;
      claim.hmac.push(bytes);
    }
  }
  return claim.timeMs !== null && claim.hmac.length > 0;
}

function readBare(claim: Claim, text: string, prefix: string): boolean {
  const bytes = text.startsWith(prefix) ? fromHex(text.slice(prefix.length)) : null;
  if (bytes) claim.hmac.push(bytes);
  return bytes !== null;
}

/** Reads the headers of a scheme. */
export function readClaim(row: SchemeRow, headers: HeadersLike): Claim {
  const list = only(headers, row.header);
  const claim: Claim = { id: '', time: '', timeMs: null, wholeSeconds: true, hmac: [], ed25519: [] };
  if (row.form === 'standard') {
    claim.id = only(headers, 'webhook-id');
    // With a dot in it, a part of the id could pass for the time.
    if (claim.id.includes('.')) throw WebhookSignatureError.malformed('webhook-id');
  }
  if (row.timeHeader) {
    const time = readTime(only(headers, row.timeHeader), row.millis ?? false);
    if (!time) throw WebhookSignatureError.malformed(row.timeHeader);
    Object.assign(claim, time);
  }
  const readable =
    row.form === 'standard'
      ? readStandard(claim, list)
      : row.form === 'pairs'
        ? readPairs(claim, list, !row.timeHeader)
        : readBare(claim, list, row.prefix ?? '');
  if (!readable) throw WebhookSignatureError.malformed(row.header);
  return claim;
}
