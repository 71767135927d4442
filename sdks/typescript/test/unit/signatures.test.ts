import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  type Scheme,
  signWebhook,
  verifySignature,
  verifyWebhook,
  WebhookSignatureError,
} from '../../src/webhooks/index.js';

interface Vector {
  name: string;
  scheme: Scheme;
  secrets: string[];
  now: number;
  now_millis?: number;
  headers: Record<string, string>;
  body_base64: string;
  valid: boolean;
  error?: string | null;
}

const files = ['signatures.json', 'milliseconds.json'];
const vectors = files.flatMap((name): Vector[] => {
  const url = new URL(`../../../../crates/wire/tests/vectors/${name}`, import.meta.url);
  return JSON.parse(readFileSync(url, 'utf8')).vectors;
});

const snake = (name: string) => name.replace(/(?<=.)[A-Z]/g, (letter) => `_${letter}`).toLowerCase();

const check = (vector: Vector, body: Uint8Array = Buffer.from(vector.body_base64, 'base64')) =>
  verifySignature({
    scheme: vector.scheme,
    secret: vector.secrets,
    headers: vector.headers,
    body,
    now: new Date(vector.now * 1000 + (vector.now_millis ?? 0)),
  });

const fault = async (promise: Promise<unknown>): Promise<string> => {
  const error = await promise.then(
    () => new Error('accepted'),
    (error) => error,
  );
  expect(error).toBeInstanceOf(WebhookSignatureError);
  return error.code;
};

describe('vectors', () => {
  it('are all there', () => {
    expect(vectors.length).toBe(156 + 10);
    expect(vectors.filter((vector) => vector.valid).length).toBeGreaterThanOrEqual(57);
  });

  it.each(vectors.map((vector) => [vector.name, vector] as const))('%s', async (_name, vector) => {
    if (vector.valid) {
      const verified = await check(vector);
      expect(vector.secrets[verified.secretIndex]).toBeTypeOf('string');
      return;
    }
    const code = await fault(check(vector));
    if (vector.error) expect(code).toBe(snake(vector.error));
  });

  it('do not survive a flipped bit of body or header', async () => {
    for (const vector of vectors.filter((one) => one.valid && one.body_base64 !== '')) {
      const body = Buffer.from(vector.body_base64, 'base64');
      for (const at of [0, body.length >> 1, body.length - 1]) {
        const changed = Uint8Array.from(body);
        changed[at] = (changed[at] ?? 0) ^ 1;
        expect(await fault(check(vector, changed)), vector.name).toBe('no_match');
      }
      for (const [name, value] of Object.entries(vector.headers)) {
        if (!/signature/i.test(name) || value.includes(' ') || value.split('v1').length > 2) continue;
        const at = value.length - 3;
        const other = value[at] === '0' ? '1' : '0';
        const headers = { ...vector.headers, [name]: value.slice(0, at) + other + value.slice(at + 1) };
        await fault(check({ ...vector, headers }));
      }
    }
  });

  it('are made again by signing', async () => {
    const standard = vectors.filter(
      (one) =>
        one.valid && /^(standard|cloudevents)$/.test(one.scheme) && !one.secrets[0]?.startsWith('whpk_'),
    );
    expect(standard.length).toBeGreaterThan(5);
    for (const vector of standard) {
      const signed = await signWebhook({
        secret: String(vector.secrets[0]),
        id: String(vector.headers['webhook-id']),
        body: Buffer.from(vector.body_base64, 'base64'),
        timestamp: new Date(Number(vector.headers['webhook-timestamp']) * 1000),
      });
      expect(vector.headers['webhook-signature']?.split(' ')).toContain(signed['webhook-signature']);
    }
  });
});

describe('published examples', () => {
  const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
  const body = '{"test": 2432232314}';
  const v1 = 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=';
  const v1a = 'v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg==';
  const publicKey = 'whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=';
  const now = new Date(1_614_265_330_000);
  const standard = (secrets: string | string[], list: string) => {
    const headers = {
      'Webhook-Id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      'Webhook-Timestamp': '1614265330',
      'Webhook-Signature': list,
    };
    return verifySignature({ scheme: 'standard', secret: secrets, headers, body, now });
  };

  it('of Standard Webhooks verify, in lists as the official verifiers read them', async () => {
    for (const one of [secret, secret.slice('whsec_'.length)]) {
      expect(await standard(one, v1)).toEqual({
        id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
        timestamp: now,
        secretIndex: 0,
      });
    }
    for (const list of [`v2,zzz ${v1}`, `${v1a} ${v1}`, `junk  ${v1} `, `v1,AAAA ${v1}`]) {
      expect((await standard(secret, list)).secretIndex, list).toBe(0);
    }
    expect((await standard(['whsec_ZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXo=', publicKey], v1a)).secretIndex).toBe(1);
  });

  it('of one kind of key prove nothing about the other', async () => {
    expect(await fault(standard(publicKey, v1))).toBe('no_match');
    expect(await fault(standard(secret, v1a))).toBe('no_match');
    expect(await fault(standard(secret, v1.replace('v1,', 'v1a,')))).toBe('no_match');
    expect(await fault(standard(secret, v1.replace('=', '')))).toBe('no_match');
  });

  it('of GitHub and Slack verify', async () => {
    const github = verifySignature({
      scheme: 'github',
      secret: "It's a Secret to Everybody",
      signatureHeader: 'sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17',
      body: 'Hello, World!',
    });
    expect(await github).toEqual({ id: null, timestamp: null, secretIndex: 0 });
    const slack = verifySignature({
      scheme: 'slack',
      secret: '8f742231b10e8888abcd99yyyzzz85a5',
      headers: new Headers({
        'X-Slack-Request-Timestamp': '1531420618',
        'X-Slack-Signature': 'v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503',
      }),
      body: 'token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c',
      now: new Date(1_531_420_618_000),
    });
    expect((await slack).timestamp).toEqual(new Date(1_531_420_618_000));
  });

  it('do not verify with secrets that cannot be read, which are passed over if another can', async () => {
    for (const bad of ['', 'whsec_', 'whsec_AAAA', 'whsec_%%%', 'whpk_AAAA', 'whpk_']) {
      expect(await fault(standard(bad, v1)), bad).toBe('bad_secret');
      expect((await standard([bad, secret], v1)).secretIndex, bad).toBe(1);
    }
    expect(await fault(standard([], v1))).toBe('bad_secret');
    expect(
      await fault(
        verifySignature({
          scheme: 'github',
          secret: '',
          signatureHeader: `sha256=${'0'.repeat(64)}`,
          body: '',
        }),
      ),
    ).toBe('bad_secret');
  });
});

