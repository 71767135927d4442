import { afterAll, beforeAll, expect, test } from 'vitest';
import { closeBrowser, shots, Visitor } from './pages';
import { Server } from './server';

let server: Server;
beforeAll(async () => {
  server = await Server.start();
});
afterAll(async () => {
  await closeBrowser();
  await server[Symbol.asyncDispose]();
});

test('the link that serve prints logs in, once', async () => {
  const visitor = await Visitor.of(server);
  const page = await visitor.tab();
  await page.goto(server.at(server.link));
  await page.getByRole('link', { name: 'Events' }).first().waitFor();
  expect(page.url()).not.toContain(new URL(server.link).hash.slice(1) || 'no hash');
  const other = await Visitor.of(server);
  const again = await other.tab();
  await again.goto(server.at(server.link));
  await again.getByRole('button', { name: /log in/i }).waitFor();
  await visitor.leave();
  await other.leave();
});

test('an event arrives while somebody watches', async () => {
  const visitor = await Visitor.of(server);
  const page = await visitor.logIn('/events');
  await server.post('/v1/event-types', { name: 'order.paid', description: 'An order was paid.' });
  await server.post('/v1/events', { type: 'order.paid', data: { order: 'o-1', total_usd: '12.50' } });
  await page.getByText('order.paid').first().waitFor();
  await shots(page, 'events');
  await visitor.leave();
});
