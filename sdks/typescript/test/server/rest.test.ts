import { beforeAll, describe, expect, inject, it } from 'vitest';
import { AdminClient, verifyWebhook } from '../../src/index.js';
import { eventually, serve, workspace } from '../support/scene.js';

let client: AdminClient;
beforeAll(async () => {
  ({ client } = await workspace());
});

describe('events', () => {
  it('are posted in batches, each answered by itself, and polled in order', async () => {
    const start = (await client.pollEvents()).next_cursor;
    const answer = await client.postEvents([
      { type: 'poll.one', data: { n: 1 } },
      { type: 'NOT A TYPE', data: {} },
      { type: 'poll.two', data: { n: 2 }, id: 'my-own-id' },
    ]);
    expect([answer.accepted, answer.rejected]).toEqual([2, 1]);
    const { events } = await client.pollEvents({ after: start, types: 'poll.*', wait: '5s' });
    expect(events.map((event) => event.type)).toEqual(['poll.one', 'poll.two']);
    expect((await client.getEvent('my-own-id')).data).toEqual({ n: 2 });
  });

  it('are paged to the end', async () => {
    const ids = [];
    for (let n = 0; n < 7; n += 1)
      ids.push((await client.postEvent({ type: 'page.me', data: { n } })).event.id);
    const found = [];
    for await (const event of client.listEvents({ type: 'page.me', limit: 3 })) found.push(event.id);
    expect(found).toEqual(ids.reverse());
  });

  it('are streamed, over broken connections, with nothing missed and nothing twice', async () => {
    const sockets = new Set<import('node:net').Socket>();
    // Between client and server sits what can be cut.
    const proxy = await serve((request, response) => {
      sockets.add(request.socket);
      const { host: _host, ...headers } = request.headers;
      fetch(inject('url') + request.url, { headers: headers as Record<string, string> }).then(
        async (upstream) => {
          response.writeHead(upstream.status, { 'content-type': upstream.headers.get('content-type') ?? '' });
          try {
            for await (const chunk of upstream.body ?? []) response.write(chunk);
          } catch {
            // Cut on this side.
          }
          response.end();
        },
      );
      response.on('error', () => undefined);
    });
    const { client: through, key } = await workspace({ sleep: async () => {} });
    const cuttable = new AdminClient({ apiKey: key, baseUrl: proxy, sleep: async () => {} });
    const { event: first } = await through.postEvent({ type: 'stream.me', data: { n: 0 } });
    const found: unknown[] = [];
    const reading = (async () => {
      for await (const event of cuttable.streamEvents({ types: 'stream.*', after: first.id })) {
        found.push(event.data.n);
        if (found.length === 6) return;
      }
    })();
    for (const n of [1, 2, 3]) await through.postEvent({ type: 'stream.me', data: { n } });
    await eventually('three came', () => found.length === 3);
    for (const socket of sockets) socket.destroy();
    for (const n of [4, 5, 6]) await through.postEvent({ type: 'stream.me', data: { n } });
    await reading;
    expect(found).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('and a stream with a wrong key ends with the error', async () => {
    const stranger = new AdminClient({ apiKey: 'wrong', baseUrl: inject('url') });
    await expect(stranger.streamEvents().next()).rejects.toMatchObject({ name: 'Unauthorized' });
  });

  it('have types, to which own ones are added', async () => {
    const schema = { type: 'object', required: ['total'], properties: { total: { type: 'integer' } } };
    expect((await client.registerEventType({ name: 'order.made', schema })).built_in).toBe(false);
    await expect(client.postEvent({ type: 'order.made', data: {} })).rejects.toMatchObject({ status: 422 });
    expect((await client.getEventType('order.made')).name).toBe('order.made');
    const names = [];
    for await (const type of client.listEventTypes()) names.push(type.name);
    expect(names).toEqual(expect.arrayContaining(['order.made', 'purchase.succeeded', 'approval.requested']));
  });
});

describe('a workspace', () => {
  it('has keys, namespaces, an audit log and a state', async () => {
    const me = await client.me();
    expect(me.workspace_id).toMatch(/^ws-/);
    const form = {
      name: 'reader',
      kind: 'scoped',
      namespace: 'customer-a',
      permissions: ['events:read', 'events:write'],
    };
    const made = await client.createKey(form);
    const scoped = new AdminClient({
      apiKey: String(made.api_key),
      baseUrl: inject('url'),
      workspaceId: me.workspace_id,
    });
    await scoped.postEvent({ type: 'in.namespace', namespace: 'customer-a', data: {} });
    await expect(scoped.createWallet({ name: 'x', budget_usd: '1' })).rejects.toMatchObject({
      name: 'Forbidden',
    });
    await expect(scoped.postEvent({ type: 'a.b', namespace: 'customer-b', data: {} })).rejects.toMatchObject({
      code: 'foreign_namespace',
    });
    expect((await client.listNamespaces().first(9)).map((one) => one.name)).toContain('customer-a');
    expect((await client.listKeys().first(9)).map((one) => one.id)).toContain(made.id);
    await client.revokeKey(made.id);
    await expect(scoped.postEvent({ type: 'a.b', data: {} })).rejects.toMatchObject({ name: 'Unauthorized' });
    const actions = [];
    for await (const entry of client.listAudit({ limit: 200 })) actions.push(entry.action);
    expect(actions.length).toBeGreaterThan(1);
    expect((await client.checkAuditChain()).first_fault ?? null).toBeNull();
    const lines = await client.text('GET /v1/audit', 'application/x-ndjson', {});
    expect(lines.trim().split('\n').length).toBe(actions.length);
    await client.deleteNamespace('customer-a');
    expect(await client.overview()).toHaveProperty('approvals_pending');
    expect((await client.settings()).version).toMatch(/^\d/);
    expect((await client.publicKeys()).keys[0]?.public_key).toMatch(/^whpk_/);
    expect(await client.openapi()).toHaveProperty('paths');
    await expect(client.testIntegration('slack')).rejects.toMatchObject({ name: 'Invalid' });
    expect((await client.createPortalLink('customer-b')).url).toMatch(/^http/);
  });

  it('says what changes', async () => {
    const changes = client.streamChanges();
    expect((await changes.next()).value).toMatchObject({ event: 'hello' });
    const next = changes.next();
    await client.postEvent({ type: 'it.changes', data: {} });
    expect((await next).value).toMatchObject({ event: 'changed' });
    await changes.return(undefined);
  });
});

describe('the sample of every event type', () => {
  it('is delivered and read with its type', async () => {
    const seen: { headers: import('node:http').IncomingHttpHeaders; body: Buffer }[] = [];
    const url = await serve((request, response) => {
      const parts: Buffer[] = [];
      request.on('data', (part) => parts.push(part));
      request.on('end', () => {
        seen.push({ headers: request.headers, body: Buffer.concat(parts) });
        response.writeHead(204).end();
      });
    });
    // To post built-in types takes a permission that the owner has.
    const alone = new AdminClient({ apiKey: inject('ownerKey'), baseUrl: inject('url') });
    const { secret } = await alone.createWebhook({
      url,
      events: ['file.*', 'purchase.*'],
      dialect: 'trovefiles',
    });
    const types = (await alone.listEventTypes().first(200)).filter((type) =>
      /^(file|purchase)\./.test(type.name),
    );
    for (const type of types) await alone.postEvent({ type: type.name, data: type.example ?? {} });
    await eventually('all are there', () => seen.length >= types.length);
    const names = new Set<string>();
    for (const { headers, body } of seen) {
      const event = await verifyWebhook({ secret: String(secret), headers, body });
      names.add(event.type);
      if (event.is('file.written')) expect(event.data.path).toBeTypeOf('string');
      if (event.is('purchase.succeeded')) expect(event.data.amount_usd).toMatch(/^[\d.]+$/);
    }
    expect([...names].sort()).toEqual(types.map((type) => type.name).sort());
  });
});
