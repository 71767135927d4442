import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { closeBrowser, shots, Visitor } from './pages';
import { eventually, Server } from './server';

let server: Server;
beforeAll(async () => {
  server = await Server.start();
});
afterAll(async () => {
  await closeBrowser();
  await server[Symbol.asyncDispose]();
});

/** A wallet, made by the API. */
async function wallet(name: string, budget: string, rest: object = {}): Promise<string> {
  const { body } = await server.post('/v1/wallets', { name, budget_usd: budget, ...rest });
  return body.id;
}

function buy(id: string, vendor: string, amount: string, description: string, rest: object = {}) {
  return server.post(`/v1/wallets/${id}/purchases`, { vendor, amount_usd: amount, description, ...rest });
}

function row(page: Page, table: string, name: string | RegExp) {
  return page.getByRole('table', { name: table, exact: true }).getByRole('row', { name });
}

/** A company with two teams and their agents, and what they bought. */
async function company() {
  const acme = await wallet('Acme Robotics', '12000.00', { window: 'monthly', tz: 'Europe/Berlin' });
  const research = await wallet('Research', '4000.00', { window: 'monthly', parent_id: acme });
  const support = await wallet('Customer support', '2500.00', { window: 'monthly', parent_id: acme });
  const scout = await wallet('Literature scout', '600.00', {
    window: 'monthly',
    parent_id: research,
    agent_id: 'scout-2',
    limits: { max_per_minute_usd: '120.00', on_breach: 'notify' },
  });
  const coder = await wallet('Code reviewer', '90.00', {
    window: 'daily',
    parent_id: research,
    agent_id: 'reviewer-1',
    limits: { max_transaction_usd: '40.00' },
  });
  const triage = await wallet('Ticket triage', '300.00', {
    window: 'monthly',
    parent_id: support,
    agent_id: 'triage-eu',
  });
  await wallet('Refund desk', '150.00', { window: 'daily', parent_id: support, agent_id: 'refunds' });
  const llm = { category: 'inference' };
  await buy(scout, 'anthropic', '84.20', 'read 412 abstracts', { ...llm, run_id: 'run-8841' });
  await buy(scout, 'openai', '31.75', 'embed the corpus', llm);
  await buy(scout, 'serpapi', '12.00', 'search credits, 5,000', { category: 'search' });
  await buy(scout, 'elsevier', '46.40', 'two articles, single use', { category: 'content' });
  await buy(scout, 'openai', '0.000125', 'count tokens', llm);
  await buy(coder, 'anthropic', '38.10', 'review of the billing service', llm);
  await buy(coder, 'github', '36.00', 'runner minutes', { category: 'compute' });
  await buy(triage, 'openai', '118.90', 'sort 9,200 tickets', llm);
  await buy(triage, 'twilio', '42.15', 'call back 31 customers', { category: 'telephony' });
  await buy(triage, 'deepl', '96.00', 'translate into 6 languages', { category: 'translation' });
  return { acme, research, support, scout, coder, triage };
}

test('without wallets the page teaches how to make one; wrong amounts are told at their fields', async () => {
  const visitor = await Visitor.of(server);
  const page = await visitor.logIn('/wallets');
  await page.getByText('No wallets yet').waitFor();
  await page.getByText(/curl -X POST/).waitFor();
  await shots(page, 'wallets-empty');

  await page.getByRole('button', { name: 'New wallet' }).click();
  const dialog = page.getByRole('dialog', { name: 'New wallet' });
  await dialog.getByRole('textbox', { name: 'Name', exact: true }).fill('Night shift');
  const budget = dialog.getByRole('textbox', { name: 'Budget', exact: true });
  await budget.fill('12,50');
  await dialog.getByRole('button', { name: 'Create the wallet' }).click();
  await eventually(
    'the fault at the field',
    async () => (await budget.getAttribute('aria-invalid')) === 'true',
  );
  await shots(page, 'wallets-create-wrong');
  await budget.fill('12.50');
  await dialog.getByText('Daily').click();
  await dialog.getByLabel('Time zone').fill('Europe/Berlin');
  await dialog.getByRole('textbox', { name: 'Agent', exact: true }).fill('night-1');
  await dialog.getByRole('button', { name: 'Create the wallet' }).click();
  await page.getByRole('heading', { name: /Night shift/ }).waitFor();
  const { body } = await server.get('/v1/wallets');
  expect(body.wallets[0]).toMatchObject({ name: 'Night shift', window: 'daily', tz: 'Europe/Berlin' });
  await page.getByText('Nothing was bought from this wallet itself yet').waitFor();
  await shots(page, 'wallet-empty');
  await visitor.leave();
});

