import { readFile, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { closeBrowser, shots, Visitor } from './pages';
import { Receiver, Server } from './server';

let server: Server;
let receiver: Receiver;
beforeAll(async () => {
  [server, receiver] = await Promise.all([Server.start(), Receiver.start()]);
  await server.post('/v1/keys', { name: 'checkout service', kind: 'workspace' });
  const { body: ada } = await server.post('/v1/keys', {
    name: 'Ada',
    kind: 'admin',
    person: 'ada@example.com',
  });
  await server.post('/v1/keys', { name: 'acme agents', kind: 'scoped', namespace: 'customer-acme' });
  const { body: made } = await server.post('/v1/webhooks', { url: receiver.url, events: ['order.*'] });
  const as = { key: ada.api_key as string };
  await server.api('PATCH', `/v1/webhooks/${made.endpoint.id}`, { timeout_ms: 5000, rate_limit: 20 }, as);
  const wallet = { name: 'Research agents', budget_usd: '100.00', namespace: 'customer-acme' };
  const { body: made_wallet } = await server.api('POST', '/v1/wallets', wallet, as);
  const more = { budget_usd: '250.00', reason: 'the pilot goes on until December' };
  await server.api('PATCH', `/v1/wallets/${made_wallet.id}`, more, as);
});
afterAll(async () => {
  await closeBrowser();
  await receiver[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

test('the log is searched, says who changed what, and is live', async () => {
  const visitor = await Visitor.of(server);
  const page = await visitor.logIn('/audit');
  const table = page.getByRole('table', { name: 'Audit log' });
  await table.getByText('wallet.update').waitFor();
  const chain = page.getByRole('region', { name: 'Chain' });
  await chain.getByText('Chain intact').waitFor();
  await shots(page, 'audit');

  await page.getByRole('textbox', { name: 'Who' }).fill('person:ada@example.com');
  await page.waitForURL(/actor=person/);
  await table.getByText('key.create').first().waitFor({ state: 'detached' });
  expect(await table.locator('tbody tr').count()).toBe(3);
  // Live: another entry of hers, made elsewhere.
  const wallets = await server.get('/v1/wallets');
  const id: string = wallets.body.wallets[0].id;
  const keys = await server.get('/v1/keys');
  const hers = keys.body.keys.find((key: { name: string }) => key.name === 'Ada').id;
  const links = await server.post('/v1/keys', {
    name: 'Ada, laptop',
    kind: 'admin',
    person: 'ada@example.com',
  });
  await server.api('DELETE', `/v1/keys/${hers}`, undefined, { key: links.body.api_key });
  await table.getByText('key.revoke').waitFor();

  await table.getByText('wallet.update').click();
  await page.waitForURL(/open=\d+/);
  const panel = page.getByRole('complementary', { name: 'The entry that is open' });
  const row = panel.getByRole('row', { name: /budget_usd/ });
  expect(await row.innerText()).toMatch(/100(\.00)?\s+250(\.00)?/);
  await panel.getByText('the pilot goes on until December').first().waitFor();
  expect(await panel.getByRole('link', { name: id }).getAttribute('href')).toBe(`/wallets/${id}`);
  await shots(page, 'audit-open');
  await page.reload();
  await row.waitFor();
  await page.keyboard.press('Escape');
  await panel.waitFor({ state: 'detached' });

  await page.getByRole('combobox', { name: 'Action' }).fill('wallet.update');
  await page.waitForURL(/action=wallet.update/);
  await table.getByText('key.revoke').waitFor({ state: 'detached' });
  await page.getByRole('combobox', { name: 'Until' }).fill('1h');
  await page.getByText('No entry like this').waitFor();
  await page.getByRole('combobox', { name: 'Until' }).fill('whenever');
  await page.getByRole('alert').getByText('until', { exact: true }).waitFor();
  await page.getByRole('button', { name: 'Clear' }).first().click();
  await table.getByText('key.revoke').waitFor();
  await visitor.leave();
});

test('what was done in the console says so', async () => {
  const visitor = await Visitor.of(server);
  const page = await visitor.logIn('/audit');
  const table = page.getByRole('table', { name: 'Audit log' });
  await table.getByText('session.create').first().click();
  const panel = page.getByRole('complementary', { name: 'The entry that is open' });
  await panel.getByText('session.create').first().waitFor();
  await panel.getByText('link', { exact: false }).first().waitFor();
  await visitor.leave();
});

test('the log is paged', async () => {
  for (let nth = 1; nth <= 55; nth += 1)
    await server.post('/v1/keys', { name: `runner ${nth}`, kind: 'workspace' });
  const visitor = await Visitor.of(server);
  const page = await visitor.logIn('/audit');
  const table = page.getByRole('table', { name: 'Audit log' });
  await table.getByText('name runner 55', { exact: false }).waitFor();
  await page.getByRole('button', { name: 'Older' }).click();
  await page.waitForURL(/cursor=/);
  await table.getByText('workspace.create').waitFor();
  await page.getByRole('button', { name: 'Newest' }).click();
  await table.getByText('name runner 55', { exact: false }).waitFor();
  await visitor.leave();
});

test('the export is what verify takes', async () => {
  const visitor = await Visitor.of(server);
  const page = await visitor.logIn('/audit');
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'Export' }).click(),
  ]);
  expect(download.suggestedFilename()).toBe('audit.ndjson');
  const path = await download.path();
  const lines = (await readFile(path, 'utf8')).trimEnd().split('\n');
  expect(JSON.parse(lines[0] ?? '{}')).toMatchObject({ seq: 1, action: 'workspace.create' });
  Server.command('audit', 'verify', path);
  await writeFile(path, lines.join('\n').replace('checkout service', 'somebody else'));
  expect(() => Server.command('audit', 'verify', path)).toThrow();
  await page.getByRole('table', { name: 'Audit log' }).getByText('audit.export').waitFor();
  await visitor.leave();
});

test('a key of one namespace sees the entries of that one', async () => {
  const { body } = await server.post('/v1/keys', {
    name: 'acme auditor',
    kind: 'scoped',
    namespace: 'customer-acme',
    permissions: ['audit:read'],
  });
  const visitor = await Visitor.of(server);
  const page = await visitor.logIn('/audit', body.api_key);
  const table = page.getByRole('table', { name: 'Audit log' });
  await table.getByText('wallet.update').waitFor();
  const namespaces = await table.locator('tbody tr').allInnerTexts();
  expect(namespaces.filter((text) => !text.includes('customer-acme'))).toEqual([]);
  expect(await page.getByRole('region', { name: 'Chain' }).count()).toBe(0);
  await visitor.leave();
});

test('a log that was changed from outside is told as broken', async () => {
  const visitor = await Visitor.of(server);
  const page = await visitor.logIn('/audit');
  const chain = page.getByRole('region', { name: 'Chain' });
  await chain.getByText('Chain intact').waitFor();
  await chain.getByRole('button', { name: 'Check it offline' }).click();
  await chain.getByText(/bellwire audit verify --contains [0-9a-f]{64}/).waitFor();
  await shots(page, 'audit-offline');

  await server.end('SIGKILL');
  server.forge("UPDATE audit SET actor = 'key:forged' WHERE seq = 2");
  await server.launch();
  // The page is open all the while, and finds out by itself.
  await chain.getByText('Chain broken').waitFor({ timeout: 60_000 });
  await chain.getByText('The log was changed from outside at entry 2').waitFor();
  await shots(page, 'audit-broken');
  await visitor.leave();
}, 180_000);
