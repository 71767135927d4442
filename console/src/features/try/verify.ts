/**
 * Verifies a delivery step by step, and says why it does not match. Pure: the time is an argument, and so is
 * what is known of how it was sent. What is found out by making the signature again with one thing changed is
 * certain, not a guess. For people who look; a handler needs only yes or no.
 */
import { type Bytes, hmacSha256, type Key, readKey, toBase64, utf8, verifyEd25519 } from './keys';
import { findReasons } from './reasons';

export interface Given {
  /** One `name: value` a line, or a JSON object. */
  headers: string;
  body: string;
  /** `whsec_…`, or `whpk_…` for Ed25519. */
  secret: string;
}

/** How a delivery was sent, if that is known. */
export interface Sent {
  headers: Record<string, string>;
  body: string;
}

export interface Surroundings {
  now: Date;
  subtle: SubtleCrypto;
  sent?: Sent | null;
  /** What the endpoint signs with, if that is known. */
  secret?: string | null;
}

export type StepId = 'headers' | 'timestamp' | 'content' | 'secret' | 'signature' | 'compare';

export interface Step {
  id: StepId;
  title: string;
  /** Null where an earlier step is what is wrong. */
  ok: boolean | null;
  detail: string;
  /** What was looked at or made. */
  shown?: string;
}

export type ReasonCode =
  | 'valid'
  | 'missing_header'
  | 'bad_timestamp'
  | 'timestamp_unit'
  | 'clock_skew'
  | 'bad_secret'
  | 'secret_dressed'
  | 'secret_as_text'
  | 'signature_encoding'
  | 'body_whitespace'
  | 'body_reserialised'
  | 'body_changed'
  | 'header_changed'
  | 'swapped'
  | 'other_secret'
  | 'unsupported'
  | 'no_match';

export interface Reason {
  code: ReasonCode;
  sentence: string;
  /** What to do about it. */
  advice?: string;
}

export interface Verdict {
  valid: boolean;
  steps: Step[];
  /** Never empty; the likeliest first. */
  reasons: Reason[];
}

export const TOLERANCE_S = 300;
const ID = 'webhook-id';
const TIMESTAMP = 'webhook-timestamp';
const SIGNATURE = 'webhook-signature';

