import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { closeBrowser, shots as pictures, Visitor } from './pages';
import { eventually, Receiver, Server } from './server';

let server: Server;
/** How long taking pictures took: no visitor waits for that. */
let picturesMs = 0;

async function shots(page: Page, name: string): Promise<void> {
  const begun = performance.now();
  await pictures(page, name);
  picturesMs += performance.now() - begun;
}

beforeAll(async () => {
  server = await Server.start();
});
afterAll(async () => {
  await closeBrowser();
  await server[Symbol.asyncDispose]();
});

/** A tab with a sandbox open. */
async function opened(visitor: Visitor): Promise<Page> {
  const page = await visitor.tab();
  await page.goto(`${server.origin}/try`);
  await page.getByRole('button', { name: 'Open a sandbox' }).click();
  await wallet(page).getByText('$5.00').first().waitFor();
  return page;
}

const wallet = (page: Page) => page.getByRole('group', { name: 'The wallet' });
const told = (page: Page) => page.getByRole('region', { name: 'What the agent was told' });
const events = (page: Page) => page.getByRole('list', { name: 'Events, newest first' });
const verdict = (page: Page) => page.getByRole('region', { name: 'Step by step' });
const task = (page: Page, name: string) =>
  page.getByRole('list', { name: 'Five things to try' }).getByRole('listitem').filter({ hasText: name });
const ticked = (page: Page, name: string) => task(page, name).getByLabel('done').waitFor();

/** What the sandbox of a tab may be asked with. */
async function sandboxOf(page: Page): Promise<{ api_key: string; wallet_id: string; endpoint_id: string }> {
  return JSON.parse(await page.evaluate(() => sessionStorage.getItem('bellwire-sandbox') ?? 'null'));
}

test('the whole story: buy, verify, run out, raise, break, put right, replay', {
  timeout: 240_000,
}, async () => {
  const begun = performance.now() - picturesMs;
  const passed = () => (performance.now() - picturesMs - begun) / 1000;
  const lap = (what: string) => console.log(`try: ${what} after ${passed().toFixed(1)} s`);
  const visitor = await Visitor.of(server);
  const blank = await visitor.tab();
  await blank.goto(`${server.origin}/try`);
  await blank.getByRole('button', { name: 'Open a sandbox' }).waitFor();
  await shots(blank, 'try-welcome');
  await blank.close();

  const page = await opened(visitor);
  await shots(page, 'try-open');

  await page.getByRole('button', { name: 'Buy', exact: true }).click();
  await told(page).getByText('201 Created').waitFor();
  await wallet(page).getByText('$4.82').waitFor();
  const bought = events(page).getByRole('button', { name: /purchase\.succeeded.*openai.*200 in/ });
  await bought.waitFor();
  // What was bought is open by itself: as it was sent, with the handler's answer.
  const request = page.getByRole('region', { name: 'The request as it was sent' });
  await request.getByText(/webhook-signature/).waitFor();
  await page.getByText('“caught”').waitFor();
  await ticked(page, 'Buy something');
  await page.getByRole('button', { name: 'Verify its signature' }).click();
  await verdict(page).getByText('It is genuine').waitFor();
  await ticked(page, 'Verify it');
  lap('the first verified event');
  expect(passed()).toBeLessThan(120);
  await page.evaluate(() => window.scrollTo(0, 0));
  await shots(page, 'try-bought');

  await page.getByRole('button', { name: 'Runaway loop' }).click();
  await told(page).getByText('50 asked').waitFor({ timeout: 60_000 });
  await told(page).getByText('32 bought, 18 refused (402)').waitFor();
  await told(page).getByText('402 Payment Required').waitFor();
  await told(page).getByText('x-should-retry: false').first().waitFor();
  await told(page).getByText('$0.02 left, $0.15 asked').waitFor();
  await events(page)
    .getByRole('button', { name: /spend\.spike.*a loop: 20 times the same, told/ })
    .waitFor();
  await events(page)
    .getByRole('button', { name: /budget\.exhausted.*200/ })
    .waitFor();
  await ticked(page, 'Run out of money');
  lap('the budget ran out');
  await shots(page, 'try-exhausted');

  await told(page).getByRole('button', { name: 'Raise it by $5.00' }).click();
  await wallet(page).getByText('$5.02').waitFor();
  await page.getByRole('button', { name: 'Buy', exact: true }).click();
  await told(page).getByText('201 Created').waitFor();
  await wallet(page).getByText('$4.97').waitFor();
  lap('it was raised, and went on');

  await page.getByRole('radio', { name: /Fails/ }).check();
  await page.getByText(/catch\/fail$/).waitFor();
  await page.getByRole('button', { name: 'Buy', exact: true }).click();
  const waiting = page.getByRole('region', { name: 'What is waiting' });
  await waiting.getByText('1 waiting').waitFor();
  await waiting.getByText(/the next attempt in \d s/).waitFor();
  await events(page)
    .getByRole('button', { name: /anthropic.*500.*again in \d+ s/ })
    .waitFor();
  // Its second attempt comes by itself, a second later; the third is 5 s away.
  await page.getByText('2. 500').waitFor();
  await page.getByText('“as you wish: 500”').first().waitFor();
  await ticked(page, 'Break the handler');
  await shots(page, 'try-broken');
  lap('the handler is broken, and retries count down');

  await page.getByRole('radio', { name: /Works/ }).check();
  await page.getByText(/catch\/ok$/).waitFor();
  await waiting.getByRole('button', { name: 'Try all of them now' }).click();
  await events(page)
    .getByRole('button', { name: /anthropic.*200/ })
    .waitFor();
  await waiting.waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Replay everything' }).click();
  const replayed = page.getByRole('progressbar', { name: 'Replayed' });
  await eventually('everything is replayed', async () => {
    const [done, total] = [
      await replayed.getAttribute('aria-valuenow'),
      await replayed.getAttribute('aria-valuemax'),
    ];
    return done === total && Number(total) > 30;
  });
  await ticked(page, 'Put it right');
  await request.getByText('bellwire-replay').waitFor();
  await shots(page, 'try-replayed');
  lap('everything is put right and replayed');
  await visitor.leave();
});

