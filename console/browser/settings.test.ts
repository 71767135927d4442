import { createServer } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { closeBrowser, shots, Visitor } from './pages';
import { Receiver, Server } from './server';

let server: Server;
let receiver: Receiver;
beforeAll(async () => {
  [server, receiver] = await Promise.all([Server.start(), Receiver.start()]);
  for (const name of ['customer-acme', 'customer-globex', 'customer-initech']) {
    await server.post('/v1/keys', { name: `${name} agents`, kind: 'scoped', namespace: name });
    const endpoint = { url: `${receiver.url}/${name}`, events: ['order.*'], namespace: name };
    await server.post('/v1/webhooks', endpoint);
    await server.post('/v1/events', {
      type: 'order.paid',
      namespace: name,
      data: { of: name, total_usd: '19.00' },
    });
  }
});
afterAll(async () => {
  await closeBrowser();
  await receiver[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

test('settings say how the server is set up, and which integrations are not', async () => {
  const visitor = await Visitor.of(server);
  const page = await visitor.logIn('/settings');
  const about = page.getByRole('region', { name: 'Server', exact: true });
  const { body } = await server.get('/v1/settings');
  await about.getByText(body.version, { exact: true }).waitFor();
  await about.getByText(body.public_url, { exact: true }).waitFor();
  await about.getByText('30 days').waitFor();
  for (const name of ['Slack', 'PagerDuty', 'NATS']) {
    const row = page.getByRole('listitem', { name });
    await row.getByText('not set up').waitFor();
    expect(await row.getByRole('button').count()).toBe(0);
  }
  await page.getByRole('table', { name: 'Namespaces' }).getByText('customer-initech').waitFor();
  await shots(page, 'settings');
  await page.getByRole('button', { name: 'Log out' }).click();
  await page.getByRole('button', { name: 'Log in' }).waitFor();
  await visitor.leave();
});

test('an integration that is set up is tried, and what came of it is said', async () => {
  // Somebody who takes connections and is no NATS.
  const deaf = createServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
  await new Promise<void>((done) => deaf.listen(0, '127.0.0.1', done));
  const { port } = deaf.address() as { port: number };
  const other = await Server.start(['--dev', '--nats-url', `nats://127.0.0.1:${port}`]);
  const visitor = await Visitor.of(other);
  const page = await visitor.logIn('/settings');
  const row = page.getByRole('listitem', { name: 'NATS' });
  await row.getByText('publishes bellwire.> to the stream BELLWIRE').waitFor();
  await row.getByRole('button', { name: 'Test NATS' }).click();
  await row.getByText(/It does not work: /).waitFor();
  await shots(page, 'settings-tested');
  await visitor.leave();
  await other[Symbol.asyncDispose]();
  await new Promise((done) => deaf.close(done));
});

test('a portal link shows a customer its endpoints, events and deliveries, and nothing else', async () => {
  const visitor = await Visitor.of(server);
  const page = await visitor.logIn('/settings');
  await page.getByRole('button', { name: 'Actions for customer-acme' }).click();
  await page.getByRole('menuitem', { name: 'Make a portal link' }).click();
  const dialog = page.getByRole('dialog', { name: 'Portal link for customer-acme' });
  await dialog.getByRole('switch', { name: 'Read only' }).check();
  await shots(page, 'settings-portal');
  await dialog.getByRole('button', { name: 'Make the link' }).click();
  const link = (
    await dialog.getByRole('region', { name: 'The portal link' }).locator('code').innerText()
  ).trim();
  expect(link).toMatch(/\/portal#link=/);
  await shots(page, 'settings-portal-made');
  await dialog.getByRole('button', { name: 'Done' }).click();
  await dialog.waitFor({ state: 'detached' });
  expect(await page.content()).not.toContain(link);

  const customer = await Visitor.of(server);
  const theirs = await customer.tab();
  await theirs.goto(server.at(link));
  const menu = theirs.getByRole('navigation', { name: 'Pages' });
  await menu.getByRole('link', { name: 'Events' }).waitFor();
  const shown = await menu.getByRole('link').allInnerTexts();
  // Deliveries are those of an endpoint, on its page.
  expect(shown).toEqual(['Events', 'Endpoints']);
  await theirs.goto(`${server.origin}/events?type=order.*`);
  await theirs
    .getByText(/of customer-acme/)
    .first()
    .waitFor();
  expect(await theirs.getByText(/of customer-(globex|initech)/).count()).toBe(0);
  await shots(theirs, 'settings-portal-opened');

  // What is not theirs is not there, whatever they type, and the server refuses it in any case.
  for (const path of [
    '/keys',
    '/audit',
    '/settings',
    '/wallets',
    '/approvals',
    '/policies',
    '/dead-letters',
  ]) {
    await theirs.goto(server.origin + path);
    await theirs.getByRole('heading', { name: 'No such page' }).waitFor();
  }
  for (const api of ['keys', 'audit', 'audit/chain', 'wallets', 'approvals', 'policies', 'workspaces']) {
    expect(await theirs.evaluate(async (url) => (await fetch(url)).status, `/v1/${api}`), api).toBe(403);
  }
  await theirs.goto(`${server.origin}/`);
  await theirs.waitForURL((url) => url.pathname !== '/');
  expect(await menu.getByRole('link').allInnerTexts()).toEqual(shown);

  // Revoking the key behind it ends it.
  const { body } = await server.get('/v1/keys');
  const key = body.keys.find(({ name }: { name: string }) => name === 'portal link');
  await server.api('DELETE', `/v1/keys/${key.id}`);
  await theirs.getByRole('button', { name: 'Log in' }).waitFor();
  await visitor.leave();
  await customer.leave();
});

test('a namespace is deleted with its endpoints and keys', async () => {
  const visitor = await Visitor.of(server);
  const page = await visitor.logIn('/settings');
  const table = page.getByRole('table', { name: 'Namespaces' });
  await page.getByRole('button', { name: 'Actions for customer-initech' }).click();
  await page.getByRole('menuitem', { name: 'Delete' }).click();
  const dialog = page.getByRole('dialog', { name: 'Delete the namespace customer-initech?' });
  await dialog.getByText('its keys are revoked').waitFor();
  await shots(page, 'settings-delete');
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  await dialog.waitFor({ state: 'detached' });
  await table.getByText('customer-initech').waitFor();
  await page.getByRole('button', { name: 'Actions for customer-initech' }).click();
  await page.getByRole('menuitem', { name: 'Delete' }).click();
  await dialog.getByRole('button', { name: 'Delete the namespace' }).click();
  await table.getByText('customer-initech').waitFor({ state: 'detached' });
  const { body } = await server.get('/v1/webhooks?namespace=customer-initech');
  expect(body.endpoints).toEqual([]);
  await visitor.leave();
});

test('a key of one namespace sees that one, and may not remove it', async () => {
  const permissions = ['keys:manage', 'events:read', 'webhooks:manage'];
  const key = { name: 'globex desk', kind: 'scoped', namespace: 'customer-globex', permissions };
  const { body } = await server.post('/v1/keys', key);
  const visitor = await Visitor.of(server);
  const page = await visitor.logIn('/settings', body.api_key);
  const table = page.getByRole('table', { name: 'Namespaces' });
  await table.getByText('customer-globex').waitFor();
  expect(await table.locator('tbody tr').count()).toBe(1);
  await page.getByRole('button', { name: 'Actions for customer-globex' }).click();
  await page.getByRole('menuitem', { name: 'Make a portal link' }).waitFor();
  expect(await page.getByRole('menuitem', { name: 'Delete' }).count()).toBe(0);
  await visitor.leave();
});
