import { afterAll, beforeAll, expect, test } from 'vitest';
import { closeBrowser, shots, Visitor } from './pages';
import { Server } from './server';

let server: Server;
beforeAll(async () => {
  server = await Server.start();
  const inDays = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString();
  const keys = [
    { name: 'checkout service', kind: 'workspace', expires_at: inDays(200) },
    { name: 'Ada Lovelace', kind: 'admin', person: 'ada@example.com' },
    { name: 'acme research agent', kind: 'scoped', namespace: 'customer-acme', agent_id: 'research-1' },
    { name: 'globex crawler', kind: 'scoped', namespace: 'customer-globex', expires_at: inDays(20) },
    {
      name: 'acme key desk',
      kind: 'scoped',
      namespace: 'customer-acme',
      permissions: ['keys:manage', 'events:read'],
    },
  ];
  for (const key of keys) await server.post('/v1/keys', key);
});
afterAll(async () => {
  await closeBrowser();
  await server[Symbol.asyncDispose]();
});

test('a key is created, used, and revoked; who was logged in with it is thrown out', async () => {
  const visitor = await Visitor.of(server);
  const page = await visitor.logIn('/keys');
  const table = page.getByRole('table', { name: 'Keys' });
  await table.getByText('checkout service').waitFor();
  await shots(page, 'keys');

  await page.getByRole('button', { name: 'Create key' }).click();
  const dialog = page.getByRole('dialog', { name: 'Create a key' });
  await dialog.getByLabel('Name', { exact: false }).first().fill('billing worker');
  await dialog.getByRole('radio', { name: 'Workspace' }).check();
  await dialog.getByRole('button', { name: 'Choose others' }).click();
  await dialog.getByRole('checkbox', { name: 'webhooks:manage' }).check();
  await dialog.getByRole('checkbox', { name: 'exec' }).uncheck();
  await shots(page, 'keys-create');
  await dialog.getByRole('button', { name: 'Create the key' }).click();

  const made = page.getByRole('dialog', { name: 'The key billing worker' });
  const secret = (await made.getByRole('region', { name: 'The API key' }).locator('code').innerText()).trim();
  expect(secret).toMatch(/^bw_workspace_[0-9a-f]{64}$/);
  await made.getByRole('button', { name: 'Copy', exact: true }).click();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(secret);
  expect(await made.getByRole('region', { name: 'A first request' }).innerText()).toContain(secret);
  await shots(page, 'keys-created');
  await made.getByRole('button', { name: 'Done' }).click();
  await made.waitFor({ state: 'detached' });
  expect(await page.content()).not.toContain(secret);
  const stored = await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }]));
  expect(stored + page.url()).not.toContain(secret);
  // The focus is back where it came from.
  await page.waitForFunction(() => document.activeElement?.textContent?.includes('Create key'));

  const me = await server.api('GET', '/v1/me', undefined, { key: secret });
  expect(me.body.key_name).toBe('billing worker');
  expect(me.body.permissions).toContain('webhooks:manage');
  expect(me.body.permissions).not.toContain('exec');

  const colleague = await Visitor.of(server);
  const other = await colleague.logIn('/events', secret);
  await other.getByRole('heading', { name: 'Events' }).waitFor();

  await table.getByText('billing worker').click();
  await page.waitForURL(/open=key_/);
  const panel = page.getByRole('complementary', { name: 'The key that is open' });
  await panel.getByText('Post events of its own types').waitFor();
  await shots(page, 'keys-open');
  await panel.getByRole('button', { name: 'Revoke' }).click();
  const confirm = page.getByRole('dialog', { name: 'Revoke billing worker?' });
  await confirm.getByText(/Sessions of the console .* end at once/).waitFor();
  await shots(page, 'keys-revoke');
  await confirm.getByRole('button', { name: 'Revoke the key' }).click();
  await table.getByText('billing worker').waitFor({ state: 'detached' });

  await other.getByRole('button', { name: 'Log in' }).waitFor();
  expect(new URL(other.url()).pathname).toBe('/login');
  const refused = await server.api('GET', '/v1/me', undefined, { key: secret, any: true });
  expect(refused.status).toBe(401);
  await visitor.leave();
  await colleague.leave();
});

test('what is wrong is said at its field, and nothing is made', async () => {
  const visitor = await Visitor.of(server);
  const page = await visitor.logIn('/keys');
  await page.getByRole('button', { name: 'Create key' }).click();
  const dialog = page.getByRole('dialog', { name: 'Create a key' });
  await dialog.getByLabel('Name', { exact: false }).first().fill('bad namespace');
  await dialog.getByRole('combobox', { name: 'Namespace' }).fill('Not A Namespace');
  await dialog.getByRole('button', { name: 'Create the key' }).click();
  const field = dialog.getByRole('combobox', { name: 'Namespace' });
  await dialog.locator('[aria-invalid="true"], [data-error]').first().waitFor();
  expect(await field.getAttribute('aria-invalid')).toBe('true');
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'detached' });
  expect(await page.getByText('bad namespace').count()).toBe(0);
  await visitor.leave();
});

test('the owner key stays, and revoking the own key says that it ends the session', async () => {
  const visitor = await Visitor.of(server);
  const page = await visitor.logIn('/keys');
  await page.getByRole('table', { name: 'Keys' }).getByText('owner', { exact: true }).first().click();
  await page.getByText('The owner key cannot be revoked').waitFor();
  expect(await page.getByRole('button', { name: 'Revoke' }).count()).toBe(0);
  await visitor.leave();

  const { body } = await server.post('/v1/keys', { name: 'on call', kind: 'admin' });
  const operator = await Visitor.of(server);
  const own = await operator.logIn('/keys', body.api_key);
  await own.getByText('(this session)').click();
  await own.getByRole('button', { name: 'Revoke' }).click();
  await own.getByText('you will be logged out').waitFor();
  await shots(own, 'keys-revoke-own');
  await own.getByRole('button', { name: 'Revoke the key' }).click();
  await own.getByRole('button', { name: 'Log in' }).waitFor();
  await operator.leave();
});

test('a key of one namespace sees and makes keys of that one only', async () => {
  const { body: all } = await server.post('/v1/keys', {
    name: 'acme key office',
    kind: 'scoped',
    namespace: 'customer-acme',
    permissions: ['keys:manage', 'events:read'],
  });
  const visitor = await Visitor.of(server);
  const page = await visitor.logIn('/keys', all.api_key);
  const table = page.getByRole('table', { name: 'Keys' });
  await table.getByText('acme research agent').waitFor();
  expect(await table.getByText(/globex|checkout|Ada/).count()).toBe(0);
  await page.getByRole('button', { name: 'Create key' }).click();
  const dialog = page.getByRole('dialog', { name: 'Create a key' });
  expect(await dialog.getByRole('radio').count()).toBe(0);
  await dialog.getByLabel('Name', { exact: false }).first().fill('acme reader');
  // It offers what it has, and nothing else.
  await dialog.getByRole('button', { name: 'Choose others' }).click();
  expect(await dialog.getByRole('checkbox').count()).toBe(2);
  await dialog.getByRole('button', { name: 'Create the key' }).click();
  await page.getByRole('dialog', { name: 'The key acme reader' }).getByText('customer-acme').waitFor();
  await page.getByRole('button', { name: 'Done' }).click();
  await table.getByText('acme reader').waitFor();
  await visitor.leave();
});
