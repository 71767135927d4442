/** What nobody but the server can make us believe. */
import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  ApprovalWebhook,
  type Delivery,
  type Dialect,
  type Scheme,
  signWebhook,
  verifySignature,
  verifyWebhook,
} from '../../src/index.js';

const SECRET = 'whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=';
const PUBLIC = 'whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=';
const SECONDS = '1700000000';
const NOW = new Date(Number(SECONDS) * 1000);

const hex = (key: string, text: string) => createHmac('sha256', key).update(text).digest('hex');

/** The headers of a scheme that is keyed by text. */
const textHeaders = (key: string, body: string): Partial<Record<Scheme, Record<string, string>>> => {
  const stamped = `t=${SECONDS},v1=${hex(key, `${SECONDS}.${body}`)}`;
  return {
    trove: { 'x-trove-signature': stamped },
    trovefiles: { 'x-trove-signature': stamped },
    paygraph: { 'x-paygraph-signature': stamped },
    stripe: { 'stripe-signature': stamped },
    pacspace: {
      'x-pacspace-timestamp': SECONDS,
      'x-pacspace-signature': `v1=${hex(key, `${SECONDS}.${body}`)}`,
    },
    keystore: { 'x-webhook-signature': hex(key, body) },
    github: { 'x-hub-signature-256': `sha256=${hex(key, body)}` },
    slack: {
      'x-slack-request-timestamp': SECONDS,
      'x-slack-signature': `v0=${hex(key, `v0:${SECONDS}:${body}`)}`,
    },
  };
};

describe('a public key', () => {
  const body = '{"id":"evt_1","type":"a.b","timestamp":"t"}';

  it.each(Object.keys(textHeaders('', '')) as Scheme[])('is no secret in %s', async (scheme) => {
    const headers = textHeaders(PUBLIC, body)[scheme] ?? {};
    const given = { scheme, headers, body, now: NOW };
    await expect(verifySignature({ ...given, secret: [SECRET, PUBLIC] })).rejects.toMatchObject({
      code: 'no_match',
    });
    await expect(verifySignature({ ...given, secret: PUBLIC })).rejects.toMatchObject({ code: 'bad_secret' });
    const own = textHeaders(SECRET, body)[scheme] ?? {};
    expect(await verifySignature({ ...given, headers: own, secret: [PUBLIC, SECRET] })).toMatchObject({
      secretIndex: 1,
    });
  });

  it('signs nothing', async () => {
    const signed = signWebhook({ secret: PUBLIC, id: 'evt_1', body });
    await expect(signed).rejects.toMatchObject({ code: 'bad_secret' });
  });
});

describe('an approval', () => {
  const asked = JSON.stringify({
    approval_id: 'apr_1',
    created_at: new Date(0).toISOString(),
    expires_at: new Date(Date.now() + 60_000).toISOString(),
    callback_url: 'http://h/',
    action_digest: 'x',
  });
  const headers = textHeaders(SECRET, asked).paygraph ?? {};
  const request = () => new Request('http://h/', { method: 'POST', headers, body: asked });

  it('is verified by what the receiver says, never by what the sender chose', async () => {
    let calls = 0;
    const handle = () => {
      calls += 1;
    };
    expect((await ApprovalWebhook.handler({ secret: SECRET }, handle)(request())).status).toBe(401);
    expect(calls).toBe(0);
    const named = ApprovalWebhook.handler({ secret: SECRET, dialect: 'paygraph' }, handle);
    expect((await named(request())).status).toBe(204);
    expect(calls).toBe(1);
    const late = JSON.stringify({ ...JSON.parse(asked), expires_at: new Date(0).toISOString() });
    const signed = textHeaders(SECRET, late).paygraph ?? {};
    const old = new Request('http://h/', { method: 'POST', headers: signed, body: late });
    expect((await named(old)).status).toBe(401);
    expect(calls).toBe(1);
  });
});