test('a tree of three levels folds, is filtered by the URL, and follows purchases', async () => {
  const { coder, triage } = await company();
  const visitor = await Visitor.of(server);
  const page = await visitor.logIn('/wallets');
  await row(page, 'Wallets', 'Code reviewer').waitFor();
  await page.getByRole('meter', { name: 'Budget of Acme Robotics' }).waitFor();
  await shots(page, 'wallets');

  await page.getByRole('button', { name: 'Fold Research' }).click();
  await row(page, 'Wallets', 'Code reviewer').waitFor({ state: 'detached' });
  await row(page, 'Wallets', 'Research').focus();
  await page.keyboard.press('ArrowRight');
  await row(page, 'Wallets', 'Code reviewer').waitFor();
  await page.getByRole('button', { name: 'Fold all' }).click();
  await row(page, 'Wallets', 'Research').waitFor({ state: 'detached' });

  await page.getByLabel('Search wallets').fill('triage');
  await row(page, 'Wallets', 'Ticket triage').waitFor();
  await row(page, 'Wallets', 'Acme Robotics').waitFor();
  await row(page, 'Wallets', 'Research').waitFor({ state: 'detached' });
  expect(new URL(page.url()).searchParams.get('q')).toBe('triage');

  const meter = page.getByRole('meter', { name: 'Budget of Ticket triage' });
  const before = await meter.getAttribute('aria-valuetext');
  await buy(triage, 'zendesk', '25.00', 'extra seat');
  await eventually('the bar moves', async () => (await meter.getAttribute('aria-valuetext')) !== before);

  await server.api('PATCH', `/v1/wallets/${coder}`, { status: 'frozen', reason: 'looped overnight' });
  await page.goto(`${server.origin}/wallets?status=frozen`);
  await row(page, 'Wallets', 'Code reviewer').waitFor();
  await row(page, 'Wallets', 'Ticket triage').waitFor({ state: 'detached' });
  await shots(page, 'wallets-frozen');
  await row(page, 'Wallets', 'Code reviewer').getByRole('link').click();
  await page.getByText('looped overnight').waitFor();
  await visitor.leave();
});

test('a budget is raised exactly, with what it leaves said before; a wrong amount is told at its field', async () => {
  const { scout } = await company();
  const visitor = await Visitor.of(server);
  const page = await visitor.logIn(`/wallets/${scout}`);
  await page.getByRole('button', { name: 'Raise budget' }).click();
  const dialog = page.getByRole('dialog', { name: 'Budget of Literature scout' });
  const budget = dialog.getByRole('textbox', { name: 'New budget' });
  await budget.fill('1,850');
  await dialog.getByRole('button', { name: 'Change the budget' }).click();
  await eventually(
    'both faults at their fields',
    async () => (await dialog.locator('[aria-invalid="true"]').count()) === 2,
  );
  await budget.fill('600.000000001');
  await dialog.getByText('$425.649875001', { exact: true }).waitFor();
  await dialog.getByRole('button', { name: '+50%' }).click();
  expect(await budget.inputValue()).toBe('900');
  // 600 less 84.20, 31.75, 12, 46.40 and 0.000125.
  await dialog.getByText('$725.649875', { exact: true }).waitFor();
  await dialog.getByLabel('Reason').fill('second survey, agreed with finance');
  await shots(page, 'wallet-budget');
  await dialog.getByRole('button', { name: 'Raise to $900.00' }).click();
  await dialog.waitFor({ state: 'detached' });
  const { body } = await server.get(`/v1/wallets/${scout}/balance`);
  expect(body).toMatchObject({ budget_usd: 900, available_usd: 725.649875 });
  await page.getByText('$725.65').waitFor();
  // The focus is back where the dialog was opened.
  await eventually('focus returns', () =>
    page.evaluate(() => document.activeElement?.textContent === 'Raise budget'),
  );
  await visitor.leave();
});

