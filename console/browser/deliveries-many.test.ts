import { afterAll, beforeAll, expect, test } from 'vitest';
import { closeBrowser, Visitor } from './pages';
import { Receiver, Server } from './server';

let server: Server;
beforeAll(async () => {
  server = await Server.start();
});
afterAll(async () => {
  await closeBrowser();
  await server[Symbol.asyncDispose]();
});

const WANTED = 100_000;
/** A debug build on a busy machine makes fewer: what is there by then is what is looked at. */
const SEED_MS_MAX = 40_000;
const BATCH = 1_000;

/** Deliveries of a paused endpoint, so that only making them costs time. */
async function seed(url: string): Promise<{ id: string; count: number }> {
  const body = { url, events: ['load.*'], status: 'paused', description: 'Data warehouse' };
  const id: string = (await server.post('/v1/webhooks', body)).body.endpoint.id;
  const until = Date.now() + SEED_MS_MAX;
  let count = 0;
  while (count < WANTED && Date.now() < until) {
    const events = Array.from({ length: BATCH }, (_, n) => ({
      type: (count + n) % 1_000 === 0 ? 'load.rare' : 'load.usual',
      data: { row: count + n },
    }));
    await server.post('/v1/events/batch', { events });
    count += BATCH;
  }
  return { id, count };
}

test('a list of 100,000 deliveries is paged and filtered without waiting', async () => {
  await using receiver = await Receiver.start();
  const { id, count } = await seed(receiver.url);
  console.log(`${count} deliveries`);
  const visitor = await Visitor.of(server);
  const page = await visitor.logIn(`/endpoints/${id}`);
  await page.getByText(`${count.toLocaleString('en')} deliveries`).waitFor({ timeout: 40_000 });
  const rows = page.getByRole('table', { name: 'Deliveries' }).getByRole('row');

  /** From the click to the rows, in milliseconds. */
  const timed = async (act: () => Promise<unknown>, seen: () => Promise<unknown>) => {
    const start = performance.now();
    await act();
    await seen();
    return performance.now() - start;
  };
  const spans: Record<string, number> = {};
  for (let n = 1; n <= 5; n += 1) {
    const before = await rows.nth(1).getAttribute('data-row');
    spans[`page ${n + 1}`] = await timed(
      () => page.getByRole('button', { name: 'Older' }).click(),
      () => page.locator(`tr[data-row="${before}"]`).waitFor({ state: 'detached' }),
    );
  }
  await page.getByRole('button', { name: 'Newest' }).click();
  spans.type = await timed(
    () => page.getByRole('combobox', { name: 'Type' }).fill('load.rare'),
    () =>
      page
        .getByRole('row', { name: /load\.usual/ })
        .first()
        .waitFor({ state: 'detached' }),
  );
  await page
    .getByRole('row', { name: /load\.rare/ })
    .first()
    .waitFor();
  await page.getByRole('button', { name: 'Clear', exact: true }).click();
  await page
    .getByRole('row', { name: /load\.usual/ })
    .first()
    .waitFor();
  spans.status = await timed(
    async () => {
      await page.getByRole('combobox', { name: 'Status' }).click();
      await page.getByRole('option', { name: 'failed' }).click();
    },
    () => page.getByText('No delivery like this').waitFor(),
  );
  console.log(JSON.stringify(spans, (_, value) => (typeof value === 'number' ? Math.round(value) : value)));
  for (const [what, ms] of Object.entries(spans)) expect(ms, what).toBeLessThan(2_500);
  await visitor.leave();
}, 180_000);