describe('whose an event is', () => {
  // Posted by somebody who may post for one customer only.
  const posted = { workspace_id: 'ws-other', namespace: 'customer-other', data: { a: 1 } };
  const ours = { id: 'evt_1', type: 'a.b', timestamp: '2026-11-21T22:01:02.345Z' };
  const forged = JSON.stringify({ ...ours, ...posted });
  const files = {
    id: 'evt_1',
    type: 'a.b',
    api_version: '2026-01-01',
    workspace_id: 'ws-1',
    namespace: 'customer-acme',
    created_at: 'c',
    data: { a: 1 },
  };
  const cloud = {
    specversion: '1.0',
    id: 'evt_1',
    type: 'a.b',
    time: 't',
    source: '/workspaces/ws-1',
    subject: 'customer-acme',
    data: {},
  };
  const standard = JSON.stringify({ ...ours, ...posted, workspace_id: 'ws-1', namespace: 'customer-acme' });

  const read = async (body: string, more: Partial<Delivery> & { extra?: Record<string, string> } = {}) => {
    const { extra, ...given } = more;
    const signed = await signWebhook({ secret: SECRET, id: 'evt_1', body, timestamp: NOW });
    const headers = { ...signed, 'bellwire-event': 'a.b', ...extra };
    const event = await verifyWebhook({ secret: SECRET, body, headers, now: NOW, ...given });
    return { dialect: event.dialect, of: [event.workspaceId, event.namespace], data: event.data };
  };
  const nobody = [null, null];
  const acme = ['ws-1', 'customer-acme'];

  it('is not said by data, in a dialect that is named', async () => {
    for (const dialect of ['trove', 'paygraph'] as Dialect[]) {
      const headers = textHeaders(SECRET, forged)[dialect] ?? {};
      const event = await verifyWebhook({ secret: SECRET, body: forged, headers, dialect, now: NOW });
      expect([event.workspaceId, event.namespace], dialect).toEqual(nobody);
      expect(event.data).toEqual(posted);
    }
    const body = JSON.stringify(files);
    const headers = textHeaders(SECRET, body).trovefiles ?? {};
    const event = await verifyWebhook({ secret: SECRET, body, headers, dialect: 'trovefiles', now: NOW });
    expect([event.workspaceId, event.namespace]).toEqual(acme);
  });

  it('is said beside a lone signature where no data could say it', async () => {
    for (const [body, dialect, of] of [
      [forged, 'trove', nobody],
      [
        JSON.stringify({ ...ours, ...posted, specversion: '1.0', source: 'x', subject: 'y' }),
        'trove',
        nobody,
      ],
      [JSON.stringify({ ...ours, ...files }), 'trove', nobody],
      [JSON.stringify(files), 'trovefiles', acme],
    ] as const) {
      const signatureHeader = textHeaders(SECRET, body).trove?.['x-trove-signature'];
      const event = await verifyWebhook({ secret: SECRET, body, signatureHeader, now: NOW });
      expect([event.dialect, event.workspaceId, event.namespace]).toEqual([dialect, ...of]);
    }
    for (const other of [{ event: 'a.b', tenantId: 'ws-1', data: {} }, cloud]) {
      const body = JSON.stringify(other);
      const signatureHeader = textHeaders(SECRET, body).trove?.['x-trove-signature'];
      const lone = verifyWebhook({ secret: SECRET, body, signatureHeader, now: NOW });
      await expect(lone).rejects.toMatchObject({ code: 'malformed_body' });
    }
  });

  it('is said by the dialect that only the server can name: by its headers', async () => {
    expect(await read(standard)).toMatchObject({ dialect: 'standard', of: acme });
    expect(await read(JSON.stringify(cloud))).toMatchObject({ dialect: 'cloudevents', of: acme });
    const trove = { 'x-trove-signature': 'unread' };
    expect(await read(forged, { extra: trove })).toMatchObject({
      dialect: 'trove',
      of: nobody,
      data: posted,
    });
    expect(await read(JSON.stringify(files), { extra: trove })).toMatchObject({
      dialect: 'trovefiles',
      of: acme,
    });
    const paygraph = { 'x-paygraph-signature': 'unread' };
    expect(await read(forged, { extra: paygraph })).toMatchObject({ dialect: 'paygraph', of: nobody });
    const approval = JSON.stringify({ approval_id: 'apr_1', ...cloud });
    expect(await read(approval, { extra: paygraph })).toMatchObject({ of: nobody });
  });

  it('is that of the standard dialect where only its headers were handed over', async () => {
    const headers = {
      ...(await signWebhook({ secret: SECRET, id: 'evt_1', body: standard, timestamp: NOW })),
    };
    expect(await read(standard, { headers })).toMatchObject({ dialect: 'standard', of: acme });
    for (const body of [
      JSON.stringify({ ...ours, ...files }),
      JSON.stringify({ ...ours, ...cloud, data: 1 }),
    ]) {
      const signed = { ...(await signWebhook({ secret: SECRET, id: 'evt_1', body, timestamp: NOW })) };
      expect((await read(body, { headers: signed })).dialect).not.toMatch(/trovefiles|cloudevents/);
    }
  });
});

describe('a body', () => {
  it('that was parsed is refused in words that help', async () => {
    const headers = await signWebhook({ secret: SECRET, id: 'evt_1', body: '{}' });
    for (const body of [{ id: 1 }, undefined, null, 5]) {
      const parsed = verifyWebhook({ secret: SECRET, body: body as never, headers: { ...headers } });
      await expect(parsed).rejects.toThrow(TypeError);
      await expect(parsed).rejects.toThrow('pass the raw body');
    }
  });
});
