/** Bytes, base64 and hex without Node's Buffer: what edge runtimes have too. */

/** Bytes that WebCrypto takes. */
export type Bytes = Uint8Array<ArrayBuffer>;

const encoder = new TextEncoder();

/** The UTF-8 of a text. */
export function utf8(text: string): Bytes {
  return encoder.encode(text) as Bytes;
}

/**
 * A body as bytes.
 *
 * @throws {TypeError} it is neither bytes nor text, such as what a parser made of it
 */
export function bytesOf(body: string | ArrayBuffer | ArrayBufferView): Bytes {
  if (typeof body === 'string') return utf8(body);
  if (ArrayBuffer.isView(body))
    return new Uint8Array(body.buffer as ArrayBuffer, body.byteOffset, body.byteLength);
  // By its tag: it may come from another realm.
  if (Object.prototype.toString.call(body) === '[object ArrayBuffer]') return new Uint8Array(body);
  throw new TypeError(
    'pass the raw body, as bytes or text: a signature is over what arrived, not over what was parsed',
  );
}

/** All parts, one after another. */
export function concat(parts: readonly Bytes[]): Bytes {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Base64 with padding. */
export function toBase64(bytes: Bytes): string {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}

/** The bytes of standard base64, padded or not; null if it is none, or not the only way to write them. */
export function fromBase64(text: string): Bytes | null {
  const bare = text.replace(/={0,2}$/, '');
  if (!/^[A-Za-z0-9+/]*$/.test(bare) || bare.length % 4 === 1) return null;
  const padded = bare + '='.repeat((4 - (bare.length % 4)) % 4);
  if (text !== bare && text !== padded) return null;
  const bytes = Uint8Array.from(atob(padded), (c) => c.charCodeAt(0));
  return toBase64(bytes) === padded ? bytes : null;
}

/** Lower-case hex. */
export function toHex(bytes: Bytes): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** The bytes of lower-case hex of a SHA-256; null if it is none. */
export function fromHex(text: string): Bytes | null {
  if (!/^[0-9a-f]{64}$/.test(text)) return null;
  return Uint8Array.from({ length: 32 }, (_, index) =>
    Number.parseInt(text.slice(index * 2, index * 2 + 2), 16),
  );
}
