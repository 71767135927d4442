/** The console as a whole, whatever pages it has. */
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { closeBrowser, shots, Visitor } from './pages';
import { eventually, Server } from './server';

/** Pages that Vite serves have no policy, and are not compressed. */
const builtPages = process.env.PAGES === undefined;
/** A proxy such as Vite's does not tell that the server was killed: then only its silence does, after 40 s. */
const LIVE_MS_MAX = 60_000;
const FIRST_VIEW_BYTES_MAX = 200 * 1024;

/** All that a key of one namespace may do on the pages there are. */
const SCOPED = [
  'events:read',
  'webhooks:manage',
  'wallets:manage',
  'wallets:spend',
  'approvals:decide',
  'policies:manage',
  'keys:manage',
  'audit:read',
];
/** Pages on which its namespace has something to show. */
const FULL = ['Overview', 'Events', 'Endpoints', 'Wallets', 'Approvals', 'Keys', 'Audit'];

let server: Server;
beforeAll(async () => {
  server = await Server.start();
  await server.post('/v1/event-types', { name: 'invoice.paid', description: 'A customer paid an invoice.' });
  for (const [namespace, invoice, total] of [
    ['northwind', 'NW-2041', '1840.00'],
    ['contoso', 'CT-0117', '92.50'],
    ['northwind', 'NW-2042', '310.25'],
  ]) {
    await paid(namespace ?? '', invoice ?? '', total);
  }
});
afterEach(async () => {
  // A test that ended in the middle of a restart leaves the next one a server.
  await server.end();
  await server.launch();
});
afterAll(async () => {
  await closeBrowser();
  await server[Symbol.asyncDispose]();
});

function paid(namespace: string, invoice: string, total = '120.00') {
  return server.post('/v1/events', { type: 'invoice.paid', namespace, data: { invoice, total_usd: total } });
}

const live = (page: Page, state: string) =>
  page
    .getByRole('status')
    .filter({ hasText: new RegExp(`^${state}$`) })
    .waitFor({ timeout: LIVE_MS_MAX });
const row = (page: Page, text: string) => page.getByRole('table', { name: 'Events' }).getByText(text).first();

test.each(['SIGTERM', 'SIGKILL'] as const)(
  'pages that are open live through a restart by %s',
  { timeout: 180_000 },
  async (signal) => {
    const visitor = await Visitor.of(server);
    const page = await visitor.logIn('/events');
    const other = await visitor.tab();
    await other.goto(`${server.origin}/events?namespace=northwind`);
    for (const each of [page, other]) {
      await live(each, 'live');
      await row(each, 'NW-2042').waitFor();
    }
    await server.end(signal);
    await live(page, 'reconnecting');
    await live(other, 'reconnecting');
    // What was there is still to be read.
    await row(page, 'NW-2042').waitFor();
    await server.launch();
    await live(page, 'live');
    await live(other, 'live');
    // Told of by the stream, without a reload, and to both.
    await paid('northwind', `after ${signal}`);
    await row(page, `after ${signal}`).waitFor();
    await row(other, `after ${signal}`).waitFor();
    await visitor.leave();
  },
);

test('a page that is opened while the server is away says so, and works when it is back', {
  timeout: 180_000,
}, async () => {
  const visitor = await Visitor.of(server);
  const page = await visitor.logIn('/events');
  await row(page, 'NW-2042').waitFor();
  await server.end('SIGKILL');
  await live(page, 'reconnecting');
  await page.getByRole('textbox', { name: 'Search text' }).fill('CT-0117');
  await page
    .getByRole('alert')
    .filter({ hasText: /No answer|could not be reached|answered 5/ })
    .waitFor({ timeout: 40_000 });
  await server.launch();
  await live(page, 'live');
  await row(page, 'CT-0117').waitFor();
  await page.getByRole('alert').waitFor({ state: 'detached' });
  await visitor.leave();
});