test('a frozen wallet refuses what is below it, and its page says so while somebody looks', async () => {
  const { research, scout } = await company();
  const visitor = await Visitor.of(server);
  const watching = await visitor.logIn(`/wallets/${scout}`);
  await row(watching, 'Purchases', /elsevier/).waitFor();
  const page = await visitor.tab();
  await page.goto(`${server.origin}/wallets/${research}`);
  await page.getByRole('button', { name: 'Freeze', exact: true }).click();
  const dialog = page.getByRole('dialog', { name: 'Freeze Research?' });
  await dialog.getByRole('button', { name: 'Freeze the wallet' }).click();
  await eventually('the fault at the field', async () => {
    const invalid = await dialog.getByLabel('Reason').getAttribute('aria-invalid');
    return invalid === 'true';
  });
  await dialog.getByLabel('Reason').fill('invoice of 21 November does not add up');
  await shots(page, 'wallet-freeze');
  await dialog.getByRole('button', { name: 'Freeze the wallet' }).click();
  await page.getByText('invoice of 21 November does not add up').waitFor();

  await watching.getByText('Research, above, is frozen', { exact: false }).waitFor();
  const refused = await server.api(
    'POST',
    `/v1/wallets/${scout}/purchases`,
    { vendor: 'openai', amount_usd: '1.00', description: 'one more' },
    { any: true },
  );
  expect(refused.status).toBe(423);
  expect(refused.body).toMatchObject({ frozen_wallet_id: research });
  await shots(watching, 'wallet-frozen-above');

  await page.getByRole('button', { name: 'Unfreeze' }).click();
  const again = page.getByRole('dialog', { name: 'Unfreeze Research?' });
  await again.getByLabel('Reason').fill('corrected by the vendor');
  await again.getByRole('button', { name: 'Unfreeze the wallet' }).click();
  await watching.getByText('is frozen', { exact: false }).waitFor({ state: 'detached' });
  await buy(scout, 'openai', '1.00', 'one more');
  await row(watching, 'Purchases', /openai.*one more/).waitFor();
  await visitor.leave();
});

test('vendors, the minute of a spike and a purchase made meanwhile are on the page', async () => {
  const { scout, research } = await company();
  const visitor = await Visitor.of(server);
  const page = await visitor.logIn(`/wallets/${scout}`);
  const vendors = page.getByRole('list', { name: 'Spent by vendor' });
  await vendors.getByText('anthropic').waitFor();
  expect(await vendors.getByRole('listitem').first().textContent()).toContain('$84.20');
  // 174.35 in a minute that may have 120: told, not refused.
  const spikes = page.getByRole('list', { name: 'Spikes' });
  await spikes.getByText('above the limit for a minute', { exact: false }).first().waitFor();
  await page.getByRole('img', { name: 'Spent in each minute' }).waitFor();
  await buy(scout, 'perplexity', '7.77', 'check three claims');
  await row(page, 'Purchases', /perplexity/).waitFor();
  await vendors.getByText('perplexity').waitFor();
  await shots(page, 'wallet');

  await page.getByRole('button', { name: 'CSV' }).click();
  const download = page.waitForEvent('download');
  await page.getByRole('menuitem', { name: 'By vendor' }).click();
  const csv = await (await (await download).createReadStream()).toArray();
  expect(Buffer.concat(csv).toString()).toContain('anthropic,84.2');

  await page.goto(`${server.origin}/wallets/${research}?span=24h`);
  await page.getByRole('list', { name: 'Spent by vendor' }).getByText('github').waitFor();
  await row(page, 'Sub-wallets', 'Literature scout').waitFor();
  await shots(page, 'wallet-team');
  await visitor.leave();
});

