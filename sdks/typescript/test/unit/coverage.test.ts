import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

/** Operations without a method, and why. May only shrink, but for what no program calls. */
const WITHOUT = new Map([
  [
    'GET /api/wallets/{wallet_id}/balance',
    'the same as walletBalance, where pollers of a wallet product look',
  ],
  ['GET /v1/webhooks/deliveries/{delivery_id}', 'the same as getDelivery'],
  ['POST /v1/webhooks/deliveries/{delivery_id}/retry', 'the same as retryDelivery'],
  ['GET /healthz', 'health: for whatever starts the server'],
  ['GET /readyz', 'health'],
  ['GET /metrics', 'health: for Prometheus'],
  ['GET /asyncapi.json', 'the description of the events'],
  ['POST /v1/integrations/slack/interactions', 'called by Slack'],
  ['GET /v1/session', 'the console'],
  ['POST /v1/session', 'the console'],
  ['DELETE /v1/session', 'the console'],
  ['POST /v1/session/links', 'the console'],
  ['GET /v1/try', 'the playground'],
  ['POST /v1/try', 'the playground'],
  ['POST /v1/try/catch/{behaviour}', 'the playground'],
]);

const METHODS = ['get', 'post', 'put', 'patch', 'delete'];
const openapi = JSON.parse(readFileSync(new URL('../../../../openapi.json', import.meta.url), 'utf8'));
const operations = Object.entries<Record<string, unknown>>(openapi.paths).flatMap(([path, item]) =>
  METHODS.filter((method) => method in item).map((method) => `${method.toUpperCase()} ${path}`),
);

/** Where methods name their routes: a call of `request` or `pages`, or a stream's constant. */
const NAMED = /(?:this\.(?:request|pages)\(\s*|const route = )'((?:GET|POST|PUT|PATCH|DELETE) [^']+)'/g;
const folder = new URL('../../src/api/', import.meta.url);
const named = readdirSync(folder).flatMap((file) =>
  [...readFileSync(new URL(file, folder), 'utf8').matchAll(NAMED)].map((found) => String(found[1])),
);

describe('every operation of the API', () => {
  it('is there to be looked at', () => expect(operations.length).toBeGreaterThan(80));

  it.each(operations)('%s', (route) => {
    const times = named.filter((one) => one === route).length;
    expect(times, WITHOUT.has(route) ? 'is listed as without a method' : 'is named by one method').toBe(
      WITHOUT.has(route) ? 0 : 1,
    );
  });

  it('is listed as without a method only while it is there', () => {
    for (const route of WITHOUT.keys()) expect(operations).toContain(route);
    for (const route of named) expect(operations).toContain(route);
  });
});