test('a loop freezes a wallet that says so, until somebody unfreezes it', async () => {
  const visitor = await Visitor.of(server);
  const page = await opened(visitor);
  const patched = page.waitForResponse((response) => response.request().method() === 'PATCH');
  await page.getByRole('switch', { name: 'Freeze the wallet when it loops' }).check();
  await patched;
  await page.getByRole('button', { name: 'Runaway loop' }).click();
  await told(page).getByText('20 bought, 30 refused (423)').waitFor();
  await told(page).getByText('423 Locked').waitFor();
  await events(page)
    .getByRole('button', { name: /wallet\.frozen/ })
    .waitFor();
  await events(page)
    .getByRole('button', { name: /spend\.spike.*frozen/ })
    .waitFor();
  await shots(page, 'try-frozen');
  await told(page).getByRole('button', { name: 'Unfreeze it' }).click();
  await page.getByText('frozen', { exact: true }).first().waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Buy', exact: true }).click();
  await told(page).getByText('201 Created').waitFor();
  await visitor.leave();
});

test('a signature is taken apart: right, and wrong in six ways', async () => {
  const visitor = await Visitor.of(server);
  const page = await opened(visitor);
  await page.getByRole('button', { name: 'Buy', exact: true }).click();
  await page.getByRole('button', { name: 'Verify its signature' }).click();
  const step = (title: RegExp) => verdict(page).getByRole('listitem').filter({ hasText: title });
  await verdict(page).getByText('It is genuine').waitFor();
  for (const title of [
    /headers are there/,
    /timestamp is within/,
    /What is signed/,
    /decoded/,
    /HMAC/,
    /compared/,
  ]) {
    await step(title).getByLabel('right').waitFor();
  }
  await page.getByRole('heading', { name: 'Verify a signature' }).scrollIntoViewIfNeeded();
  await shots(page, 'try-verify-right');

  const wrong = async (how: string, sentence: RegExp, at: RegExp) => {
    await page.getByRole('button', { name: how }).click();
    await verdict(page).getByText('It would be refused').waitFor();
    await verdict(page).getByText(sentence).waitFor();
    await step(at).getByLabel('wrong').waitFor();
  };
  await wrong('Change the amount', /The body was changed at character \d+/, /compared/);
  await shots(page, 'try-verify-changed');
  await wrong('Format the JSON', /Only whitespace differs/, /compared/);
  await wrong('Another secret', /The secret is another one/, /compared/);
  await wrong('An hour later', /The signature itself fits, but it is 1 h/, /timestamp is within/);
  await wrong('Drop a header', /webhook-timestamp is missing/, /headers are there/);
  await wrong('Hex, not base64', /The signature is right but written wrongly/, /compared/);
  await page
    .getByRole('group', { name: 'Make it wrong' })
    .getByRole('button', { name: 'Put it right' })
    .click();
  await verdict(page).getByText('It is genuine').waitFor();

  // By hand, too.
  const secret = page.getByRole('textbox', { name: 'Secret' });
  await secret.fill(` "${await secret.inputValue()}"`);
  await verdict(page)
    .getByText(/Something was copied along with the secret/)
    .waitFor();
  await secret.fill('bw_not_a_secret');
  await verdict(page)
    .getByText(/This is an API key/)
    .first()
    .waitFor();
  await visitor.leave();
});