test('holds are captured in part and voided', async () => {
  const { triage } = await company();
  const hold = (vendor: string, amount: string, description: string) =>
    server.post(`/v1/wallets/${triage}/holds`, { vendor, amount_usd: amount, description, expires_in: '2h' });
  await hold('booking.com', '38.00', 'hotel for the technician');
  await hold('deutsche-bahn', '0.50', 'seat');
  const visitor = await Visitor.of(server);
  const page = await visitor.logIn(`/wallets/${triage}`);
  await row(page, 'Holds', /booking/).waitFor();
  await page
    .getByText(/1 h 59 min/)
    .first()
    .waitFor();
  await shots(page, 'wallet-holds');

  await page.getByRole('button', { name: 'Capture the hold for booking.com' }).click();
  const dialog = page.getByRole('dialog', { name: 'Capture the hold for booking.com?' });
  const amount = dialog.getByRole('textbox', { name: 'Amount' });
  await amount.fill('38.01');
  await dialog.getByRole('button', { name: 'Capture $38.01' }).click();
  await eventually(
    'the fault at the field',
    async () => (await amount.getAttribute('aria-invalid')) === 'true',
  );
  await amount.fill('31.40');
  await dialog.getByText('$6.60 of $38.00 is released.').waitFor();
  await shots(page, 'wallet-capture');
  await dialog.getByRole('button', { name: 'Capture $31.40' }).click();
  await row(page, 'Holds', /booking/).waitFor({ state: 'detached' });
  await row(page, 'Purchases', /succeeded.*booking.*\$31\.40/).waitFor();

  await page.getByRole('button', { name: 'Void the hold for deutsche-bahn' }).click();
  const confirm = page.getByRole('dialog', { name: 'Void the hold for deutsche-bahn?' });
  await confirm.getByRole('button', { name: 'Void the hold' }).click();
  await row(page, 'Purchases', /voided.*deutsche-bahn/).waitFor();
  await page.getByText('Nothing is set aside.', { exact: false }).waitFor();
  await page.getByLabel('Also those that ended').check({ force: true });
  await row(page, 'Holds', /captured.*booking/).waitFor();
  await visitor.leave();
});

