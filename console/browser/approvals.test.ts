/** Questions to people, decided on screen. */
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { closeBrowser, shots, Visitor } from './pages';
import { eventually, OWNER_KEY, Receiver, Server } from './server';

let server: Server;
let receiver: Receiver;
beforeAll(async () => {
  server = await Server.start();
  receiver = await Receiver.start();
  await server.post('/v1/webhooks', { url: receiver.url, events: ['approval.requested'] });
});
afterAll(async () => {
  await closeBrowser();
  await receiver[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

let visitor: Visitor;
beforeEach(async () => {
  visitor = await Visitor.of(server);
});
afterEach(async () => {
  await visitor.leave();
  // Each test begins with an empty queue.
  const { body } = await server.get('/v1/approvals?status=pending&limit=200');
  for (const { id } of body.approvals) await server.post(`/v1/approvals/${id}/cancel`, {});
});

let wallet: string | undefined;
/** A wallet of which people are asked above 500 dollars. */
async function governed(): Promise<string> {
  if (wallet) return wallet;
  const policy = await server.post('/v1/policies', {
    name: 'production spending',
    rules: [
      {
        require_approval_above_usd: 500,
        approval: { timeout: '45m', channels: ['webhook', 'console'] },
      },
      { daily_cap_usd: 50_000 },
    ],
  });
  const made = await server.post('/v1/wallets', {
    name: 'research agents',
    budget_usd: '40000',
    agent_id: 'scout',
    policy_id: policy.body.id,
  });
  wallet = made.body.id as string;
  return wallet;
}

interface Wish {
  vendor: string;
  amount: string;
  why: string;
  agent?: string;
}

async function buy({
  vendor,
  amount,
  why,
  agent = 'scout',
}: Wish): Promise<{ id: string; purchase: string }> {
  const { body } = await server.post(`/v1/wallets/${await governed()}/purchases`, {
    amount_usd: amount,
    vendor,
    description: why,
    category: 'cloud-infrastructure',
    rail: 'stripe-issuing',
    run_id: 'run_2026_11_23_nightly',
    agent_id: agent,
  });
  return { id: body.approval.id, purchase: body.purchase.id };
}

async function ask(body: Record<string, unknown>): Promise<string> {
  const asked = await server.post('/v1/approvals', { channels: ['console'], timeout: '30m', ...body });
  return asked.body.id;
}

async function approval(id: string) {
  return (await server.get(`/v1/approvals/${id}`)).body;
}

const row = (page: Page, name: string | RegExp) => page.getByRole('row', { name });

test('one approves and one denies, with reasons, while a second tab looks on', async () => {
  const gpu = await buy({
    vendor: 'AWS',
    amount: '1850.00',
    why: '8 × H100 for the retraining of the ranker, 12 h',
  });
  const data = await buy({
    vendor: 'Bright Data',
    amount: '720.00',
    why: 'Residential proxies for the price survey',
  });
  await ask({
    title: 'Delete the staging database?',
    action: 'database.delete',
    details: { database: 'staging' },
    agent_id: 'janitor',
  });
  const page = await visitor.logIn('/approvals');
  const other = await visitor.tab();
  await other.goto(`${server.origin}/approvals`);
  for (const tab of [page, other]) await row(tab, /Bright Data/).waitFor();
  await page.getByRole('status', { name: '3 waiting' }).waitFor();
  await shots(page, 'approvals-queue');

  await row(page, /AWS/).click();
  const panel = page.getByRole('complementary', { name: 'The approval that is open' });
  await panel.getByText('8 × H100').waitFor();
  await shots(page, 'approvals-queue-open');
  await panel.getByRole('button', { name: 'Approve' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByText('$1,850.00 to AWS').first().waitFor();
  await dialog.getByRole('button', { name: 'Approve' }).click();
  await dialog.getByText('Say why').waitFor();
  await dialog.getByLabel('Reason').fill('In the budget of the ranker');
  await shots(page, 'approvals-approve');
  await dialog.getByRole('button', { name: 'Approve' }).click();
  await dialog.waitFor({ state: 'hidden' });
  await row(other, /AWS/).waitFor({ state: 'detached' });
  expect(await approval(gpu.id)).toMatchObject({ status: 'approved', reason: 'In the budget of the ranker' });
  expect((await server.get(`/v1/purchases/${gpu.purchase}`)).body.status).toBe('succeeded');

  await page
    .getByRole('button', { name: 'Deny $720.00 to Bright Data' })
    .or(panel.getByRole('button', { name: 'Deny' }))
    .first()
    .waitFor();
  await row(page, /Bright Data/).click();
  await panel.getByRole('button', { name: 'Deny' }).click();
  await dialog.getByLabel('Reason').fill('Not without a data protection review');
  await shots(page, 'approvals-deny');
  await dialog.getByRole('button', { name: 'Deny' }).click();
  await row(other, /Bright Data/).waitFor({ state: 'detached' });
  await other.getByRole('status', { name: '1 waiting' }).waitFor();
  expect(await approval(data.id)).toMatchObject({
    status: 'denied',
    reason: 'Not without a data protection review',
  });
  expect((await server.get(`/v1/purchases/${data.purchase}`)).body.status).toBe('denied');
});

test('a question expires on screen, and what was open says so', async () => {
  await ask({ title: 'Rotate the signing key of production?', action: 'key.rotate', timeout: '30m' });
  const short = await ask({ title: 'Restart the crawler now?', action: 'service.restart', timeout: '4s' });
  const page = await visitor.logIn(`/approvals?open=${short}`);
  const panel = page.getByRole('complementary', { name: 'The approval that is open' });
  await panel.getByText(/^Nobody answered|nobody answered in time/i).waitFor();
  await panel.getByText('expired').waitFor();
  await row(page, /Restart the crawler/).waitFor({ state: 'detached' });
  await row(page, /Rotate the signing key/).waitFor();
  expect(await panel.getByRole('button', { name: 'Approve' }).count()).toBe(0);
  await shots(page, 'approvals-expired');
});

test('a dialog that is open when the time is up takes no decision', async () => {
  const page = await visitor.logIn('/approvals');
  await page.getByText('Nothing waits for a decision').waitFor();
  // Long enough to open the dialog on a busy machine, short enough to wait for.
  await ask({ title: 'Fail over to Frankfurt?', action: 'dns.failover', timeout: '10s' });
  await page.getByRole('button', { name: 'Approve Fail over to Frankfurt?' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByText('The time is up: silence is a no.').waitFor();
  expect(await dialog.getByRole('button', { name: 'Approve' }).count()).toBe(0);
  await dialog.getByRole('button', { name: 'Close', exact: true }).last().click();
  // The page knows the time before the server has ended the question.
  await page.getByText('Nothing waits for a decision').waitFor();
});

test('keys alone log in and decide three questions', async () => {
  const first = await ask({ title: 'Send the invoice reminders?', action: 'mail.send', timeout: '10m' });
  const second = await buy({ vendor: 'Hetzner', amount: '640.00', why: 'Two AX102 for the build farm' });
  const third = await ask({ title: 'Publish the price list?', action: 'page.publish', timeout: '50m' });
  const page = await visitor.tab();
  await page.goto(`${server.origin}/login`);
  await page.getByLabel('API key').waitFor();
  const press = async (...keys: string[]) => {
    for (const key of keys) await page.keyboard.press(key);
  };
  const focused = () => page.evaluate(() => document.activeElement?.getAttribute('aria-label') ?? '');
  const dialog = page.getByRole('dialog');

  // The field has the focus already.
  await page.keyboard.type(OWNER_KEY);
  await press('Enter');
  await page.getByRole('navigation', { name: 'Pages' }).waitFor();
  await press('g', 'a');
  await row(page, /Publish the price list/).waitFor();
  await press('?');
  await dialog.getByText('Approvals: approve the question').waitFor();
  await shots(page, 'approvals-help');
  await press('Escape');
  await dialog.waitFor({ state: 'hidden' });

  await press('j');
  await eventually('the first has the focus', async () => (await focused()).startsWith('Send the invoice'));
  await shots(page, 'approvals-focus');
  await press('a');
  await dialog.getByLabel('Reason').waitFor();
  await page.keyboard.type('They are due');
  await press('Enter');
  await dialog.waitFor({ state: 'hidden' });
  await eventually('the next has the focus', async () => (await focused()).startsWith('$640.00 to Hetzner'));
  expect(await approval(first)).toMatchObject({ status: 'approved', reason: 'They are due' });

  // There and back: the arrows walk as well.
  await row(page, /invoice reminders/).waitFor({ state: 'detached' });
  await press('ArrowDown');
  await eventually('the third has the focus', async () => (await focused()).startsWith('Publish'));
  await press('k', 'Enter');
  await page
    .getByRole('complementary', { name: 'The approval that is open' })
    .getByText('build farm')
    .waitFor();
  await press('d');
  await dialog.getByLabel('Reason').waitFor();
  await page.keyboard.type('The lease of the old ones runs until March');
  await press('Tab', 'Tab', 'Enter');
  await dialog.waitFor({ state: 'hidden' });
  await eventually('the last has the focus', async () => (await focused()).startsWith('Publish'));
  expect(await approval(second.id)).toMatchObject({ status: 'denied' });

  await press('a');
  await dialog.getByLabel('Reason').waitFor();
  await page.keyboard.type('Checked');
  await press('Enter');
  await page.getByText('Nothing waits for a decision').waitFor();
  expect(await approval(third)).toMatchObject({ status: 'approved', reason: 'Checked' });
  await shots(page, 'approvals-empty');
});

test('less is allowed than was asked for, in dollars and in details', async () => {
  const { id, purchase } = await buy({
    vendor: 'Anthropic',
    amount: '2000.00',
    why: 'Credits for the evaluation week',
  });
  const rows = await ask({
    title: 'Export customer rows?',
    action: 'table.export',
    details: { tables: ['customers', 'invoices'], rows: 10_000, budget_usd: 25.5 },
    agent_id: 'scout',
  });
  const page = await visitor.logIn(`/approvals?open=${id}`);
  const panel = page.getByRole('complementary', { name: 'The approval that is open' });
  await panel.getByRole('button', { name: 'Approve' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Reason').fill('Half now, the rest after the first results');
  await dialog.getByLabel('Allow at most').fill('2000.01');
  await dialog.getByRole('button', { name: 'Approve' }).click();
  await dialog.getByText('At most what was asked for, $2,000.00.').waitFor();
  await dialog.getByLabel('Allow at most').fill('1000');
  await shots(page, 'approvals-less');
  await dialog.getByRole('button', { name: 'Approve' }).click();
  await dialog.waitFor({ state: 'hidden' });
  expect(await approval(id)).toMatchObject({ status: 'approved', approved_usd: 1000 });
  expect((await server.get(`/v1/purchases/${purchase}`)).body).toMatchObject({
    status: 'succeeded',
    captured_usd: 1000,
  });

  await row(page, /Export customer rows/).click();
  await panel.getByText('Export customer rows?').waitFor();
  await panel.getByRole('button', { name: 'Approve' }).click();
  await dialog.getByLabel('Reason').fill('A sample is enough');
  await dialog.getByRole('button', { name: 'Allow less than this' }).click();
  const details = dialog.getByLabel('Allow these details');
  await details.fill(JSON.stringify({ tables: ['customers'], rows: 20_000, budget_usd: 25.5 }));
  await dialog.getByRole('button', { name: 'Approve' }).click();
  await dialog.getByText('must be what was asked for or less').waitFor();
  await details.fill(JSON.stringify({ tables: ['customers'], rows: 500, budget_usd: 25.5 }));
  await shots(page, 'approvals-less-details');
  await dialog.getByRole('button', { name: 'Approve' }).click();
  await dialog.waitFor({ state: 'hidden' });
  expect(await approval(rows)).toMatchObject({
    status: 'approved',
    approved_details: { tables: ['customers'], rows: 500 },
  });
});

test('two people agree where two must', async () => {
  const people = await Promise.all(
    ['ana', 'ben'].map(async (person) => {
      const { body } = await server.post('/v1/keys', {
        name: `${person}'s key`,
        kind: 'workspace',
        permissions: ['approvals:decide'],
        person,
      });
      return body.api_key as string;
    }),
  );
  const id = await ask({
    title: 'Wire $48,000.00 to the landlord?',
    action: 'bank.transfer',
    details: { iban: 'DE02 1203 0000 0000 2020 51', reference: 'Rent Q1 2027' },
    quorum: 2,
    approvers: ['ana', 'ben'],
    agent_id: 'bookkeeper',
  });
  const ana = await visitor.logIn('/approvals', people[0]);
  await row(ana, /Wire/).getByText('0 of 2').waitFor();
  await ana.getByRole('button', { name: /^Approve Wire/ }).click();
  await ana.getByLabel('Reason').fill('The contract says so');
  await ana.getByRole('dialog').getByRole('button', { name: 'Approve' }).click();
  await row(ana, /Wire/).getByText('1 of 2').waitFor();
  expect((await approval(id)).status).toBe('pending');

  const second = await Visitor.of(server);
  const ben = await second.logIn(`/approvals?open=${id}`, people[1]);
  await ben.getByText('ana agreed').waitFor();
  await shots(ben, 'approvals-quorum');
  await ben
    .getByRole('complementary', { name: 'The approval that is open' })
    .getByRole('button', { name: 'Approve' })
    .click();
  await ben.getByRole('dialog').getByText('1 of 2, ana').waitFor();
  await ben.getByLabel('Reason').fill('Checked the IBAN');
  await ben.getByRole('dialog').getByRole('button', { name: 'Approve' }).click();
  await ana.getByText('Nothing waits for a decision').waitFor();
  expect(await approval(id)).toMatchObject({ status: 'approved', decided_by: ['person:ana', 'person:ben'] });
  await second.leave();
});

test('the whole story: who was asked, what was decided, the receipt', async () => {
  const { id, purchase } = await buy({
    vendor: 'Lambda Labs',
    amount: '3200.00',
    why: 'Reserved GPUs, one week',
  });
  await eventually('the question was delivered', () => receiver.seen.some(({ body }) => body.includes(id)));
  const page = await visitor.logIn(`/approvals/${id}`);
  await page.getByText('was told the question (attempt 1: answered 200)').waitFor();
  await page.keyboard.press('a');
  await page.getByLabel('Reason').fill('Cheaper than on demand');
  await page.getByRole('dialog').getByRole('button', { name: 'Approve' }).click();
  const story = page.getByRole('table', { name: 'What happened' });
  await story.getByText('Approved, $3,200.00').waitFor();
  await page.getByRole('region', { name: 'Purchase' }).getByText('succeeded').waitFor();
  await page.getByRole('link', { name: 'approval.decided' }).waitFor();
  await page
    .getByRole('region', { name: 'Bound to' })
    .getByText((await approval(id)).action_digest)
    .waitFor();
  const download = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Download' }).click();
  expect((await download).suggestedFilename()).toBe(`${id}.receipt.txt`);
  await shots(page, 'approval');
  expect(await page.getByText(purchase).count()).toBeGreaterThan(0);

  await page.getByRole('link', { name: 'Approvals' }).first().click();
  await page.getByRole('tab', { name: 'History' }).click();
  await row(page, /Lambda Labs/).waitFor();
  await page.getByRole('combobox', { name: 'Any status' }).click();
  await page.getByRole('option', { name: 'approved' }).click();
  await row(page, /^denied/)
    .first()
    .waitFor({ state: 'detached' });
  await page.getByLabel('Agent').fill('scout');
  await page.waitForURL(/view=history.*agent=scout/);
  await row(page, /^approved: \$3,200.00 to Lambda Labs/).click();
  await page.getByRole('complementary').getByText('Cheaper than on demand').first().waitFor();
  await shots(page, 'approvals-history');
});

test('a question is taken back', async () => {
  const { id, purchase } = await buy({
    vendor: 'Cloudflare',
    amount: '900.00',
    why: 'Workers, a year ahead',
  });
  const page = await visitor.logIn(`/approvals/${id}`);
  await page.getByRole('button', { name: 'Take back' }).click();
  await shots(page, 'approval-take-back');
  await page.getByRole('button', { name: 'Take it back' }).click();
  await page.getByRole('dialog').waitFor({ state: 'hidden' });
  await page.getByText('cancelled', { exact: true }).first().waitFor();
  expect((await server.get(`/v1/purchases/${purchase}`)).body.status).toBe('cancelled');
});

test('whoever may not decide sees no buttons', async () => {
  const { body } = await server.post('/v1/keys', {
    name: 'the dashboard on the wall',
    kind: 'workspace',
    permissions: ['approvals:request', 'events:read'],
  });
  const id = await ask({ title: 'Archive the old bucket?', action: 'bucket.archive' });
  const page = await visitor.logIn(`/approvals?open=${id}`, body.api_key);
  await row(page, /Archive the old bucket/).waitFor();
  await page.getByRole('complementary').getByText('bucket.archive').waitFor();
  expect(await page.getByRole('button', { name: /Approve|Deny/ }).count()).toBe(0);
  await row(page, /Archive the old bucket/).focus();
  await page.keyboard.press('a');
  await page.goto(`${server.origin}/approvals/${id}`);
  await page.getByText('bucket.archive').first().waitFor();
  expect(await page.getByRole('button', { name: /Approve|Deny/ }).count()).toBe(0);
  expect(await page.getByRole('dialog').count()).toBe(0);
  await shots(page, 'approval-read-only');
});
