import { afterAll, beforeAll, expect, test } from 'vitest';
import { closeBrowser, SHOTS, Visitor } from './pages';
import { OWNER_KEY, Server } from './server';

let server: Server;
beforeAll(async () => {
  server = await Server.start();
});
afterAll(async () => {
  await closeBrowser();
  await server[Symbol.asyncDispose]();
});

/** The reference, once it has read the description. */
async function opened(visitor: Visitor, fragment = '') {
  const page = await visitor.tab();
  await page.goto(`${server.origin}/docs${fragment}`);
  await page.getByRole('heading', { name: 'Bellwire', exact: true }).waitFor();
  return page;
}

test('the reference lists the operations, and finds one', async () => {
  const visitor = await Visitor.of(server);
  const page = await opened(visitor);
  const { body } = await server.get('/openapi.json');
  const contents = page.getByRole('complementary', { name: /^Sidebar/ });
  for (const { name } of body.tags) await contents.getByRole('link', { name, exact: true }).waitFor();
  await contents.getByRole('link', { name: /^Make a key/ }).waitFor();
  await contents.getByRole('button', { name: /Search/ }).click();
  const search = page.getByRole('dialog', { name: 'Search' });
  await search.getByRole('combobox').fill('rotate-secret');
  await search.getByRole('option', { name: /Give an endpoint a new secret/ }).click();
  await page.getByRole('heading', { name: 'Give an endpoint a new secret' }).waitFor();
  expect(page.url()).toMatch(/rotate-secret/);
  await visitor.leave();
});

test('a request is tried with a key that is sent to this server and kept nowhere', async () => {
  const visitor = await Visitor.of(server);
  const page = await opened(visitor, '#tag/workspace/GET/v1/me');
  const asked: { url: string; key?: string }[] = [];
  page.on('request', (request) => {
    asked.push({ url: request.url(), key: request.headers().authorization });
  });
  await page.getByRole('button', { name: /Test Request\s*\(get \/v1\/me\)/i }).click();
  const client = page.getByRole('dialog');
  await client.getByPlaceholder('Token').first().fill(OWNER_KEY);
  const answered = page.waitForResponse((response) => new URL(response.url()).pathname === '/v1/me');
  await client.getByRole('button', { name: /^Send/i }).first().click();
  const answer = await answered;
  expect([answer.status(), (await answer.json()).kind]).toEqual([200, 'owner']);
  await client.getByText('200', { exact: false }).first().waitFor();
  const sent = asked.filter(({ key }) => key);
  expect(sent).toEqual([{ url: `${server.origin}/v1/me`, key: `Bearer ${OWNER_KEY}` }]);
  await page.screenshot({ path: `${SHOTS}docs-tried.png` });
  const kept = await page.evaluate(() =>
    JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie]),
  );
  expect(kept).not.toContain(OWNER_KEY);
  await page.reload();
  await page.getByRole('heading', { name: 'Bellwire', exact: true }).waitFor();
  expect(await page.content()).not.toContain(OWNER_KEY);
  await visitor.leave();
});

for (const width of [1440, 390]) {
  for (const scheme of ['light', 'dark'] as const) {
    test(`the reference is shown ${width} px wide and ${scheme}`, async () => {
      const visitor = await Visitor.of(server, { width, height: width === 390 ? 844 : 900, scheme });
      const page = await opened(visitor, '#tag/event/POST/v1/events');
      await page.locator(`body.${scheme}-mode`).waitFor();
      await page.getByRole('heading', { name: 'Post an event', exact: true }).waitFor();
      await page.screenshot({ path: `${SHOTS}docs-${scheme}-${width}.png` });
      const wide = await page.evaluate(() => document.documentElement.scrollWidth);
      expect(wide).toBeLessThanOrEqual(width);
      await visitor.leave();
    });
  }
}

test('settings lead to the reference, which runs nothing that is not its own', async () => {
  const visitor = await Visitor.of(server);
  const page = await visitor.logIn('/settings');
  await page.getByRole('link', { name: 'reference, at /docs' }).click();
  await page.getByRole('heading', { name: 'Bellwire', exact: true }).waitFor();
  await visitor.leave();
  if (process.env.PAGES) return;
  const answer = await fetch(`${server.address}/docs`);
  const policy = answer.headers.get('content-security-policy') ?? '';
  expect(policy).toMatch(/script-src 'self' 'nonce-[^']+';/);
  expect(policy).toContain("connect-src 'self'");
  expect(policy).not.toContain('unsafe-eval');
  // The page alone, with its nonce: the file that the build left is not served beside it.
  expect((await fetch(`${server.address}/docs.html`)).status).toBe(404);
  // Nowhere else may styles stand in the page.
  const console = await fetch(`${server.address}/`, { headers: { Accept: 'text/html' } });
  expect(console.headers.get('content-security-policy')).not.toContain('unsafe');
});
