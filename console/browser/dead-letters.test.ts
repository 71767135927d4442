import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { closeBrowser, shots, Visitor } from './pages';
import { eventually, Receiver, Server } from './server';

let server: Server;
beforeAll(async () => {
  server = await Server.start();
});
afterAll(async () => {
  await closeBrowser();
  await server[Symbol.asyncDispose]();
});

async function dead(): Promise<number> {
  return (await server.get('/v1/deliveries?status=failed&limit=1')).body.total;
}

test('dead letters of several endpoints are found, exported, and retried: some, then all', async () => {
  let broken = true;
  await using receiver = await Receiver.start(() =>
    broken ? { status: 503, body: 'maintenance window' } : 200,
  );
  const visitor = await Visitor.of(server);
  const page = await visitor.logIn('/dead-letters');
  await page.getByText('No dead letters').waitFor();
  await shots(page, 'dead-letters-empty');

  const made: string[] = [];
  for (const description of ['Order service', 'Warehouse', 'CRM mirror']) {
    const body = { url: receiver.url, events: ['order.*'], retry: { preset: 'none' }, description };
    made.push((await server.post('/v1/webhooks', body)).body.endpoint.id);
  }
  const types = ['order.paid', 'order.shipped', 'order.refunded'];
  for (let n = 0; n < 3; n += 1) {
    const data = { order: `A-10${n}`, total_usd: 19.99, carrier: 'DHL' };
    await server.post('/v1/events', { type: types[n], namespace: 'customer-acme', data });
  }
  await eventually('nine dead letters', async () => (await dead()) === 9);
  await page.getByText('9 dead letters').waitFor();
  await page
    .getByRole('row', { name: /order\.refunded/ })
    .first()
    .waitFor();
  await shots(page, 'dead-letters');

  await page.getByRole('combobox', { name: 'Type' }).fill('order.paid');
  await page
    .getByRole('row', { name: /order\.shipped/ })
    .first()
    .waitFor({ state: 'detached' });
  expect(await page.getByRole('row', { name: /order\.paid/ }).count()).toBe(3);
  expect(page.url()).toContain('type=order.paid');
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'Export' }).click(),
  ]);
  expect(download.suggestedFilename()).toMatch(/^dead-letters-[0-9-]+\.ndjson$/);
  const lines = (await readFile(await download.path(), 'utf8')).trim().split('\n');
  expect(lines.map((line) => JSON.parse(line).event)).toEqual(['order.paid', 'order.paid', 'order.paid']);
  await page.getByRole('button', { name: 'Clear', exact: true }).click();

  broken = false;
  const rows = page.getByRole('row', { name: /order\./ });
  await rows.nth(0).getByRole('checkbox').check();
  await rows.nth(1).focus();
  await page.keyboard.press('x');
  await page.getByRole('button', { name: 'Retry 2 selected' }).click();
  await page.getByRole('dialog', { name: 'Retry 2 dead letters?' }).waitFor();
  await shots(page, 'dead-letters-confirm');
  await page.getByRole('button', { name: 'Retry them' }).click();
  await page.getByText('Done: 2 due again').waitFor();
  await page.getByText('7 dead letters').waitFor();

  await page.getByRole('button', { name: 'Retry all 7' }).click();
  await page.getByRole('button', { name: 'Retry them' }).click();
  await page.getByText('Done: 7 due again').waitFor();
  await page.getByText('No dead letters').waitFor();
  for (const id of made) {
    const delivered = async () =>
      (await server.get(`/v1/webhooks/${id}/deliveries?status=success`)).body.total === 3;
    await eventually('all delivered', delivered);
  }
  await shots(page, 'dead-letters-done');
  await visitor.leave();
}, 240_000);

test('what a filter by type finds on many pages is retried with a bar, and one that fails on schedule dies', async () => {
  let broken = true;
  await using receiver = await Receiver.start(() => (broken ? 500 : 200));
  const { body } = await server.post('/v1/webhooks', {
    url: receiver.url,
    events: ['stock.*'],
    retry: { schedule: ['1s'] },
    description: 'Stock feed',
  });
  const id = body.endpoint.id;
  await server.post('/v1/events', { type: 'stock.moved', data: { sku: 'SKU-1' } });
  await eventually('it dies of its schedule', async () => (await dead()) === 1);
  expect(receiver.seen).toHaveLength(2);
  await server.api('PATCH', `/v1/webhooks/${id}`, { retry: { preset: 'none' } });
  await server.post('/v1/events/batch', {
    events: Array.from({ length: 8 }, (_, n) => ({ type: 'stock.counted', data: { sku: `SKU-${n}` } })),
  });
  await eventually('eight more die', async () => (await dead()) === 9);
  broken = false;
  const visitor = await Visitor.of(server);
  const page = await visitor.logIn('/dead-letters?type=stock.counted');
  const away = { status: 503, contentType: 'application/problem+json', body: '{"detail": "shutting down"}' };
  await page.route('**/v1/deliveries/*/retry', (route) => route.fulfill(away));
  await page.getByRole('button', { name: 'Retry all that match' }).click();
  await page.getByRole('button', { name: 'Retry them' }).click();
  await page.getByText('Stopped: 0 due again', { exact: true }).waitFor();
  await page.getByText('shutting down').waitFor();
  await page.unroute('**/v1/deliveries/*/retry');
  await page.getByRole('button', { name: 'Retry all that match' }).click();
  await page.getByRole('button', { name: 'Retry them' }).click();
  await page.getByText('Done: 8 due again').waitFor();
  await page.getByRole('button', { name: 'Clear', exact: true }).click();
  await page.getByText('1 dead letter', { exact: true }).waitFor();
  await page.getByRole('link', { name: 'Stock feed' }).click();
  await page.getByRole('heading', { name: 'Stock feed' }).waitFor();
  await visitor.leave();
}, 240_000);
