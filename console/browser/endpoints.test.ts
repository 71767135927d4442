import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { closeBrowser, shots, Visitor } from './pages';
import { eventually, Receiver, type Seen, Server } from './server';

/** Pictures of many states, each looked at by axe, on a machine that does other things too. */
const SLOW_MS = 240_000;

let server: Server;
beforeAll(async () => {
  server = await Server.start();
});
afterAll(async () => {
  await closeBrowser();
  await server[Symbol.asyncDispose]();
});

/** Whether a secret made one of the signatures, as the Standard Webhooks say. */
function signedBy(secret: string, { headers, body }: Seen): boolean {
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  const content = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`;
  const wanted = createHmac('sha256', key).update(content).digest();
  return String(headers['webhook-signature'])
    .split(' ')
    .filter((one) => one.startsWith('v1,'))
    .map((one) => Buffer.from(one.slice(3), 'base64'))
    .some((given) => given.length === wanted.length && timingSafeEqual(given, wanted));
}

async function pasted(page: Page): Promise<string> {
  return page.evaluate(() => navigator.clipboard.readText());
}

async function endpoint(url: string, more: object = {}): Promise<string> {
  const { body } = await server.post('/v1/webhooks', { url, events: ['order.*'], ...more });
  return body.endpoint.id;
}

test(
  'an endpoint is made with the form; its secret is shown once, verifies, and is gone',
  async () => {
    await using receiver = await Receiver.start();
    const visitor = await Visitor.of(server);
    const page = await visitor.logIn('/endpoints');
    await page.getByText('No endpoints yet').waitFor();
    await shots(page, 'endpoints-empty');

    await page.getByRole('button', { name: 'Create endpoint' }).click();
    const form = page.getByRole('dialog', { name: 'Create an endpoint' });
    await form.getByRole('button', { name: 'Create', exact: true }).click();
    await form.getByText('is required').waitFor();
    await form.getByRole('textbox', { name: 'URL' }).fill(receiver.url);
    await form.getByLabel('Events').fill('order.*');
    await form.getByLabel('Events').press('Enter');
    await form.getByLabel('Description').fill('Order service, production');
    await form.getByText('Signing, retries and limits').click();
    await form.getByLabel('Extra request headers').fill('X-Team: payments');
    await shots(page, 'endpoints-create');
    await form.getByRole('button', { name: 'Create', exact: true }).click();

    const made = page.getByRole('dialog', { name: 'Endpoint created' });
    await made.getByText('This signing secret is shown once').waitFor();
    await made.getByRole('tab', { name: 'Go' }).click();
    await made.getByText('hmac.Equal').waitFor();
    await made.getByRole('tab', { name: 'Python' }).click();
    await shots(page, 'endpoints-secret');
    await made.getByRole('button', { name: 'Copy', exact: true }).click();
    await made.getByRole('button', { name: 'Copied' }).waitFor();
    const secret = await pasted(page);
    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{64}$/);
    await made.getByRole('button', { name: 'Open the endpoint' }).click();

    await page.getByRole('heading', { name: 'Order service, production' }).waitFor();
    expect(await page.content()).not.toContain(secret);
    expect(page.url()).not.toContain('whsec');
    const kept = await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }]));
    expect(kept).not.toContain('whsec');
    await page.reload();
    await page.getByRole('heading', { name: 'Order service, production' }).waitFor();
    expect(await page.content()).not.toContain(secret);

    await server.post('/v1/events', { type: 'order.paid', data: { order: 'A-1009', total_usd: 12.5 } });
    const seen = await eventually('the delivery', () => receiver.seen[0]);
    expect(signedBy(secret, seen)).toBe(true);
    expect(signedBy(`whsec_${'A'.repeat(64)}`, seen)).toBe(false);
    expect(seen.headers['x-team']).toBe('payments');
    await page.getByRole('row', { name: /order\.paid success/ }).waitFor();
    await visitor.leave();
  },
  SLOW_MS,
);

test(
  'a test event arrives live; its delivery tells the request, the attempt and its timing',
  async () => {
    await using receiver = await Receiver.start(() => ({ status: 200, body: 'thanks' }));
    const id = await endpoint(receiver.url, { description: 'Ledger sync' });
    const visitor = await Visitor.of(server);
    const page = await visitor.logIn(`/endpoints/${id}`);
    await page.getByText('Nothing was delivered yet').waitFor();
    await page.getByRole('button', { name: 'Send test event' }).click();
    await page.getByRole('link', { name: /Test answered 200 in/ }).waitFor();
    const row = page.getByRole('row', { name: /webhook\.test success/ });
    await row.waitFor();
    await shots(page, 'endpoint');
    await row.click();

    await page.getByRole('heading', { name: 'Delivery of webhook.test' }).waitFor();
    await page.getByRole('group').filter({ hasText: '#1' }).waitFor();
    await page.getByRole('img', { name: /wait .*in all/ }).waitFor();
    await page.getByRole('region', { name: 'Response body' }).getByText('thanks').waitFor();
    const sent = page.getByRole('region', { name: 'Request as sent' });
    await sent.getByText(`POST ${receiver.url}`).waitFor();
    const [seen] = receiver.seen;
    await sent.getByText(String(seen?.headers['webhook-signature'])).waitFor();
    await sent.getByText(String(seen?.headers['webhook-id'])).first().waitFor();
    await shots(page, 'delivery');
    await sent.getByRole('tab', { name: 'As signed' }).click();
    await sent
      .getByRole('region', { name: 'Request body' })
      .getByText(seen?.body ?? 'none')
      .waitFor();
    await page.getByRole('link', { name: String(seen?.headers['webhook-id']) }).click();
    await page.getByRole('heading', { name: 'Event', exact: true }).first().waitFor();
    await visitor.leave();
  },
  SLOW_MS,
);

test(
  'what a receiver refuses counts down to its next attempt, is retried by hand, and succeeds',
  async () => {
    let broken = true;
    await using receiver = await Receiver.start(() =>
      broken ? { status: 500, body: 'database is away' } : 200,
    );
    const id = await endpoint(receiver.url, { retry: { schedule: ['1h'] }, description: 'CRM mirror' });
    await server.post('/v1/events', { type: 'order.shipped', data: { order: 'A-1011', carrier: 'DHL' } });
    const visitor = await Visitor.of(server);
    const page = await visitor.logIn(`/endpoints/${id}`);
    await page.getByRole('row', { name: /order\.shipped pending/ }).click();
    await page.getByText(/next attempt in 59 min/).waitFor();
    await page.getByText('database is away').waitFor();
    await shots(page, 'delivery-waiting');
    broken = false;
    await page.getByRole('button', { name: 'Try now' }).click();
    await page.getByText('success', { exact: true }).waitFor();
    await page.getByText('#2').waitFor();
    expect(receiver.seen).toHaveLength(2);
    expect(receiver.seen[0]?.headers['webhook-id']).toBe(receiver.seen[1]?.headers['webhook-id']);
    await shots(page, 'delivery-retried');
    await visitor.leave();
  },
  SLOW_MS,
);

test(
  'an endpoint is edited, paused, resumed, rotated and deleted',
  async () => {
    await using receiver = await Receiver.start();
    const id = await endpoint(receiver.url, { description: 'Invoices' });
    const visitor = await Visitor.of(server);
    const page = await visitor.logIn(`/endpoints/${id}`);

    await page.getByRole('button', { name: 'More actions' }).click();
    await page.getByRole('menuitem', { name: 'Edit' }).click();
    const edit = page.getByRole('dialog', { name: 'Edit the endpoint' });
    await edit.getByLabel('Description').fill('Invoices, Europe');
    await edit.getByText('Signing, retries and limits').click();
    await edit.getByLabel('Timeout (ms)').fill('100');
    await edit.getByRole('button', { name: 'Save' }).click();
    await edit.getByText('must be 500 to 30000').waitFor();
    await edit.getByLabel('Timeout (ms)').fill('2500');
    await shots(page, 'endpoint-edit');
    await edit.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('heading', { name: 'Invoices, Europe' }).waitFor();
    await page.getByText('2,500 ms').waitFor();

    await page.getByRole('button', { name: 'Pause' }).click();
    await page.getByText('Deliveries are collected').waitFor();
    await server.post('/v1/events', { type: 'order.paid', data: { order: 'A-1012' } });
    await page
      .getByRole('row', { name: /order\.paid pending/ })
      .getByText('when resumed')
      .waitFor();
    expect(receiver.seen).toHaveLength(0);
    await shots(page, 'endpoint-paused');
    await page.getByRole('button', { name: 'Resume' }).click();
    await page.getByRole('row', { name: /order\.paid success/ }).waitFor();

    await page.getByRole('button', { name: 'More actions' }).click();
    await page.getByRole('menuitem', { name: 'Rotate the secret' }).click();
    const ask = page.getByRole('dialog', { name: 'Rotate the signing secret?' });
    await ask.getByText('signature of both').waitFor();
    await shots(page, 'endpoint-rotate');
    await ask.getByRole('button', { name: 'Rotate the secret' }).click();
    const rotated = page.getByRole('dialog', { name: 'The secret is rotated' });
    await rotated.getByRole('button', { name: 'Copy', exact: true }).click();
    await rotated.getByRole('button', { name: 'Copied' }).waitFor();
    const secret = await pasted(page);
    await shots(page, 'endpoint-rotated');
    await rotated.getByRole('button', { name: 'Done' }).click();
    await page.getByText('Two secrets sign').waitFor();
    expect(await page.content()).not.toContain(secret);
    await server.post('/v1/events', { type: 'order.paid', data: { order: 'A-1013' } });
    const both = await eventually('the next delivery', () => receiver.seen[1]);
    expect(String(both.headers['webhook-signature']).split(' ')).toHaveLength(2);
    expect(signedBy(secret, both)).toBe(true);
    await page.getByRole('button', { name: 'Finish the rotation' }).click();
    await page.getByRole('button', { name: 'Retire the old secret' }).click();
    await page.getByText('Two secrets sign').waitFor({ state: 'detached' });

    await page.getByRole('button', { name: 'More actions' }).click();
    await page.getByRole('menuitem', { name: 'Delete' }).click();
    await page.getByRole('dialog', { name: 'Delete this endpoint?' }).getByText('2 deliveries').waitFor();
    await shots(page, 'endpoint-delete');
    await page.getByRole('button', { name: 'Delete the endpoint' }).click();
    await page.getByRole('heading', { name: 'Endpoints', exact: true }).waitFor();
    expect((await server.api('GET', `/v1/webhooks/${id}`, undefined, { any: true })).status).toBe(404);
    await visitor.leave();
  },
  SLOW_MS,
);

test(
  'a range is replayed, with a bar that says how far it is',
  async () => {
    await using receiver = await Receiver.start();
    const id = await endpoint(receiver.url, { description: 'Warehouse', events: ['stock.*'] });
    await server.post('/v1/events/batch', {
      events: Array.from({ length: 300 }, (_, n) => ({
        type: n % 3 ? 'stock.counted' : 'stock.moved',
        data: { sku: `SKU-${n}` },
      })),
    });
    await eventually('all delivered', () => receiver.seen.length === 300);
    const visitor = await Visitor.of(server);
    const page = await visitor.logIn(`/endpoints/${id}`);
    await page.getByRole('button', { name: 'Replay' }).click();
    const dialog = page.getByRole('dialog', { name: 'Replay deliveries' });
    await dialog.getByLabel('Types').fill('stock.counted');
    await dialog.getByLabel('Types').press('Enter');
    await dialog.getByRole('button', { name: 'Count' }).click();
    await dialog.getByText('200 deliveries will be sent again').waitFor();
    await shots(page, 'endpoint-replay');
    await dialog.getByRole('button', { name: 'Start the replay' }).click();
    const bar = page.getByRole('progressbar', { name: 'Replay of 200 deliveries' });
    await bar.waitFor();
    await page.getByText('200 of 200').waitFor();
    await eventually('all told again', () => receiver.seen.length === 500);
    expect(receiver.seen.at(-1)?.headers['bellwire-replay']).toBe('true');
    await page.getByRole('heading', { name: 'Replays' }).waitFor();
    await shots(page, 'endpoint-replayed');
    await visitor.leave();
  },
  SLOW_MS,
);

test(
  'the list tells how each endpoint fares',
  async () => {
    await using well = await Receiver.start();
    await using ill = await Receiver.start(() => 500);
    const more = { events: ['fare.*'], namespace: 'customer-initech' };
    const wide = ['fare.*', 'purchase.*', 'budget.*'];
    await endpoint(well.url, { ...more, description: 'Billing', events: wide });
    await endpoint(ill.url, { ...more, description: 'Data lake', retry: { preset: 'none' } });
    await endpoint(well.url, { ...more, description: 'Old CRM', status: 'paused' });
    for (let n = 0; n < 14; n += 1) {
      await server.post('/v1/events', { type: 'fare.paid', namespace: 'customer-initech', data: { n } });
    }
    await eventually('ten failures', () => ill.seen.length >= 10);
    const visitor = await Visitor.of(server);
    const page = await visitor.logIn('/endpoints?namespace=customer-initech');
    const row = (name: string) => page.getByRole('row', { name });
    await row('Data lake').getByText('circuit open').waitFor();
    await row('Billing').getByText('100 %').waitFor();
    await row('Old CRM').getByText('paused').waitFor();
    await row('Old CRM').getByText('14', { exact: true }).waitFor();
    await shots(page, 'endpoints');
    await row('Data lake')
      .getByRole('link', { name: /dead letters/ })
      .click();
    await page.getByText('The circuit is open').waitFor();
    await page
      .getByRole('row', { name: /fare\.paid failed/ })
      .first()
      .waitFor();
    await shots(page, 'endpoint-circuit-open');
    await visitor.leave();
  },
  SLOW_MS,
);

test(
  'a portal shows a tenant its own; one that is read-only offers no change',
  async () => {
    await using receiver = await Receiver.start();
    const own = await endpoint(receiver.url, { namespace: 'customer-acme', description: 'Acme orders' });
    await endpoint(receiver.url, { namespace: 'customer-globex', description: 'Globex orders' });
    await server.post('/v1/events', {
      type: 'order.paid',
      namespace: 'customer-acme',
      data: { order: 'B-1' },
    });
    for (const readOnly of [false, true]) {
      const { body } = await server.post('/v1/namespaces/customer-acme/portal-link', { read_only: readOnly });
      const visitor = await Visitor.of(server);
      const page = await visitor.tab();
      await page.goto(server.at(body.url));
      await page.getByRole('link', { name: 'Endpoints' }).first().click();
      await page.getByText('Acme orders').waitFor();
      expect(await page.getByText('Globex orders').count()).toBe(0);
      expect(await page.getByRole('link', { name: 'Dead letters' }).count()).toBe(0);
      expect(await page.getByRole('button', { name: 'Create endpoint' }).count()).toBe(readOnly ? 0 : 1);
      await page.getByRole('row', { name: 'Acme orders' }).click();
      await page.getByRole('row', { name: /order\.paid success/ }).waitFor();
      for (const name of ['Send test event', 'Pause', 'Replay', 'More actions']) {
        expect(await page.getByRole('button', { name }).count(), name).toBe(readOnly ? 0 : 1);
      }
      await shots(page, readOnly ? 'portal-read-only' : 'portal');
      await page.getByRole('row', { name: /order\.paid success/ }).click();
      await page.getByRole('heading', { name: 'Delivery of order.paid' }).waitFor();
      expect(await page.getByRole('button', { name: 'Send again' }).count()).toBe(readOnly ? 0 : 1);
      expect(page.url()).toContain('/deliveries/');
      await visitor.leave();
    }
    expect(own).toMatch(/^whk_/);
  },
  SLOW_MS,
);
