// @vitest-environment node
import { webcrypto } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { compact, rewritings, sameJson } from '@/features/try/rewrites';
import { type Given, readHeaders, type Sent, span, verify } from '@/features/try/verify';

const subtle = webcrypto.subtle as unknown as SubtleCrypto;

interface Vector {
  name: string;
  scheme: string;
  secrets: string[];
  now: number;
  headers: Record<string, string>;
  body_base64: string;
  valid: boolean;
}
const file = new URL('../../crates/wire/tests/vectors/signatures.json', import.meta.url);
const { vectors } = JSON.parse(readFileSync(file, 'utf8')) as { vectors: Vector[] };
const standard = vectors.filter(({ scheme }) => scheme === 'standard');

function given(vector: Vector): Given {
  return {
    headers: Object.entries(vector.headers)
      .map(([name, value]) => `${name}: ${value}`)
      .join('\n'),
    body: Buffer.from(vector.body_base64, 'base64').toString('utf8'),
    secret: vector.secrets[0] ?? '',
  };
}

// The one of the Standard Webhooks specification's own libraries.
const SPEC: Given = {
  headers:
    'webhook-id: msg_p5jXN8AQM9LWM0D4loKWxJek\nwebhook-timestamp: 1614265330\nwebhook-signature: v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
  body: '{"test": 2432232314}',
  secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
};
const SPEC_NOW = new Date(1614265330_000);

const first = standard[0];
if (!first) throw new Error('there are standard vectors');
const RIGHT = given(first);
const NOW = new Date(first.now * 1000);
const SENT: Sent = { headers: first.headers, body: RIGHT.body };

async function reasons(change: Partial<Given>, more: { now?: Date; sent?: Sent; secret?: string } = {}) {
  const { reasons: found } = await verify({ ...RIGHT, ...change }, { now: NOW, subtle, ...more });
  return found.map(({ code }) => code);
}