test('a key of one namespace sees that namespace only', async () => {
  const { body } = await server.post('/v1/keys', {
    name: 'northwind support',
    kind: 'scoped',
    namespace: 'northwind',
    permissions: ['events:read'],
  });
  const visitor = await Visitor.of(server);
  const page = await visitor.logIn('/events', body.api_key ?? body.key ?? body.secret);
  await row(page, 'NW-2041').waitFor();
  await live(page, 'live');
  expect(await page.getByText('CT-0117').count()).toBe(0);
  // It has no choice of namespaces, and asking for another by hand gives nothing of it.
  expect(await page.getByRole('textbox', { name: 'Namespace' }).count()).toBe(0);
  await page.getByText('namespace northwind').first().waitFor();
  await paid('contoso', 'CT-0118');
  await paid('northwind', 'NW-2043');
  await row(page, 'NW-2043').waitFor();
  expect(await page.getByText('CT-0118').count()).toBe(0);
  const asked = page.waitForResponse((answer) => answer.url().includes('namespace=contoso'));
  await page.goto(`${server.origin}/events?namespace=contoso`);
  const answer = await asked;
  expect(answer.status() === 403 || !(await answer.text()).includes('CT-0117')).toBe(true);
  expect(await page.getByText('CT-0117').count()).toBe(0);
  await visitor.leave();
});

test('a key of one namespace sees its own on every page', { timeout: 180_000 }, async () => {
  const { body: policy } = await server.post('/v1/policies', {
    name: 'people above a hundred',
    rules: [{ require_approval_above_usd: 100 }],
  });
  for (const namespace of ['northwind', 'contoso']) {
    await server.post('/v1/webhooks', {
      url: `http://127.0.0.1:65533/${namespace}`,
      events: ['*'],
      description: `${namespace} books`,
      namespace,
      retry: { schedule: ['1s'] },
    });
    await paid(namespace, `${namespace}-1`);
    const { body: wallet } = await server.post('/v1/wallets', {
      name: `${namespace} agents`,
      namespace,
      budget_usd: 900,
      policy_id: policy.id,
    });
    const path = `/v1/wallets/${wallet.id}/purchases`;
    await server.post(path, { amount_usd: '1.25', vendor: `${namespace} hosting`, description: 'a server' });
    await server.post(path, { amount_usd: '400', vendor: `${namespace} gpus`, description: 'a week' });
  }
  const { body } = await server.post('/v1/keys', {
    name: 'northwind operations',
    kind: 'scoped',
    namespace: 'northwind',
    permissions: SCOPED,
  });
  const visitor = await Visitor.of(server);
  const page = await visitor.logIn('/', body.api_key);
  const menu = page.getByRole('navigation', { name: 'Pages' });
  await menu.getByRole('link').first().waitFor();
  const seen: string[] = [];
  for (const label of await menu.getByRole('link').allInnerTexts()) {
    const name = label.split('\n')[0] ?? '';
    await menu.getByRole('link', { name }).click();
    const main = page.getByRole('main');
    if (FULL.includes(name))
      await main
        .getByText(/northwind/i)
        .first()
        .waitFor();
    await live(page, 'live');
    await eventually(
      `${name} is there`,
      async () => (await page.locator('.mantine-Skeleton-root').count()) === 0,
    );
    expect(await page.locator('body').innerText(), name).not.toMatch(/contoso/i);
    seen.push(name);
  }
  expect(seen).toEqual(expect.arrayContaining(FULL));
  await visitor.leave();
});

test('logging out in one tab ends the other', async () => {
  const visitor = await Visitor.of(server);
  const page = await visitor.logIn('/events');
  const other = await visitor.tab();
  await other.goto(`${server.origin}/events`);
  await live(other, 'live');
  await page.getByRole('button', { name: /Logged in with the key/ }).click();
  await page.getByRole('menuitem', { name: 'Log out' }).click();
  await page.getByRole('heading', { name: 'Log in' }).waitFor();
  await other.getByRole('heading', { name: 'Log in' }).waitFor();
  expect(await other.getByText('NW-2042').count()).toBe(0);
  // Asking for the page again does not bring it back.
  await page.goto(`${server.origin}/events`);
  await page.getByRole('heading', { name: 'Log in' }).waitFor();
  await visitor.leave();
});

