import { beforeAll, describe, expect, it } from 'vitest';
import {
  type AdminClient,
  type api,
  DIALECTS,
  type Dialect,
  verifySignature,
  verifyWebhook,
  WebhookSignatureError,
} from '../../src/index.js';
import { eventually, type Request, receiver, workspace } from '../support/scene.js';

let client: AdminClient;
beforeAll(async () => {
  ({ client } = await workspace());
});

const DATA = { amount_usd: 12.5, note: 'süß "quoted" \\ € 🎈', user_id: 7, metadata: { keep_this: true } };

async function delivered(form: api.EndpointForm, event: Partial<api.PostEvent> = {}) {
  const target = await receiver();
  const endpoint = await client.createWebhook({ url: `${target.url}/hook`, ...form });
  const posted = await client.postEvent({
    type: 'invoice.paid',
    namespace: 'customer-acme',
    data: DATA,
    ...event,
  });
  const [request] = await eventually('it arrives', () => target.seen.length > 0 && target.seen);
  return { endpoint, posted: posted.event, request: request as Request, secret: String(endpoint.secret) };
}

describe.each(DIALECTS.map((dialect) => [dialect] as [Dialect]))('%s, as the server sends it', (dialect) => {
  it('verifies by its own signature and by the standard one, and is read as the same event', async () => {
    const { posted, request, secret, endpoint } = await delivered({ events: ['invoice.*'], dialect });
    const given = { secret, body: request.body, headers: request.headers };
    const camel = dialect === 'pacspace' || dialect === 'keystore';
    for (const event of [await verifyWebhook({ ...given, dialect }), await verifyWebhook(given)]) {
      expect(event.type).toBe('invoice.paid');
      expect(event.timestamp).toBe(posted.timestamp);
      const name = camel ? 'amountUsd' : 'amount_usd';
      expect(event.data).toMatchObject({ [name]: '12.5', note: DATA.note, metadata: { keep_this: true } });
      if (['standard', 'cloudevents', 'trovefiles'].includes(dialect)) {
        expect(event.namespace).toBe('customer-acme');
        expect(event.workspaceId).toBe(posted.workspace_id);
      }
    }
    const { id } = await verifyWebhook({ ...given, dialect });
    if (dialect === 'keystore') expect(id).toMatch(/^sha256:[0-9a-f]{64}$/);
    else expect(id).toBe(posted.id);
    expect((await verifyWebhook(given)).id).toBe(posted.id);
    for (const changed of [
      { secret: 'whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=' },
      { body: Buffer.concat([request.body, Buffer.from(' ')]) },
      { body: JSON.stringify(JSON.parse(request.body.toString()), null, 1) },
    ]) {
      await expect(verifyWebhook({ ...given, dialect, ...changed })).rejects.toThrow(WebhookSignatureError);
      await expect(verifyWebhook({ ...given, ...changed })).rejects.toMatchObject({ code: 'no_match' });
    }
    await client.deleteWebhook(endpoint.id);
  });

  it('verifies during a rotation with the secret before it', async () => {
    const target = await receiver();
    const endpoint = await client.createWebhook({ url: target.url, events: ['rotation.done'], dialect });
    const rotated = await client.rotateSecret(endpoint.id);
    // A delivery that was on its way when the secret changed is signed by the one before alone.
    const request = await eventually('both sign', async () => {
      const before = target.seen.length;
      await client.postEvent({ type: 'rotation.done', data: {} });
      await eventually('it arrives', () => target.seen.length > before);
      return target.seen.find((one) => String(one.headers['webhook-signature']).includes(' '));
    });
    const given = { body: request.body, headers: request.headers };
    const both = [String(rotated.secret), String(endpoint.secret)];
    await verifyWebhook({ ...given, dialect, secret: String(endpoint.secret) });
    await verifyWebhook({ ...given, dialect, secret: both });
    await verifyWebhook({ ...given, secret: String(rotated.secret) });
    await client.deleteWebhook(endpoint.id);
  });
});