test('each catcher fails in its own way', async () => {
  const visitor = await Visitor.of(server);
  const page = await opened(visitor);
  const buy = async (behaviour: string, outcome: RegExp) => {
    const patched = page.waitForResponse((response) => response.request().method() === 'PATCH');
    await page.getByRole('radio', { name: new RegExp(behaviour) }).check();
    await patched;
    await page.getByRole('button', { name: 'Buy', exact: true }).click();
    await events(page).getByRole('button', { name: outcome }).first().waitFor();
  };
  await buy('Flaky', /openai.*200, attempt 2/);
  await buy('Wrong status', /serpapi.*302.*again in/);
  await buy('Too slow', /anthropic.*no answer.*again in/);
  await visitor.leave();
});

test('your own URL gets what the catcher would', async () => {
  await using receiver = await Receiver.start();
  const visitor = await Visitor.of(server);
  const page = await visitor.tab();
  await page.goto(`${server.origin}/try`);
  await page.getByRole('radio', { name: 'My own URL' }).check();
  await page.getByRole('textbox', { name: 'Your URL' }).fill('ftp://example.com/hook');
  await page.getByRole('button', { name: 'Open a sandbox' }).click();
  await page
    .getByText(/https?:/i)
    .first()
    .waitFor();
  await shots(page, 'try-url-refused');
  await page.getByRole('textbox', { name: 'Your URL' }).fill(receiver.url);
  await page.getByRole('button', { name: 'Open a sandbox' }).click();
  await wallet(page).waitFor();
  await page.getByRole('button', { name: 'Buy', exact: true }).click();
  await page.getByText('“answered 200”').waitFor();
  const [seen] = receiver.seen;
  expect(seen?.headers['webhook-signature']).toMatch(/^v1,/);
  await visitor.leave();
});