test('no page breaks the policy, leaves the origin or logs an error', async () => {
  const visitor = await Visitor.of(server);
  const page = await visitor.logIn('/');
  const menu = page.getByRole('navigation', { name: 'Pages' }).getByRole('link');
  await menu.first().waitFor();
  const labels = await menu.allTextContents();
  expect(labels).toContain('Events');
  for (const [index, label] of labels.entries()) {
    await menu.nth(index).click();
    await page.getByRole('main').getByRole('heading', { level: 1 }).first().waitFor();
    expect(await page.title(), label).toContain('Bellwire');
    expect(await page.getByText('This page broke').count(), label).toBe(0);
  }
  await page.getByRole('button', { name: 'Colour scheme' }).click();
  await page.getByRole('menuitem', { name: 'Dark' }).click();
  await page.reload();
  await page.locator('html[data-mantine-color-scheme="dark"]').waitFor();
  await page.goto(`${server.origin}/no/such/page`);
  await page.getByRole('heading', { name: 'No such page' }).waitFor();
  await page.goto(`${server.origin}/try`);
  await page.getByRole('button', { name: 'Open a sandbox' }).click();
  await page.getByRole('button', { name: 'Runaway loop' }).click();
  await page.getByText('50 asked').waitFor({ timeout: 60_000 });
  await visitor.leave();
});

test.skipIf(!builtPages)(
  'pages come with a policy that allows their own scripts and nothing else',
  async () => {
    for (const path of ['/', '/events', '/try', '/login']) {
      const { headers } = await fetch(server.address + path, { headers: { Accept: 'text/html' } });
      const policy = headers.get('content-security-policy') ?? '';
      expect(policy, path).toMatch(/default-src 'none'/);
      expect(policy, path).not.toMatch(/unsafe-(inline|eval)/);
      expect(policy, path).toMatch(/connect-src 'self'/);
    }
    const visitor = await Visitor.of(server);
    const page = await visitor.tab();
    await page.goto(`${server.origin}/login`);
    await page.getByRole('heading', { name: 'Log in' }).waitFor();
    // The policy is in force, not only sent: what is injected does not run.
    const ran = await page.evaluate(() => {
      const script = document.createElement('script');
      script.textContent = 'window.injected = true';
      document.body.append(script);
      return 'injected' in window;
    });
    expect(ran).toBe(false);
    await eventually('it is told', () =>
      visitor.faults.some((fault) => fault.includes('script-src-elem inline')),
    );
    await page.close();
    const told = visitor.faults.splice(0);
    expect(told.filter((fault) => !/Content Security Policy|script-src/.test(fault))).toEqual([]);
    await visitor.leave();
  },
);