/** Headers as people paste them: lines, `curl -H '…'`, or JSON. Names in lower case. */
export function readHeaders(text: string): Map<string, string> {
  const headers = new Map<string, string>();
  if (text.trim().startsWith('{')) {
    try {
      for (const [name, value] of Object.entries(JSON.parse(text) as Record<string, unknown>)) {
        headers.set(name.toLowerCase(), String(Array.isArray(value) ? value.join(', ') : value));
      }
      return headers;
    } catch {
      // Then they are lines.
    }
  }
  for (const line of text.split(/\r?\n/)) {
    const bare = line
      .trim()
      .replace(/^(?:-H|--header)\s+/, '')
      .replace(/\s*\\$/, '')
      .replace(/^(['"])(.*)\1$/, '$2');
    const colon = bare.indexOf(':');
    if (colon > 0) headers.set(bare.slice(0, colon).trim().toLowerCase(), bare.slice(colon + 1).trim());
  }
  return headers;
}

/** What is signed. */
export function contentOf(id: string, timestamp: string, body: string): Bytes {
  return utf8(`${id}.${timestamp}.${body}`);
}

/** Everything that the steps found, for those who look for the reason. */
export interface Trial {
  given: Given;
  around: Surroundings;
  id: string;
  timestamp: string;
  signature: string;
  key: Key | null;
  secretFault: string | null;
  ageS: number | null;
}

export async function verify(given: Given, around: Surroundings): Promise<Verdict> {
  const headers = readHeaders(given.headers);
  const missing = [ID, TIMESTAMP, SIGNATURE].filter((name) => !headers.get(name));
  const trial: Trial = {
    given,
    around,
    id: headers.get(ID) ?? '',
    timestamp: headers.get(TIMESTAMP) ?? '',
    signature: headers.get(SIGNATURE) ?? '',
    key: null,
    secretFault: null,
    ageS: null,
  };
  const steps: Step[] = [headersStep(missing, headers)];

  const stamp = timestampStep(trial, headers);
  trial.ageS = stamp.ageS;
  steps.push(stamp.step);

  const content =
    missing.includes(ID) || missing.includes(TIMESTAMP)
      ? null
      : contentOf(trial.id, trial.timestamp, given.body);
  steps.push(contentStep(trial, content));

  const read = readKey(given.secret);
  if ('key' in read) trial.key = read.key;
  else trial.secretFault = read.fault;
  steps.push(secretStep(read));

  const made = await signatures(trial, content);
  steps.push(...made.steps);
  const fits = made.fits === true;
  const valid = fits && steps.every((step) => step.ok === true);
  if (valid) {
    const sentence = 'The signature is right, and it is fresh. This is what was sent, by who has the secret.';
    return { valid, steps, reasons: [{ code: 'valid', sentence }] };
  }
  return {
    valid,
    steps,
    reasons: await findReasons(trial, {
      missing,
      fits,
      unsupported: made.fits === null && content !== null && trial.key?.kind === 'ed25519',
    }),
  };
}

function headersStep(missing: string[], headers: Map<string, string>): Step {
  const base = { id: 'headers' as const, title: 'The headers are there' };
  if (missing.length === 0) {
    return { ...base, ok: true, detail: 'webhook-id, webhook-timestamp and webhook-signature.' };
  }
  const none = headers.size === 0;
  return {
    ...base,
    ok: false,
    detail: none ? 'There are no headers yet, one `name: value` a line.' : `Missing: ${missing.join(', ')}.`,
  };
}

function timestampStep(trial: Trial, headers: Map<string, string>): { step: Step; ageS: number | null } {
  const base = { id: 'timestamp' as const, title: `The timestamp is within ${TOLERANCE_S} seconds of now` };
  const text = trial.timestamp;
  if (!headers.get(TIMESTAMP))
    return { step: { ...base, ok: null, detail: 'There is no timestamp.' }, ageS: null };
  if (!/^\d{1,16}$/.test(text)) {
    return {
      step: { ...base, ok: false, detail: `\`${text}\` is not whole seconds since 1970.` },
      ageS: null,
    };
  }
  const ageS = Math.floor(trial.around.now.getTime() / 1000) - Number(text);
  const ok = Math.abs(ageS) <= TOLERANCE_S;
  const side = ageS < 0 ? `${span(-ageS)} in the future` : `${span(ageS)} old`;
  const detail = ok
    ? `It is ${side}: too fresh to be a recording that somebody sends again.`
    : `It is ${side}. A handler refuses it: it may have been recorded and sent again.`;
  return { step: { ...base, ok, detail, shown: text }, ageS };
}

/** `12 s`, `5 min 3 s`, `2 h 1 min`, `3 d 4 h`. */
export function span(seconds: number): string {
  const units: [number, string][] = [
    [86_400, 'd'],
    [3_600, 'h'],
    [60, 'min'],
    [1, 's'],
  ];
  const from = units.findIndex(([size]) => seconds >= size);
  if (from < 0) return '0 s';
  let left = seconds;
  const parts: string[] = [];
  for (const [size, unit] of units.slice(from, from + 2)) {
    const count = Math.floor(left / size);
    left -= count * size;
    if (count > 0) parts.push(`${count} ${unit}`);
  }
  return parts.join(' ');
}

function contentStep(trial: Trial, content: Bytes | null): Step {
  const base = { id: 'content' as const, title: 'What is signed: id.timestamp.body' };
  if (content === null)
    return { ...base, ok: null, detail: 'It cannot be put together without those headers.' };
  if (trial.given.body === '') return { ...base, ok: false, detail: 'There is no body yet.' };
  return {
    ...base,
    ok: true,
    detail: `The two headers and the raw body with a dot between, ${content.length.toLocaleString('en')} bytes.`,
    shown: `${trial.id}.${trial.timestamp}.${trial.given.body}`,
  };
}

function secretStep(read: ReturnType<typeof readKey>): Step {
  const base = { id: 'secret' as const, title: 'The secret is decoded' };
  if ('fault' in read) return { ...base, ok: false, detail: read.fault };
  const detail =
    read.key.kind === 'hmac'
      ? `whsec_ is taken off, and base64 decoded: a key of ${read.key.bytes.length} bytes.`
      : 'A public key: whpk_ is taken off, and base64 decoded to 32 bytes.';
  return { ...base, ok: true, detail };
}

async function signatures(
  trial: Trial,
  content: Bytes | null,
): Promise<{ steps: Step[]; fits: boolean | null }> {
  const made = { id: 'signature' as const, title: 'HMAC-SHA-256 of that, with that key' };
  const compare = { id: 'compare' as const, title: 'It is compared with the signature that came' };
  const { key } = trial;
  if (content === null || key === null) {
    const why = 'It takes what is signed and the key.';
    return {
      steps: [
        { ...made, ok: null, detail: why },
        { ...compare, ok: null, detail: 'There is nothing to compare yet.' },
      ],
      fits: null,
    };
  }
  const listed = trial.signature.split(' ').filter((one) => one !== '');
  if (key.kind === 'ed25519') return ed25519Steps(trial, key.bytes, content, listed);
  const wanted = `v1,${toBase64(await hmacSha256(trial.around.subtle, key.bytes, content))}`;
  const first: Step = { ...made, ok: true, detail: 'Computed here, in your browser.', shown: wanted };
  if (listed.length === 0) {
    return { steps: [first, { ...compare, ok: null, detail: 'There is no signature.' }], fits: null };
  }
  const at = listed.indexOf(wanted);
  const of = listed.length > 1 ? ` One of ${listed.length}: a secret is being rotated.` : '';
  const detail =
    at >= 0 ? `They are equal.${of}` : listed.length > 1 ? 'None of them is equal.' : 'They differ.';
  return { steps: [first, { ...compare, ok: at >= 0, detail, shown: listed.join('\n') }], fits: at >= 0 };
}

async function ed25519Steps(
  trial: Trial,
  key: Bytes,
  content: Bytes,
  listed: string[],
): Promise<{ steps: Step[]; fits: boolean | null }> {
  const made = { id: 'signature' as const, title: 'Ed25519 signatures are picked' };
  const compare = { id: 'compare' as const, title: 'Each is verified with the public key' };
  const own = listed.filter((one) => one.startsWith('v1a,'));
  if (own.length === 0) {
    const detail = 'No entry begins with v1a, as those of Ed25519 do.';
    return {
      steps: [
        { ...made, ok: false, detail },
        { ...compare, ok: null, detail: 'There is none.' },
      ],
      fits: false,
    };
  }
  const first: Step = { ...made, ok: true, detail: 'Entries that begin with v1a.', shown: own.join('\n') };
  let fits: boolean | null = false;
  for (const one of own) {
    const bytes = Uint8Array.from(atobOrEmpty(one.slice('v1a,'.length)), (c) => c.charCodeAt(0));
    const found = await verifyEd25519(trial.around.subtle, key, bytes, content);
    if (found === null) fits = null;
    if (found)
      return { steps: [first, { ...compare, ok: true, detail: 'One of them is right.' }], fits: true };
  }
  const detail = fits === null ? 'This browser cannot verify Ed25519.' : 'None of them is right.';
  return { steps: [first, { ...compare, ok: fits, detail }], fits };
}

function atobOrEmpty(text: string): string {
  try {
    return atob(text);
  } catch {
    return '';
  }
}
