import type { Page } from 'playwright-core';
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

/** The figure below a label. */
async function figure(page: Page, label: string): Promise<string> {
  const text = await page.getByRole('main').getByText(label, { exact: true }).locator('..').innerText();
  return text.split('\n')[1] ?? '';
}

async function shows(page: Page, label: string, wanted: (value: string) => boolean): Promise<void> {
  await eventually(`${label} as wanted`, async () => wanted(await figure(page, label)));
}

async function buy(wallet: string, amount: string, vendor: string, description: string): Promise<number> {
  const order = { amount_usd: amount, vendor, description };
  const { status } = await server.api('POST', `/v1/wallets/${wallet}/purchases`, order, { any: true });
  return status;
}

test('a fresh server teaches the first webhook, and its figures take the place of the lesson', async () => {
  const visitor = await Visitor.of(server);
  const page = await visitor.logIn('/');
  const guide = page.getByRole('region', { name: 'The first webhook' });
  await guide.waitFor();
  await shots(page, 'overview-fresh');

  const command = await guide.getByRole('region', { name: 'An endpoint' }).innerText();
  expect(command).toContain('/v1/webhooks');
  await guide.getByRole('button', { name: 'Copy an endpoint' }).click();
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  const body = /-d '(.*)'/.exec(copied)?.[1] ?? '';
  // As the command does; it is for the address that the page came from.
  await server.post('/v1/webhooks', JSON.parse(body.replaceAll(server.origin, server.address)));
  await guide.getByRole('img', { name: 'Done' }).waitFor();
  await server.post('/v1/events', { type: 'hello.world', data: { answer: 42 } });
  await page.getByText('Success rate', { exact: true }).waitFor();
  await shows(page, 'Success rate', (value) => value === '100 %');
  expect(await guide.count()).toBe(0);
  await visitor.leave();
});

test('figures move when events are delivered and money is spent', async () => {
  await using shop = await Receiver.start();
  await using crm = await Receiver.start(() => 500);
  const visitor = await Visitor.of(server);
  const page = await visitor.logIn('/');
  await page.getByText('Spent today', { exact: true }).waitFor();
  expect(await figure(page, 'Spent today')).toBe('$0.00');
  await page.getByText('None: every endpoint is sent to.').waitFor();

  await server.post('/v1/webhooks', { url: shop.url, events: ['order.*'] });
  const { body } = await server.post('/v1/webhooks', {
    url: crm.url,
    events: ['order.*'],
    namespace: 'customer-acme',
    retry: { preset: 'none' },
  });
  for (let order = 1; order <= 14; order += 1) {
    const data = { order: `O-${2040 + order}`, total_usd: '49.90' };
    await server.post('/v1/events', { type: 'order.paid', namespace: 'customer-acme', data });
  }
  await shows(page, 'Dead letters', (value) => Number(value) >= 10);
  await shows(page, 'Deliveries/s', (value) => Number(value) > 0);
  await shows(page, 'Success rate', (value) => Number.parseFloat(value) < 100);
  const circuits = page.getByRole('list', { name: 'Endpoints whose circuit is open' });
  await circuits.getByText(/probed in \d+ s/).waitFor();
  expect(await circuits.getByRole('link').getAttribute('href')).toBe(`/endpoints/${body.endpoint.id}`);

  const wallet = await server.post('/v1/wallets', { name: 'Research agents', budget_usd: '180.00' });
  const id: string = wallet.body.id;
  expect(await buy(id, '41.873125', 'Anthropic', 'claude batch, 1.2 M tokens')).toBe(201);
  await shows(page, 'Spent today', (value) => value === '$41.87');
  const orders = [
    ['64.20', 'OpenAI', 'embeddings'],
    ['22.75', 'AWS', 'g5.xlarge, 22 h'],
    ['12.00', 'Exa', 'search credits'],
    ['9.99', 'Namecheap', 'domain'],
    ['6.40', 'Twilio', '800 messages'],
    ['4.95', 'SerpApi', 'searches'],
    ['2.10', 'Browserbase', 'sessions'],
    ['0.000125', 'Tavily', 'one search'],
    ['0.75', 'Replicate', 'one image'],
  ] as const;
  for (const [amount, vendor, description] of orders) {
    expect(await buy(id, amount, vendor, description)).toBe(201);
  }
  expect(await buy(id, '99.00', 'Airbnb', 'two nights')).toBe(402);
  await server.post('/v1/approvals', {
    title: 'Send the offer to 4,200 people?',
    action: 'email.send',
    channels: ['console'],
  });
  const vendors = page.getByRole('list', { name: 'Vendors' });
  await vendors.getByText('$41.873125', { exact: true }).waitFor();
  // Exact to the last digit, and what is not shown is said, too.
  await page.getByText('$165.01325 in all').waitFor();
  await vendors.getByText('others').waitFor();
  await vendors.getByText('$0.750125').waitFor();
  await shows(page, 'Pending approvals', (value) => value === '1');

  const alert = page
    .getByRole('list', { name: 'Alerts' })
    .getByRole('link', { name: /budget of .* is exhausted/ });
  await alert.waitFor();
  await page.getByText(/^[0-9,]+ succeeded, 10 failed$/).waitFor();
  await shots(page, 'overview');
  // Whatever the time is, its labels stay inside: as if each minute had one.
  await page.setViewportSize({ width: 390, height: 844 });
  const wide = await page.locator('.bw-attempts-times > span').evaluateAll((labels) => {
    for (const label of labels) label.textContent = '00:00';
    return [labels.length, document.documentElement.scrollWidth];
  });
  expect(wide).toEqual([60, 390]);
  await alert.click();
  await page.waitForURL(/\/events\/evt_/);
  await page.getByText('budget.exhausted').first().waitFor();
  await visitor.leave();
});

test('a namespace narrows the figures, and a link to it does the same', async () => {
  const visitor = await Visitor.of(server);
  const page = await visitor.logIn('/');
  await page.getByRole('combobox', { name: 'Namespace' }).selectOption('customer-acme');
  await page.waitForURL(/namespace=customer-acme/);
  await shows(page, 'Success rate', (value) => value === '0 %');
  await shows(page, 'Spent today', (value) => value === '$0.00');
  await page.reload();
  await shows(page, 'Success rate', (value) => value === '0 %');
  await visitor.leave();
});

test('a key of one namespace sees its own figures, and no part that it may not see', async () => {
  const { body } = await server.post('/v1/keys', {
    name: 'acme operations',
    kind: 'scoped',
    namespace: 'customer-acme',
    permissions: ['webhooks:manage'],
  });
  const visitor = await Visitor.of(server);
  const page = await visitor.logIn('/', body.api_key);
  await page.getByText('Of the namespace customer-acme.').waitFor();
  await shows(page, 'Success rate', (value) => value === '0 %');
  for (const part of ['Spent today', 'Pending approvals', 'Latest alerts']) {
    expect(await page.getByText(part, { exact: true }).count(), part).toBe(0);
  }
  expect(await page.getByRole('combobox', { name: 'Namespace' }).count()).toBe(0);
  const menu = page.getByRole('navigation', { name: 'Pages' });
  expect(await menu.getByRole('link', { name: 'Audit' }).count()).toBe(0);
  expect(await menu.getByRole('link', { name: 'Keys' }).count()).toBe(0);
  await shots(page, 'overview-scoped');
  await visitor.leave();
});