test('one purchase shows all its fields, its events and its approval, and is refunded in part', async () => {
  const policy = await server.post('/v1/policies', {
    name: 'Ask above $50',
    rules: [
      { require_approval_above_usd: 50, approval: { timeout: '15m', quorum: 1, channels: ['console'] } },
    ],
  });
  const team = await wallet('Field operations', '800.00', { policy_id: policy.body.id });
  const { body: paid } = await buy(team, 'hertz', '49.90', 'van for two days', {
    category: 'travel',
    agent_id: 'dispatcher',
    run_id: 'run-1207',
    rail: 'card',
    memo: 'cost centre 4410',
    metadata: { order: 'W-2291', passengers: 2 },
  });
  const { body: asked } = await buy(team, 'lufthansa', '412.80', 'flight to the customer');
  const visitor = await Visitor.of(server);
  const page = await visitor.logIn(`/wallets/${team}`);
  await row(page, 'Purchases', /hertz/).click();
  const panel = page.getByRole('complementary', { name: 'The purchase that is open' });
  for (const text of ['van for two days', 'travel', 'dispatcher', 'run-1207', 'card', 'cost centre 4410'])
    await panel.getByText(text, { exact: true }).waitFor();
  const events = panel.getByRole('list', { name: 'Events of this purchase' });
  await events.getByRole('link', { name: 'purchase.succeeded' }).waitFor();
  await shots(page, 'wallet-purchase');

  await panel.getByRole('button', { name: 'Refund' }).click();
  const dialog = page.getByRole('dialog', { name: 'Refund the purchase from hertz?' });
  await dialog.getByRole('textbox', { name: 'Amount' }).fill('60');
  await dialog.getByLabel('Reason').fill('one day only');
  await dialog.getByRole('button', { name: 'Refund $60.00' }).click();
  await eventually('the fault at the field', async () => {
    const invalid = await dialog.getByRole('textbox', { name: 'Amount' }).getAttribute('aria-invalid');
    return invalid === 'true';
  });
  await dialog.getByRole('textbox', { name: 'Amount' }).fill('24.95');
  await shots(page, 'wallet-refund');
  await dialog.getByRole('button', { name: 'Refund $24.95' }).click();
  await panel.getByText('one day only').waitFor();
  await events.getByRole('link', { name: 'purchase.refunded' }).waitFor();
  const { body } = await server.get(`/v1/purchases/${paid.id}`);
  expect(body.refunded_usd).toBe(24.95);

  await page.keyboard.press('Escape');
  await panel.waitFor({ state: 'detached' });
  await row(page, 'Purchases', /pending.*lufthansa/).focus();
  await page.keyboard.press('Enter');
  const approval = panel.getByRole('link', { name: asked.approval.id });
  expect(await approval.getAttribute('href')).toBe(`/approvals/${asked.approval.id}`);
  await shots(page, 'wallet-purchase-pending');
  await visitor.leave();
});

test('purchases are filtered by the URL and paged', async () => {
  const desk = await wallet('Help desk', '500.00');
  for (let nth = 1; nth <= 30; nth++)
    await buy(desk, nth % 3 ? 'openai' : 'deepl', `0.${10 + nth}`, `ticket ${nth}`);
  const visitor = await Visitor.of(server);
  const page = await visitor.logIn(`/wallets/${desk}`);
  await row(page, 'Purchases', /ticket 30/).waitFor();
  await page.getByRole('button', { name: 'Older' }).click();
  await row(page, 'Purchases', /ticket 1(?!\d)/).waitFor();
  await page.getByRole('textbox', { name: 'Vendor', exact: true }).fill('deepl');
  await row(page, 'Purchases', /ticket 30/).waitFor();
  await row(page, 'Purchases', /ticket 29/).waitFor({ state: 'detached' });
  expect(new URL(page.url()).search).toBe('?vendor=deepl');
  await page.goto(`${server.origin}/wallets/${desk}?status=failed`);
  await page.getByText('No purchase like this').waitFor();
  await visitor.leave();
});

test('a key that may only spend sees everything and is offered nothing', async () => {
  const { triage } = await company();
  await server.post(`/v1/wallets/${triage}/holds`, { vendor: 'booking.com', amount_usd: '9.00' });
  const { body: key } = await server.post('/v1/keys', {
    name: 'triage agent',
    kind: 'workspace',
    permissions: ['wallets:spend'],
  });
  const visitor = await Visitor.of(server);
  const page = await visitor.logIn('/wallets', key.api_key);
  await row(page, 'Wallets', 'Ticket triage').first().waitFor();
  expect(await page.getByRole('button', { name: 'New wallet' }).count()).toBe(0);
  await page.goto(`${server.origin}/wallets/${triage}`);
  await row(page, 'Holds', /booking/).waitFor();
  await row(page, 'Purchases', /twilio/).click();
  await page
    .getByRole('complementary', { name: 'The purchase that is open' })
    .getByText('Asked for')
    .waitFor();
  const offered = /raise|freeze|sub-wallet|capture|void|refund|fail$/i;
  expect(await page.getByRole('button', { name: offered }).count()).toBe(0);
  await shots(page, 'wallet-spender');
  await visitor.leave();
});
