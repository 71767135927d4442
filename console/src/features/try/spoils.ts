/** Ways to make a right request wrong, to see what is said of each. */
import { fromBase64, toHex } from './keys';
import { parsed } from './rewrites';
import type { Given } from './verify';

export interface Spoil {
  name: string;
  change: (right: Given) => Partial<Given>;
  /** Looked at so much later. */
  laterMs?: number;
}

export const spoils: readonly Spoil[] = [
  { name: 'Change the amount', change: ({ body }) => ({ body: changed(body) }) },
  { name: 'Format the JSON', change: ({ body }) => ({ body: JSON.stringify(parsed(body) ?? {}, null, 2) }) },
  { name: 'Another secret', change: ({ secret }) => ({ secret: otherSecret(secret) }) },
  { name: 'An hour later', change: () => ({}), laterMs: 3_600_000 },
  {
    name: 'Drop a header',
    change: ({ headers }) => ({ headers: headers.replace(/^webhook-timestamp:.*\n?/im, '') }),
  },
  { name: 'Hex, not base64', change: ({ headers }) => ({ headers: headers.replace(/v1,(\S+)/, inHex) }) },
];

/** Ten times the first amount; another type if there is none. */
function changed(body: string): string {
  const richer = body.replace(/("amount_usd":)(\d+)/, '$19$2');
  return richer === body ? body.replace(/"type":"/, '"type":"x') : richer;
}

/** The same with two characters in each other's place. */
function otherSecret(secret: string): string {
  const at = 'whsec_'.length;
  for (let i = at; i < secret.length - 1; i += 1) {
    const [a = '', b = ''] = [secret[i], secret[i + 1]];
    if (a !== b) return secret.slice(0, i) + b + a + secret.slice(i + 2);
  }
  return secret;
}

function inHex(whole: string, base64: string): string {
  const bytes = fromBase64(base64);
  return bytes === null ? whole : `v1,${toHex(bytes)}`;
}