describe('a lone signature header', () => {
  it('is enough where the scheme needs no more', async () => {
    for (const [dialect, header] of [
      ['trove', 'x-trove-signature'],
      ['trovefiles', 'x-trove-signature'],
      ['paygraph', 'x-paygraph-signature'],
      ['keystore', 'x-webhook-signature'],
    ] as const) {
      const { request, secret, endpoint } = await delivered({ events: ['invoice.*'], dialect });
      const signatureHeader = String(request.headers[header]);
      expect((await verifyWebhook({ secret, body: request.body, signatureHeader })).type).toBe(
        'invoice.paid',
      );
      await client.deleteWebhook(endpoint.id);
    }
  });

  it('is not, where it needs more', async () => {
    const lone = verifyWebhook({ secret: 'whsec_AAAA', body: '{}', signatureHeader: 'v1,AAAA' });
    await expect(lone).rejects.toMatchObject({ code: 'missing_header', header: 'webhook-id' });
  });
});

describe('ed25519', () => {
  it('verifies with the public key alone', async () => {
    const { request, endpoint } = await delivered({ events: ['invoice.*'], signing: 'ed25519' });
    const given = { scheme: 'standard' as const, body: request.body, headers: request.headers };
    const key = String(endpoint.public_key);
    expect((await client.publicKeys()).keys.map((one) => one.public_key)).toContain(key);
    await verifySignature({ ...given, secret: key });
    const other = 'whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=';
    await expect(verifySignature({ ...given, secret: other })).rejects.toMatchObject({ code: 'no_match' });
    await client.deleteWebhook(endpoint.id);
  });
});

describe('endpoints and deliveries', () => {
  it('are told of, tested, replayed and retried', async () => {
    const target = await receiver();
    const made = await client.createWebhook({ url: target.url, events: ['thing.*'], description: 'one' });
    const changed = await client.updateWebhook(made.id, { description: 'two' });
    expect([changed.description, (await client.getWebhook(made.id)).description]).toEqual(['two', 'two']);
    expect(await client.testWebhook(made.id)).toMatchObject({ ok: true, status: 204 });
    const { event } = await client.postEvent({ type: 'thing.made', data: { n: 1 } });
    const delivery = await eventually('it is delivered', async () => {
      const [one] = await client.webhookDeliveries(made.id, { type: 'thing.made' }).first(1);
      return one?.status === 'success' && one;
    });
    const detail = await client.getDelivery(delivery.id);
    expect(detail.attempt_log).toHaveLength(1);
    expect(await client.getEvent(event.id)).toMatchObject({
      id: event.id,
      deliveries: [{ id: delivery.id }],
    });
    const before = target.seen.length;
    await client.retryDelivery(delivery.id);
    await eventually('it comes again', () => target.seen.length > before);
    expect(await client.retryDeliveries({ endpoint_id: made.id, status: 'failed' })).toMatchObject({});
    const job = await client.replayWebhook(made.id, { since: '1h', dry_run: true });
    expect(job).toBeTypeOf('object');
    const real = await client.replayWebhook(made.id, { since: '1h' });
    await eventually('the replay ends', async () => (await client.getJob(String(real.id))).status === 'done');
    expect((await client.webhookJobs(made.id).first(5)).map((one) => one.id)).toContain(real.id);
    expect(await client.webhookStats(made.id)).toBeTypeOf('object');
    expect((await client.listDeliveries({ endpoint_id: made.id }).first(1))[0]?.endpoint_id).toBe(made.id);
    await client.rotateSecret(made.id);
    await client.finishRotation(made.id);
    expect((await client.listWebhooks().first(50)).map((one) => one.id)).toContain(made.id);
    await client.deleteWebhook(made.id);
    await expect(client.getWebhook(made.id)).rejects.toMatchObject({ name: 'NotFound', code: 'not_found' });
  });

  it('are pulled, extended, refused and acknowledged', async () => {
    const made = await client.createWebhook({
      kind: 'pull',
      events: ['pulled.thing'],
      retry: { schedule: ['1s'] },
    });
    await client.postEvents([
      { type: 'pulled.thing', data: { n: 1 } },
      { type: 'pulled.thing', data: { n: 2 } },
    ]);
    const { deliveries } = await client.pull(made.id, { max: 2, wait: '5s' });
    const [one, two] = deliveries;
    if (!one || !two) throw new Error('two are there');
    const event = await verifyWebhook({ secret: String(made.secret), body: one.body, headers: one.headers });
    expect(event.data).toEqual({ n: 1 });
    const longer = await client.extend(one.id, { lease_id: one.lease_id, lease: '60s' });
    expect((await client.ack(one.id, { lease_id: longer.lease_id })).status).toBe('success');
    expect((await client.nack(two.id, { lease_id: two.lease_id, delay: '1s' })).status).toBe('pending');
    await client.deleteWebhook(made.id);
  });
});
