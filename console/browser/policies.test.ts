/** Policies: made, tried, saved, attached, removed. */
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { closeBrowser, shots, Visitor } from './pages';
import { eventually, Server } from './server';

let server: Server;
let visitor: Visitor;
beforeAll(async () => {
  server = await Server.start();
});
afterAll(async () => {
  await closeBrowser();
  await server[Symbol.asyncDispose]();
});
beforeEach(async () => {
  visitor = await Visitor.of(server);
});
afterEach(async () => {
  await visitor.leave();
});

const BOUGHT: readonly [string, string, string][] = [
  ['AWS', '1200.00', 'Spot fleet for the nightly crawl'],
  ['Anthropic', '340.50', 'Evaluation of the support agent'],
  ['Anthropic', '89.00', 'Summaries of the board papers'],
  ['Bright Data', '260.00', 'Residential proxies'],
  ['Hetzner', '64.26', 'Two small servers'],
  ['Notion', '48.00', 'Four seats'],
];

/** A policy on a wallet from which things were bought. */
async function lived(name: string): Promise<{ policy: string; wallet: string }> {
  const policy = await server.post('/v1/policies', {
    name,
    rules: [{ max_transaction_usd: 2000, daily_cap_usd: 5000 }, { vendors: { deny: ['*.example.com'] } }],
  });
  const wallet = await server.post('/v1/wallets', {
    name: `${name} wallet`,
    budget_usd: '20000',
    policy_id: policy.body.id,
  });
  for (const [vendor, amount_usd, description] of BOUGHT) {
    await server.post(`/v1/wallets/${wallet.body.id}/purchases`, { vendor, amount_usd, description });
  }
  return { policy: policy.body.id, wallet: wallet.body.id };
}

async function version(id: string): Promise<number> {
  return (await server.get(`/v1/policies/${id}`)).body.version;
}

const tryForm = (page: Page) => page.getByRole('form', { name: 'A purchase to try' });