test.skipIf(!builtPages)('the first view is small', async () => {
  // Something is owed, so that the overview shows all that it has.
  await server.post('/v1/webhooks', { url: 'http://127.0.0.1:9999/hook', events: ['invoice.paid'] });
  await paid('northwind', 'NW-2043');
  for (const [name, path, there] of [
    ['the login', `${server.origin}/login`, (page: Page) => page.getByRole('heading', { name: 'Log in' })],
    [
      'the overview',
      await server.freshLink(),
      (page: Page) => page.getByRole('img', { name: /^Attempts of each minute/ }),
    ],
    ['the playground', `${server.origin}/try`, (page: Page) => page.getByRole('heading', { level: 1 })],
  ] as const) {
    const visitor = await Visitor.of(server);
    const page = await visitor.tab();
    const network = await page.context().newCDPSession(page);
    await network.send('Network.enable');
    let bytes = 0;
    const pending = new Set<string>();
    const encodings = new Set<string>();
    network.on('Network.requestWillBeSent', ({ requestId, request }) => {
      // What changes is told as long as the page is open.
      if (!request.url.includes('/stream')) pending.add(requestId);
    });
    network.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
      if (pending.delete(requestId)) bytes += encodedDataLength;
    });
    network.on('Network.loadingFailed', ({ requestId }) => pending.delete(requestId));
    network.on('Network.responseReceived', ({ type, response }) => {
      if (type !== 'Script' && type !== 'Stylesheet') return;
      const headers = Object.entries(response.headers).map(([header, value]) => [
        header.toLowerCase(),
        value,
      ]);
      encodings.add(String(Object.fromEntries(headers)['content-encoding'] ?? 'plain'));
    });
    await page.goto(path);
    await there(page).first().waitFor();
    await eventually('all of it is there', () => pending.size === 0);
    console.log(`first view: ${name}: ${(bytes / 1024).toFixed(1)} KiB, ${[...encodings].join(' and ')}`);
    expect([...encodings].every((encoding) => encoding === 'br' || encoding === 'plain')).toBe(true);
    expect(encodings).toContain('br');
    expect(bytes, name).toBeLessThan(FIRST_VIEW_BYTES_MAX);
    await visitor.leave();
  }
});

test('everything is reached by keys', async () => {
  const visitor = await Visitor.of(server);
  const page = await visitor.logIn('/');
  await page.getByRole('navigation', { name: 'Pages' }).getByRole('link').first().waitFor();
  const focused = () => page.evaluate(() => document.activeElement?.id ?? '');

  await page.keyboard.press('Tab');
  await page.getByRole('link', { name: 'Skip to the page' }).waitFor();
  expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('Skip to the page');
  await page.keyboard.press('Enter');
  expect(await focused()).toBe('main');

  await page.keyboard.press('g');
  await page.keyboard.press('e');
  await page.waitForURL(/\/events$/);
  await row(page, 'NW-2042').waitFor();
  await page.keyboard.press('/');
  await eventually('the filter has the focus', () =>
    page.getByRole('textbox', { name: 'Search text' }).evaluate((field) => field === document.activeElement),
  );
  await page.keyboard.type('NW-');
  await page.waitForURL(/q=NW-/);
  await page.keyboard.press('Escape');
  await eventually(
    'only what has the text is left',
    async () => (await page.getByText('CT-0117').count()) === 0,
  );
  await page.keyboard.press('j');
  await page.keyboard.press('j');
  await page.keyboard.press('k');
  await page.keyboard.press('Enter');
  const panel = page.getByRole('complementary', { name: 'The event that is open' });
  await panel.getByText('invoice.paid').first().waitFor();
  await page.keyboard.press('Escape');
  await panel.waitFor({ state: 'detached' });

  const help = page.getByRole('button', { name: 'Keyboard shortcuts' });
  await help.focus();
  await page.keyboard.press('?');
  const dialog = page.getByRole('dialog', { name: 'Keyboard shortcuts' });
  await dialog.getByText('Next and previous row').waitFor();
  await shots(page, 'console-shortcuts');
  // Keys belong to the dialog while it is open.
  await page.keyboard.press('g');
  await page.keyboard.press('e');
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'detached' });
  await eventually('the focus is back', () => help.evaluate((button) => button === document.activeElement));
  await visitor.leave();
});

test('the menu of a narrow window opens, goes and closes by keys', async () => {
  const visitor = await Visitor.of(server, { width: 360, height: 740 });
  const page = await visitor.logIn('/');
  const burger = page.getByRole('button', { name: 'Menu', exact: true });
  await burger.focus();
  await page.keyboard.press('Enter');
  const events = page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: 'Events' });
  await events.focus();
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/events$/);
  await row(page, 'invoice.paid').waitFor();
  await burger.waitFor();
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360);
  await visitor.leave();
});