describe('headers', () => {
  const zeros = '0'.repeat(64);

  it('that are twice, huge, empty or not ASCII are malformed', async () => {
    const keystore = (headers: Record<string, string | string[]>) =>
      fault(verifySignature({ scheme: 'keystore', secret: 'secret', headers, body: 'body' }));
    expect(await keystore({})).toBe('missing_header');
    expect(await keystore({ 'X-Webhook-SIGNATURE': ` ${zeros}\t` })).toBe('no_match');
    for (const value of [
      '',
      ' ',
      'A'.repeat(64),
      'a'.repeat(9000),
      'é'.repeat(64),
      '\0'.repeat(64),
      zeros.slice(1),
    ]) {
      expect(await keystore({ 'x-webhook-signature': value }), value).toBe('malformed_header');
    }
    expect(await keystore({ 'x-webhook-signature': [zeros, zeros] })).toBe('malformed_header');
    expect(await keystore({ 'x-webhook-signature': zeros, 'X-Webhook-Signature': zeros })).toBe(
      'malformed_header',
    );
  });

  it('with lists have an end and one time', async () => {
    const stripe = (signatureHeader: string) =>
      fault(
        verifySignature({ scheme: 'stripe', secret: 's', signatureHeader, body: '', now: new Date(5000) }),
      );
    const many = (count: number) => `t=5,${Array(count).fill(`v1=${zeros}`).join(',')}`;
    expect(await stripe(`t=5,v1=${zeros},v0=old,x=`)).toBe('no_match');
    expect(await stripe(`v1=${zeros},t=5`)).toBe('no_match');
    expect(await stripe(many(31))).toBe('no_match');
    const bad = [
      many(32),
      `t=5,t=5,v1=${zeros}`,
      `t=5, v1=${zeros}`,
      `t=5,v1=${zeros},`,
      `v1=${zeros}`,
      't=5',
    ];
    for (const time of ['-1', '', '99999999999999999999', '1e9', '5.0', ' 5', '٥'])
      bad.push(`t=${time},v1=${zeros}`);
    for (const list of bad) expect(await stripe(list), list).toBe('malformed_header');
  });

  it('never make it throw anything else', async () => {
    const pieces = [
      't=',
      'v1=',
      ',',
      ' ',
      'v1,',
      'v1a,',
      '=',
      zeros,
      '1',
      '\n',
      'é',
      'sha256=',
      'v0=',
      '.',
      'AAAA',
    ];
    let seed = 7;
    const dice = (sides: number) => {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
      return (seed >> 8) % sides;
    };
    const schemes: Scheme[] = [
      'standard',
      'trove',
      'paygraph',
      'pacspace',
      'keystore',
      'stripe',
      'github',
      'slack',
    ];
    const names = [
      'webhook-id',
      'webhook-timestamp',
      'webhook-signature',
      'x-trove-signature',
      'x-paygraph-signature',
    ];
    names.push('x-pacspace-signature', 'x-pacspace-timestamp', 'x-webhook-signature', 'stripe-signature');
    names.push('x-hub-signature-256', 'x-slack-signature', 'x-slack-request-timestamp');
    for (let round = 0; round < 2000; round += 1) {
      const text = () => Array.from({ length: dice(6) }, () => pieces[dice(pieces.length)]).join('');
      const headers = Object.fromEntries(names.map((name) => [name, text()]));
      const scheme = schemes[dice(schemes.length)] ?? 'standard';
      await fault(verifySignature({ scheme, secret: ['whsec_AAAA', secretOf(round)], headers, body: 'x' }));
    }
  });
});

const secretOf = (round: number) => (round % 2 ? 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw' : 'text');

describe('errors', () => {
  it('hold no secret', async () => {
    const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
    const error = await verifyWebhook({ secret, body: '{}', headers: {} }).catch((one) => one);
    expect(`${error} ${error.stack} ${JSON.stringify(error)}`).not.toContain('MfKQ9r8');
    expect(error).toMatchObject({
      code: 'missing_header',
      header: 'webhook-signature',
      name: 'WebhookSignatureError',
    });
  });
});