test('the first policy is made from an empty list', async () => {
  const page = await visitor.logIn('/policies');
  await page.getByText('No policies yet').waitFor();
  await shots(page, 'policies-empty');
  await page.getByRole('button', { name: 'New policy' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('textbox', { name: 'Name', exact: true }).fill('travel desk');
  await shots(page, 'policies-new');
  await dialog.getByRole('button', { name: 'Make the policy' }).click();
  await page.waitForURL(/\/policies\/pol_[^/]*\/edit/);
  await page.getByLabel('Ask above, USD').waitFor();
  expect(await page.getByLabel('Ask above, USD').inputValue()).toBe('500');
});

test('rules are edited, tried on a purchase and on history, and saved as a version', async () => {
  const { policy } = await lived('production spending');
  const page = await visitor.logIn(`/policies/${policy}`);
  await page.getByText('Deny more than $2,000.00 at once').first().waitFor();
  await page.getByRole('link', { name: 'Edit rules' }).click();
  await page.getByLabel('At most at once, USD').fill('1000');
  await page.getByRole('button', { name: 'Add a rule' }).click();
  await page.getByRole('menuitem', { name: 'Ask people above an amount' }).click();
  await page.getByLabel('Ask above, USD').fill('250');
  const changes = page.getByRole('list', { name: 'What changed' });
  await changes.getByText('Deny more than $1,000.00 at once').waitFor();

  await tryForm(page).getByLabel('Amount').fill('340.50');
  await tryForm(page).getByLabel('Vendor').fill('anthropic');
  await page.getByRole('button', { name: 'Try it' }).click();
  await page.getByText('People are asked').waitFor();
  await page.getByText('340.50 USD is more than 250').first().waitFor();
  await shots(page, 'policy-dry-run');
  await tryForm(page).getByLabel('Vendor').fill('shop.example.com');
  await page.getByRole('button', { name: 'Try it' }).click();
  await page.getByText('Denied', { exact: true }).waitFor();
  await page.getByText('Rule 1, vendors: shop.example.com is on the deny list.').waitFor();

  await page.getByRole('tab', { name: 'Replay over history' }).click();
  await page.getByRole('button', { name: 'Replay', exact: true }).click();
  const flips = page.getByRole('table', { name: 'What would differ' });
  await flips.getByRole('row', { name: /allowed denied 1 \$1,200.00/ }).waitFor();
  await flips.getByRole('row', { name: /allowed asked 2 \$600.50/ }).waitFor();
  await page.getByRole('table', { name: 'Requests that would differ' }).getByText('Bright Data').waitFor();
  await shots(page, 'policy-replay');
  expect(await version(policy)).toBe(1);

  await page.getByRole('button', { name: 'Save as version 2' }).click();
  await page.waitForURL(new RegExp(`/policies/${policy}$`));
  expect(await version(policy)).toBe(2);
  expect((await server.get(`/v1/policies/${policy}`)).body.rules).toEqual([
    { max_transaction_usd: 1000, daily_cap_usd: 5000 },
    { vendors: { deny: ['*.example.com'] } },
    { require_approval_above_usd: 250, approval: { timeout: '15m', quorum: 1 } },
  ]);
  const newest = page.getByRole('listitem', { name: 'Version 2' });
  await newest.getByText('Deny more than $1,000.00 at once').waitFor();
  await page.getByText('production spending wallet').waitFor();
  await shots(page, 'policy');

  await page.getByRole('listitem', { name: 'Version 1' }).getByRole('button', { name: 'Show' }).click();
  await page.getByText('This is version 1, not the one in force.').waitFor();
  await page.goto(`${server.origin}/policies`);
  await page.getByRole('row', { name: 'production spending' }).waitFor();
  await shots(page, 'policies');
});

test('what is wrong with a rule stands at its place', async () => {
  const { policy } = await lived('night shift');
  const page = await visitor.logIn(`/policies/${policy}/edit`);
  await page.getByRole('button', { name: 'Add a rule' }).click();
  await page.getByRole('menuitem', { name: 'A condition (CEL)' }).click();
  const rule = page.getByRole('region', { name: 'Rule 2' });
  const condition = rule.getByLabel('Condition (CEL)');
  await condition.fill('purchase.amount_usd > 1000');
  // The field says it is wrong, and why: amounts compare with amounts only.
  await eventually(
    'the condition is refused',
    async () => (await condition.getAttribute('aria-invalid')) === 'true',
  );
  await page.getByLabel('At most a day, USD').fill('a lot');
  await eventually('the cap is refused', async () => {
    const invalid = await page.getByLabel('At most a day, USD').getAttribute('aria-invalid');
    return invalid === 'true';
  });
  expect(await page.getByRole('button', { name: 'Save as version 2' }).isDisabled()).toBe(true);
  await shots(page, 'policy-errors');

  await page.getByRole('tab', { name: 'JSON' }).click();
  const faults = page.getByRole('list', { name: 'What is wrong' });
  await faults.getByRole('button', { name: /Line \d+, rules\[2\]\.when/ }).waitFor();
  await faults.getByRole('button', { name: /rules\[0\]\.daily_cap_usd/ }).waitFor();
  await shots(page, 'policy-errors-json');
  const json = page.getByLabel('Rules as JSON');
  await json.fill('[\n  {"max_transaction_usd": 1000.000000001},\n  {"daily_cap_usd": }\n]');
  await faults.getByRole('button', { name: /^Line 3:/ }).click();
  expect(await json.evaluate((area: HTMLTextAreaElement) => area.selectionStart)).toBeGreaterThan(40);
  await json.fill('[\n  {"max_transaction_usd": 1000.000000001}\n]');
  await page.getByRole('button', { name: 'Save as version 2' }).click();
  await page.waitForURL(new RegExp(`/policies/${policy}$`));
  await page.getByText('Deny more than $1,000.000000001 at once').first().waitFor();
});

test('a draft is not lost by leaving, nor saved over another without a word', async () => {
  const { policy } = await lived('shared');
  const page = await visitor.logIn(`/policies/${policy}/edit`);
  await page.getByLabel('At most at once, USD').fill('777');
  await server.api('PATCH', `/v1/policies/${policy}`, { default: 'deny' });
  await page.getByText('Version 2 was saved meanwhile').waitFor();
  await page.getByRole('link', { name: 'Policies' }).last().click();
  const dialog = page.getByRole('dialog');
  await dialog.getByText('Leave without saving?').waitFor();
  await shots(page, 'policy-leave');
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  expect(await page.getByLabel('At most at once, USD').inputValue()).toBe('777');
  await page.getByRole('button', { name: 'Start from version 2' }).click();
  await page.getByText('Nothing differs.').waitFor();
});

test('a policy is attached, detached and deleted', async () => {
  const made = await server.post('/v1/policies', { name: 'interns', rules: [{ max_transaction_usd: 50 }] });
  const wallet = await server.post('/v1/wallets', { name: 'summer projects', budget_usd: '900' });
  const { id } = made.body;
  const page = await visitor.logIn(`/policies/${id}`);
  const dialog = page.getByRole('dialog');
  await page.getByText('Nothing: it governs no purchase yet.').waitFor();
  await page.getByRole('button', { name: 'Attach' }).click();
  await dialog.getByLabel('Wallet', { exact: false }).last().click();
  await page.getByRole('option', { name: /summer projects/ }).click();
  await dialog.getByLabel('Reason').fill('Small change only');
  await shots(page, 'policy-attach');
  await dialog.getByRole('button', { name: 'Attach the policy' }).click();
  await page.getByRole('link', { name: 'summer projects' }).waitFor();
  expect((await server.get(`/v1/wallets/${wallet.body.id}`)).body.policy_id).toBe(id);
  for (const [kind, name] of [
    ['agent', 'scout'],
    ['namespace', 'acme'],
  ] as const) {
    await page.getByRole('button', { name: 'Attach' }).click();
    await dialog.getByText(kind, { exact: true }).click();
    await dialog.getByLabel(kind, { exact: false }).last().fill(name);
    await dialog.getByRole('button', { name: 'Attach the policy' }).click();
    await page.getByRole('button', { name: `Detach from ${kind} ${name}` }).waitFor();
  }
  expect((await server.get(`/v1/policies/${id}`)).body).toMatchObject({
    agents: ['scout'],
    namespaces: ['acme'],
  });
});

test('a policy that is attached is not deleted; one that was detached is', async () => {
  const made = await server.post('/v1/policies', {
    name: 'contractors',
    rules: [{ max_transaction_usd: 50 }],
    agents: ['scout'],
    namespaces: ['acme'],
  });
  const { id } = made.body;
  await server.post('/v1/wallets', { name: 'winter projects', budget_usd: '900', policy_id: id });
  const page = await visitor.logIn(`/policies/${id}`);
  const dialog = page.getByRole('dialog');
  await page.getByRole('link', { name: 'winter projects' }).waitFor();
  await page.getByRole('button', { name: 'Delete' }).click();
  await dialog.getByRole('button', { name: 'Delete the policy' }).click();
  await dialog.getByRole('alert').waitFor();
  await shots(page, 'policy-delete-refused');
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  for (const place of ['wallet winter projects', 'agent scout', 'namespace acme']) {
    await page.getByRole('button', { name: `Detach from ${place}` }).click();
    await dialog.getByRole('button', { name: 'Detach the policy' }).click();
    await page.getByRole('button', { name: `Detach from ${place}` }).waitFor({ state: 'detached' });
  }
  await page.getByRole('button', { name: 'Delete' }).click();
  await dialog.getByRole('button', { name: 'Delete the policy' }).click();
  await page.waitForURL(/\/policies$/);
  expect((await server.api('GET', `/v1/policies/${id}`, undefined, { any: true })).status).toBe(404);
});

test('whoever only decides may look and try, and change nothing', async () => {
  const { policy } = await lived('read only');
  const { body } = await server.post('/v1/keys', {
    name: 'approver',
    kind: 'workspace',
    permissions: ['approvals:decide'],
    person: 'ana',
  });
  const page = await visitor.logIn(`/policies/${policy}`, body.api_key);
  await page.getByText('Deny more than $2,000.00 at once').first().waitFor();
  expect(await page.getByRole('button', { name: /Delete|Attach|Detach/ }).count()).toBe(0);
  expect(await page.getByRole('link', { name: /Edit/ }).count()).toBe(0);
});
