/** What a webhook is verified with, read from its text, and the arithmetic (Standard Webhooks 1.0.0). */
export type Bytes = Uint8Array<ArrayBuffer>;

export type Key = { kind: 'hmac'; bytes: Bytes } | { kind: 'ed25519'; bytes: Bytes };

export type ReadKey = { key: Key } | { fault: string };

const SECRET = 'whsec_';
const PUBLIC = 'whpk_';

/** A secret, `whsec_…`, or a public key, `whpk_…`; or why it is neither. Strict, since handlers are. */
export function readKey(text: string): ReadKey {
  if (text.trim() === '') return { fault: 'There is none yet. It begins with whsec_.' };
  if (text !== text.trim()) return { fault: 'There is whitespace or a line ending around it.' };
  if (/^["'`].*["'`]$/.test(text)) return { fault: 'It is in quotes, which are not part of it.' };
  if (text.startsWith('bw_')) return { fault: 'This is an API key. A secret begins with whsec_.' };
  if (text.startsWith('whsk_')) return { fault: 'This is a private key, which only the sender has.' };
  if (text.startsWith('v1,'))
    return { fault: 'It begins with v1, as signatures do. A secret begins with whsec_.' };
  const prefix = [SECRET, PUBLIC].find((one) => text.startsWith(one));
  if (prefix === undefined) return { fault: 'It does not begin with whsec_.' };
  const bytes = fromBase64(text.slice(prefix.length));
  if (bytes === null)
    return { fault: `What follows ${prefix} is not base64: a character is wrong or missing.` };
  if (prefix === PUBLIC) {
    if (bytes.length !== 32) return { fault: `A public key has 32 bytes, this has ${bytes.length}.` };
    return { key: { kind: 'ed25519', bytes } };
  }
  if (bytes.length < 16 || bytes.length > 64) {
    return { fault: `A secret has 16 to 64 bytes, this has ${bytes.length}. Was all of it copied?` };
  }
  return { key: { kind: 'hmac', bytes } };
}

/** The same without what people copy along with it. */
export function undressed(text: string): string {
  const bare = text
    .trim()
    .replace(/^["'`]+|["'`]+$/g, '')
    .trim();
  return bare.replace(/^v1,/, '');
}

/** The bytes of standard base64, with or without its padding; null if it is none. */
export function fromBase64(text: string): Bytes | null {
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return null;
  try {
    return Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  } catch {
    return null;
  }
}

export function toBase64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}

export function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

export function utf8(text: string): Bytes {
  return new TextEncoder().encode(text);
}

export async function hmacSha256(subtle: SubtleCrypto, key: Bytes, content: Bytes): Promise<Bytes> {
  const hmac = { name: 'HMAC', hash: 'SHA-256' };
  const imported = await subtle.importKey('raw', key, hmac, false, ['sign']);
  return new Uint8Array(await subtle.sign('HMAC', imported, content));
}

/** Null where the browser has no Ed25519. */
export async function verifyEd25519(
  subtle: SubtleCrypto,
  key: Bytes,
  signature: Bytes,
  content: Bytes,
): Promise<boolean | null> {
  try {
    const imported = await subtle.importKey('raw', key, { name: 'Ed25519' }, false, ['verify']);
    return await subtle.verify({ name: 'Ed25519' }, imported, signature, content);
  } catch {
    return null;
  }
}