describe('the steps of verifying', () => {
  it.each(standard.map((vector) => [vector.name, vector] as const))(
    'agree with the vector %s',
    async (_, vector) => {
      const verdict = await verify(given(vector), { now: new Date(vector.now * 1000), subtle });
      expect(verdict.valid).toBe(vector.valid);
    },
  );
  it('agree with the test vector of Standard Webhooks', async () => {
    const verdict = await verify(SPEC, { now: SPEC_NOW, subtle });
    expect(verdict.valid).toBe(true);
    expect(verdict.steps.map(({ id, ok }) => [id, ok])).toEqual([
      ['headers', true],
      ['timestamp', true],
      ['content', true],
      ['secret', true],
      ['signature', true],
      ['compare', true],
    ]);
  });
  it('show what is signed and what comes out', async () => {
    const { steps } = await verify(SPEC, { now: SPEC_NOW, subtle });
    expect(steps.find(({ id }) => id === 'content')?.shown).toBe(
      'msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330.{"test": 2432232314}',
    );
    expect(steps.find(({ id }) => id === 'signature')?.shown).toBe(
      'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    );
  });
  it('say nothing of what cannot be known yet', async () => {
    const { steps, valid } = await verify({ headers: '', body: '', secret: '' }, { now: NOW, subtle });
    expect(valid).toBe(false);
    expect(steps.filter(({ ok }) => ok === true)).toEqual([]);
  });
  it('verify Ed25519 with the public key', async () => {
    const pair = (await webcrypto.subtle.generateKey({ name: 'Ed25519' }, true, [
      'sign',
      'verify',
    ])) as CryptoKeyPair;
    const body = '{"a":1}';
    const content = new TextEncoder().encode(`evt_1.${first.now}.${body}`);
    const signature = Buffer.from(await webcrypto.subtle.sign({ name: 'Ed25519' }, pair.privateKey, content));
    const raw = Buffer.from(await webcrypto.subtle.exportKey('raw', pair.publicKey));
    const signed: Given = {
      headers: `webhook-id: evt_1\nwebhook-timestamp: ${first.now}\nwebhook-signature: v1a,${signature.toString('base64')}`,
      body,
      secret: `whpk_${raw.toString('base64')}`,
    };
    expect((await verify(signed, { now: NOW, subtle })).valid).toBe(true);
    expect((await verify({ ...signed, body: '{"a":2}' }, { now: NOW, subtle })).valid).toBe(false);
  });
});

describe('the reason why it does not match', () => {
  it('is the body that was changed, and where, if it is known what was sent', async () => {
    const body = RIGHT.body.replace('0.01', '9.01');
    expect(await reasons({ body })).toEqual(['no_match']);
    const { reasons: found } = await verify(
      { ...RIGHT, body },
      { now: NOW, subtle, sent: SENT, secret: RIGHT.secret },
    );
    expect(found.map(({ code }) => code)).toEqual(['body_changed']);
    expect(found[0]?.sentence).toContain('9.01');
  });
  it('is another secret', async () => {
    const secret = SPEC.secret;
    expect(await reasons({ secret })).toEqual(['no_match']);
    expect(await reasons({ secret }, { sent: SENT, secret: RIGHT.secret })).toEqual(['other_secret']);
  });
  it('is the age of what otherwise fits', async () => {
    expect(await reasons({}, { now: new Date(NOW.getTime() + 3_600_000) })).toEqual(['clock_skew']);
    expect(await reasons({}, { now: new Date(NOW.getTime() - 3_600_000) })).toEqual(['clock_skew']);
  });
  it('is a header that is missing', async () => {
    const headers = RIGHT.headers.replace(/webhook-timestamp.*\n/, '');
    expect(await reasons({ headers })).toEqual(['missing_header']);
  });
  it('is a header that is not the one that was sent', async () => {
    const headers = RIGHT.headers.replace(/webhook-timestamp: \d+/, `webhook-timestamp: ${first.now - 60}`);
    expect(await reasons({ headers }, { sent: SENT, secret: RIGHT.secret })).toEqual(['header_changed']);
  });
  it('is JSON that was written again', async () => {
    const value: unknown = JSON.parse(RIGHT.body);
    expect(await reasons({ body: JSON.stringify(value, null, 2) })).toEqual(['body_reserialised']);
    expect(await reasons({ body: JSON.stringify(value).replaceAll(',', ', ') })).toEqual([
      'body_reserialised',
    ]);
    const { reasons: found } = await verify(
      { ...RIGHT, body: JSON.stringify(value, null, 4) },
      { now: NOW, subtle },
    );
    expect(found[0]?.sentence).toContain('Only whitespace differs');
  });
  it('is a line ending at the end', async () => {
    expect(await reasons({ body: `${RIGHT.body}\n` })).toEqual(['body_whitespace']);
  });
  it('is the encoding of the signature', async () => {
    const base64 = /v1,(\S+)/.exec(RIGHT.headers)?.[1] ?? '';
    const hex = Buffer.from(base64, 'base64').toString('hex');
    expect(await reasons({ headers: RIGHT.headers.replace(base64, hex) })).toEqual(['signature_encoding']);
    expect(await reasons({ headers: RIGHT.headers.replace('v1,', 'v1=') })).toEqual(['signature_encoding']);
    expect(await reasons({ headers: RIGHT.headers.replace('=', '') })).toEqual(['signature_encoding']);
  });
  it('is what was copied along with the secret', async () => {
    expect(await reasons({ secret: ` ${RIGHT.secret}\n` })).toEqual(['secret_dressed']);
    expect(await reasons({ secret: `"${RIGHT.secret}"` })).toEqual(['secret_dressed']);
  });
  it('is a secret that is none', async () => {
    expect(await reasons({ secret: 'bw_0123456789' })).toEqual(['bad_secret']);
    expect(await reasons({ secret: 'whsec_not base64' })).toEqual(['bad_secret']);
    expect(await reasons({ secret: RIGHT.secret.slice(0, 14) })).toEqual(['bad_secret']);
  });
});

describe('the pieces', () => {
  it('reads headers as people paste them', () => {
    const lines = readHeaders("  -H 'Webhook-Id: evt_1' \\\nwebhook-timestamp:  7\r\nno colon");
    expect([...lines]).toEqual([
      ['webhook-id', 'evt_1'],
      ['webhook-timestamp', '7'],
    ]);
    expect(readHeaders('{"Webhook-Id": "evt_1"}').get('webhook-id')).toBe('evt_1');
  });
  it('takes whitespace from JSON, but not from its strings or numbers', () => {
    expect(compact('{ "a b": "c  d\\" e",\n "n" : 1.50 }')).toBe('{"a b":"c  d\\" e","n":1.50}');
  });
  it('finds amounts that lost their cents', () => {
    const bodies = rewritings('{\n  "amount_usd": 12.5,\n  "fee_usd": 3\n}').map(({ body }) => body);
    expect(bodies).toContain('{"amount_usd":12.50,"fee_usd":3.00}');
  });
  it('compares JSON by what it says', () => {
    expect(sameJson('{"a":1.0,"b":[2]}', '{ "b": [2], "a": 1 }')).toBe(true);
    expect(sameJson('{"a":1}', '{"a":2}')).toBe(false);
    expect(sameJson('no', 'no')).toBe(false);
  });
  it('tells ages in two units', () => {
    expect([span(0), span(59), span(303), span(3_600), span(90_061)]).toEqual([
      '0 s',
      '59 s',
      '5 min 3 s',
      '1 h',
      '1 d 1 h',
    ]);
  });
});