test('who comes back finds the sandbox again, and a new one when it is gone', async () => {
  const visitor = await Visitor.of(server);
  const page = await opened(visitor);
  await page.getByRole('button', { name: 'Buy', exact: true }).click();
  await events(page)
    .getByRole('button', { name: /purchase\.succeeded.*200/ })
    .waitFor();
  const kept = await page.evaluate(() => JSON.stringify([{ ...sessionStorage }, { ...localStorage }]));
  expect(kept).not.toContain('whsec_');
  await page.reload();
  await events(page)
    .getByRole('button', { name: /purchase\.succeeded.*200/ })
    .click();
  await page.getByRole('button', { name: 'Verify its signature' }).click();
  await verdict(page).getByText('It would be refused').waitFor();
  // The secret was shown once. With another, what is sent from now on is verified.
  await page.getByRole('button', { name: 'Make a new one' }).click();
  await page.getByRole('button', { name: 'Send again' }).click();
  await page.getByText(/^2\. 200$/).waitFor();
  await page.getByRole('button', { name: 'Verify its signature' }).click();
  await verdict(page).getByText('It is genuine').waitFor();

  await page.evaluate(() => {
    const sandbox = JSON.parse(sessionStorage.getItem('bellwire-sandbox') ?? '{}');
    sessionStorage.setItem('bellwire-sandbox', JSON.stringify({ ...sandbox, api_key: 'bw_ended' }));
  });
  await page.reload();
  await page.getByText('The sandbox that was here is gone').waitFor();
  await page.getByRole('button', { name: 'Open a sandbox' }).click();
  await wallet(page).getByText('$5.00').first().waitFor();

  await page.getByRole('button', { name: 'New sandbox' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Leave it' }).click();
  await page.getByRole('button', { name: 'Open a sandbox' }).waitFor();
  await visitor.leave();
});

test('the page works where it is narrow, by keyboard alone', async () => {
  const visitor = await Visitor.of(server, { width: 360, height: 740 });
  const page = await visitor.tab();
  await page.goto(`${server.origin}/try`);
  await page.getByRole('button', { name: 'Open a sandbox' }).focus();
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Buy', exact: true }).focus();
  await page.keyboard.press('Enter');
  await told(page).getByText('201 Created').waitFor();
  await page.getByRole('button', { name: 'Runaway loop' }).focus();
  await page.keyboard.press('Enter');
  await told(page).getByText('50 asked').waitFor({ timeout: 60_000 });
  const row = events(page).getByRole('button', { name: /budget\.exhausted/ });
  await row.focus();
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'The webhook of budget.exhausted' }).waitFor();
  const wide = await page.evaluate(() => document.documentElement.scrollWidth);
  expect(wide).toBeLessThanOrEqual(360);
  await visitor.leave();
});

test('where there is no playground the page says how to get one', async () => {
  await using off = await Server.start(['--no-playground']);
  const visitor = await Visitor.of(off);
  const page = await visitor.tab();
  await page.goto(`${off.origin}/try`, { timeout: 60_000 });
  await page.getByRole('heading', { name: 'The playground is off here' }).waitFor();
  await page.getByText('bellwire serve --dev').waitFor();
  await shots(page, 'try-off');
  await visitor.leave();
});

test('the key of a sandbox opens nothing but the sandbox', async () => {
  const visitor = await Visitor.of(server);
  const page = await opened(visitor);
  const { api_key } = await sandboxOf(page);
  const as = { key: api_key, any: true };
  expect((await server.api('GET', '/v1/keys', undefined, as)).status).toBe(403);
  expect((await server.api('GET', '/v1/me', undefined, as)).body.permissions).toHaveLength(5);
  await visitor.leave();
});

test('a restart of the server costs the page nothing', { timeout: 180_000 }, async () => {
  const visitor = await Visitor.of(server);
  const page = await visitor.tab();
  await page.goto(`${server.origin}/try`);
  await page.getByRole('button', { name: 'Open a sandbox' }).click();
  await page
    .getByRole('status')
    .filter({ hasText: /^live$/ })
    .waitFor({ timeout: 60_000 });
  await server.end('SIGKILL');
  await page.getByRole('button', { name: 'Buy', exact: true }).click();
  await page.getByText('The server did not answer').waitFor();
  // Behind a proxy only its silence tells that the stream is dead, after 40 s.
  await server.launch();
  await page
    .getByRole('status')
    .filter({ hasText: /^live$/ })
    .waitFor({ timeout: 60_000 });
  await page.getByRole('button', { name: 'Buy', exact: true }).click();
  await told(page).getByText('201 Created').waitFor();
  await events(page)
    .getByRole('button', { name: /purchase\.succeeded.*200/ })
    .waitFor({ timeout: 60_000 });
  await visitor.leave();
});
