import { inspect } from 'node:util';
import { describe, expect, inject, it } from 'vitest';
import { retryAfterSeconds } from '../../src/api/transport.js';
import {
  AdminClient,
  ApiError,
  BellwireError,
  type ClientOptions,
  RateLimited,
  ServerError,
  TransportError,
} from '../../src/index.js';
import { workspace } from '../support/scene.js';

interface Sent {
  url: string;
  method: string;
  headers: Record<string, string>;
}

type Reply = Response | Error | 'hang';

const problem = (status: number, more: object = {}, headers: Record<string, string> = {}) =>
  new Response(JSON.stringify({ type: 'x', title: 't', status, code: 'some_code', detail: 'why', ...more }), {
    status,
    headers,
  });

/** A client whose server answers as told, and what it was sent. */
function scripted(replies: Reply[], options: Partial<ClientOptions> = {}) {
  const sent: Sent[] = [];
  const slept: number[] = [];
  const fake = async (url: unknown, init: RequestInit = {}) => {
    sent.push({
      url: String(url),
      method: String(init.method),
      headers: init.headers as Record<string, string>,
    });
    const reply = replies.shift() ?? new Error('nothing more was to be sent');
    if (reply instanceof Error) throw new TypeError('fetch failed', { cause: reply });
    if (reply !== 'hang') return reply;
    if (init.signal?.aborted) throw init.signal.reason;
    return new Promise<Response>((_, reject) => {
      init.signal?.addEventListener('abort', () => reject(init.signal?.reason));
    });
  };
  const sleep = async (ms: number) => void slept.push(ms);
  const client = new AdminClient({
    apiKey: 'k',
    baseUrl: 'http://h/',
    fetch: fake as typeof fetch,
    sleep,
    ...options,
  });
  return { client, sent, slept };
}

const me = () => Response.json({ workspace_id: 'ws-1' });
const purchase = { amount_usd: '1', vendor: 'v', description: 'd' };

describe('what is tried again', () => {
  it('are reads, after whatever passes, up to three times', async () => {
    const { client, sent, slept } = scripted([new Error('ECONNRESET'), problem(503), problem(429), me()]);
    expect((await client.me()).workspace_id).toBe('ws-1');
    expect(sent).toHaveLength(4);
    expect(slept).toHaveLength(3);
    const patient = scripted(Array.from({ length: 9 }, () => problem(503)));
    await expect(patient.client.me()).rejects.toThrow(ServerError);
    expect(patient.sent).toHaveLength(4);
    expect(scripted([]).client.baseUrl).toBe('http://h');
  });

  it('are writes with a key, which stays the same', async () => {
    const { client, sent } = scripted([new Error('reset'), problem(503), Response.json({ id: 'pur_1' })]);
    await client.createPurchase('wal_1', purchase);
    const keys = new Set(sent.map((one) => one.headers['idempotency-key']));
    expect(keys.size).toBe(1);
    expect([...keys][0]).toMatch(/^[0-9a-f-]{36}$/);
    const own = scripted([Response.json({})]);
    await own.client.createPurchase('wal_1', purchase, { idempotencyKey: 'mine' });
    expect(own.sent[0]?.headers['idempotency-key']).toBe('mine');
  });

  it('are no writes without one, but when nothing was written', async () => {
    const consume = { action_digest: 'd' };
    for (const reply of [new Error('reset'), problem(503), problem(500)]) {
      const { client, sent } = scripted([reply, Response.json({})]);
      await expect(client.consumeApproval('apr_1', consume)).rejects.toThrow(BellwireError);
      expect(sent).toHaveLength(1);
      expect(sent[0]?.headers['idempotency-key']).toBeUndefined();
    }
    const { client, sent } = scripted([problem(429), Response.json({})]);
    await client.consumeApproval('apr_1', consume);
    expect(sent).toHaveLength(2);
  });

  it('is nothing that was refused, or that the server says to leave', async () => {
    for (const reply of [
      problem(402),
      problem(403),
      problem(404),
      problem(409),
      problem(422),
      problem(423),
      problem(500),
    ]) {
      const { client, sent } = scripted([reply, Response.json({})]);
      await expect(client.createPurchase('wal_1', purchase)).rejects.toThrow(ApiError);
      expect(sent).toHaveLength(1);
    }
    const { client, sent } = scripted([problem(503, {}, { 'x-should-retry': 'false' }), me()]);
    await expect(client.me()).rejects.toThrow(ServerError);
    expect(sent).toHaveLength(1);
  });

  it('is what is still under way', async () => {
    const busy = () => problem(409, { code: 'idempotency_conflict' }, { 'retry-after': '1' });
    const { client, slept } = scripted([busy(), Response.json({ id: 'pur_1' })]);
    await client.createPurchase('wal_1', purchase);
    expect(slept[0]).toBeGreaterThanOrEqual(1000);
  });

  it('waits as long as it was asked to, and passes on what is too long', async () => {
    const { client, slept } = scripted([problem(429, {}, { 'retry-after': '7' }), me()]);
    await client.me();
    expect(slept[0]).toBeGreaterThanOrEqual(7000);
    const long = scripted([problem(429, {}, { 'retry-after': '3600' }), me()]);
    await expect(long.client.me()).rejects.toMatchObject({ name: 'RateLimited', retryAfter: 3600 });
    await expect(scripted([problem(429)], { retries: 0 }).client.me()).rejects.toThrow(RateLimited);
    expect(retryAfterSeconds('Wed, 21 Oct 2026 07:28:05 GMT', Date.parse('2026-10-21T07:28:00Z'))).toBe(5);
    expect([retryAfterSeconds('soon'), retryAfterSeconds(null)]).toEqual([null, null]);
  });

  it('is deleting, and what is gone by then was deleted', async () => {
    const { client, sent } = scripted([new Error('reset'), problem(404)]);
    await client.deleteWebhook('whk_1');
    expect(sent).toHaveLength(2);
    await expect(scripted([problem(404)]).client.deleteWebhook('whk_1')).rejects.toMatchObject({
      status: 404,
    });
  });
});

describe('an answer that is none of the API', () => {
  const page = (status = 200) => new Response('<html>', { status });

  it('is a BellwireError', async () => {
    for (const reply of [page, () => Response.json(null), () => Response.json(5), () => new Response('{')]) {
      await expect(scripted([reply()]).client.me()).rejects.toThrow(BellwireError);
      await expect(scripted([reply()]).client.createWebhook({ events: [] })).rejects.toThrow(BellwireError);
      await expect(scripted([reply()]).client.listWallets().first(1)).rejects.toThrow(BellwireError);
      const named = scripted([reply()], { workspaceId: 'ws-1' });
      await expect(named.client.getWallet('wal_1')).rejects.toThrow(BellwireError);
    }
    const odd = scripted([Response.json({ wallets: { length: 1 } })]);
    await expect(odd.client.listWallets().first(1)).rejects.toThrow(BellwireError);
    await expect(scripted([page(404)]).client.me()).rejects.toMatchObject({ name: 'NotFound' });
  });

  it('also if its code is the name of what every object has', async () => {
    for (const code of ['constructor', 'toString', '__proto__', 'hasOwnProperty']) {
      const error = await scripted([problem(418, { code })])
        .client.me()
        .catch((one) => one);
      expect(error).toBeInstanceOf(ApiError);
      expect(error).toMatchObject({ name: 'ApiError', code, status: 418 });
    }
    const numbers = scripted([new Response('{"workspace_id":"ws-1","a_usd":1e999999999,"b":1e999999999}')]);
    expect(await numbers.client.me()).toMatchObject({ a_usd: '1e999999999' });
  });
});

describe('a key of a request', () => {
  it('is told by the error, so that it can be used again', async () => {
    const lost = (options?: { idempotencyKey: string }) =>
      scripted([new Error('reset')], { retries: 0 })
        .client.createPurchase('wal_1', purchase, options)
        .catch((one) => one);
    expect(await lost()).toMatchObject({
      name: 'TransportError',
      idempotencyKey: expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
    expect((await lost({ idempotencyKey: 'mine' })).idempotencyKey).toBe('mine');
    const read = scripted([new Error('reset')], { retries: 0 }).client.me();
    await expect(read).rejects.toMatchObject({ idempotencyKey: null });
  });
});

describe('time', () => {
  it('is measured per try', async () => {
    const { client, sent } = scripted(['hang', 'hang', me()], { timeoutMs: 30 });
    await client.me();
    expect(sent).toHaveLength(3);
    const never = scripted(['hang'], { timeoutMs: 30, retries: 0 });
    await expect(never.client.me()).rejects.toMatchObject({
      name: 'TransportError',
      message: /within 30 ms/,
    });
  });

  it('is ended by the caller, whose reason is thrown', async () => {
    const stop = new AbortController();
    const { client, sent } = scripted(['hang', me()]);
    const call = client.me({ signal: stop.signal });
    stop.abort(new Error('enough'));
    await expect(call).rejects.toThrow('enough');
    expect(sent).toHaveLength(1);
  });
});

describe('requests', () => {
  it('go where the arguments say, escaped', async () => {
    const { client, sent } = scripted([Response.json({}), Response.json({ events: [] })]);
    await client.getEventType('a/b?c');
    await client.listEvents({ type: 'file.*', limit: 5, since: undefined }).page();
    expect(sent.map((one) => one.url)).toEqual([
      'http://h/v1/event-types/a%2Fb%3Fc',
      'http://h/v1/events?type=file.*&limit=5',
    ]);
    await expect(client.getEvent('')).rejects.toThrow('event_id must not be empty');
  });

  it('never carry the key elsewhere', async () => {
    const { client } = scripted([new Response(null, { status: 302, headers: { location: 'http://evil/' } })]);
    await expect(client.me()).rejects.toMatchObject({ status: 302, code: 'http_302' });
  });

  it('are not made with a key of another workspace', async () => {
    const wrong = scripted([me()], { workspaceId: 'ws-2' });
    await expect(wrong.client.listEvents().page()).rejects.toThrow('of workspace ws-1, not of ws-2');
    expect(wrong.sent).toHaveLength(1);
    const right = scripted([me(), Response.json({ events: [] }), Response.json({ events: [] })], {
      workspaceId: 'ws-1',
    });
    await right.client.listEvents().page();
    await right.client.listEvents().page();
    expect(right.sent).toHaveLength(3);
  });

  it('never leave the segment that an id stands for', async () => {
    const { client, sent } = scripted([]);
    for (const id of ['.', '..']) {
      await expect(client.deleteWebhook(id)).rejects.toThrow('endpoint_id must not be');
      await expect(client.walletPurchases(id).page()).rejects.toThrow(TypeError);
    }
    expect(sent).toEqual([]);
  });

  it('need a key', () => {
    expect(() => new AdminClient({ apiKey: '' })).toThrow('an API key is needed');
  });

  it('go to the default where the environment says nothing', () => {
    const before = process.env.BELLWIRE_URL;
    process.env.BELLWIRE_URL = '';
    try {
      for (const baseUrl of ['', undefined]) {
        expect(new AdminClient({ apiKey: 'k', baseUrl }).baseUrl).toBe('http://127.0.0.1:4800');
      }
    } finally {
      if (before === undefined) delete process.env.BELLWIRE_URL;
      else process.env.BELLWIRE_URL = before;
    }
  });

  it('are given the time that the server is asked to wait', async () => {
    const { client } = await workspace({ retries: 0, timeoutMs: 900 });
    const asked = await client.requestApproval({ title: '?', action: 'a.b', channels: ['console'] });
    expect((await client.getApproval(asked.id, { wait: '2s' })).status).toBe('pending');
    const looked = client.getApproval(asked.id, { wait: '2s' }, { timeoutMs: 800 });
    expect((await looked).status).toBe('pending');
  });
});

describe('keys and secrets', () => {
  it('are in nothing that is printed', async () => {
    const apiKey = 'bw_very_secret_key';
    const { client } = scripted([new Error('reset')], { apiKey, retries: 0 });
    const error = await client.me().catch((one) => one);
    expect(error).toBeInstanceOf(TransportError);
    for (const odd of [`${apiKey}\n`, `${apiKey}\0x`, ` ${apiKey}`, `${apiKey}\nx: y`, `${apiKey}é`]) {
      const refused = await Promise.resolve()
        .then(() => new AdminClient({ apiKey: odd }))
        .catch((one) => one);
      expect(refused).toBeInstanceOf(TypeError);
      expect(inspect(refused, { depth: 9 })).not.toContain(apiKey);
    }
    for (const baseUrl of [
      `http://user:${apiKey}@h`,
      `http://${apiKey}@h`,
      `ftp://${apiKey}`,
      `${apiKey}`,
      `http://h/?${apiKey}`,
    ]) {
      const refused = await Promise.resolve()
        .then(() => new AdminClient({ apiKey: 'k', baseUrl }))
        .catch((one) => one);
      expect(refused, baseUrl).toBeInstanceOf(TypeError);
      expect(`${refused.message} ${refused.cause}`).not.toContain(apiKey);
    }
    const wallet = client.wallet('wal_1');
    for (const text of [
      inspect(client, { depth: 9 }),
      JSON.stringify(client),
      inspect(wallet, { depth: 9 }),
      inspect(error, { depth: 9 }),
    ]) {
      expect(text).not.toContain(apiKey);
    }
  });
});

describe('an answer that was lost', () => {
  /** Forwards to the real server, and loses the first answer to each request that is no read. */
  function lossy() {
    const lost = new Set<string>();
    return (async (url: string, init: RequestInit) => {
      const response = await fetch(url, init);
      const request = `${init.method} ${url}`;
      if (init.method === 'GET' || lost.has(request)) return response;
      lost.add(request);
      await response.arrayBuffer();
      throw new TypeError('fetch failed', { cause: new Error('ECONNRESET') });
    }) as typeof fetch;
  }

  it('is asked for again, and everything happened once', async () => {
    const { key } = await workspace();
    const client = new AdminClient({
      apiKey: key,
      baseUrl: inject('url'),
      fetch: lossy(),
      sleep: async () => {},
    });
    const wallet = await client.createWallet({ name: 'one', budget_usd: '10' });
    expect(await client.listWallets().first(9)).toHaveLength(1);
    await client.createPurchase(wallet.id, purchase);
    const changed = await client.updateWallet(wallet.id, { budget_usd: '20', reason: 'more' });
    expect([changed.spent_usd, changed.budget_usd]).toEqual(
      ['1', '20'].map((text) => expect.stringMatching(`^${text}(\\.0+)?$`)),
    );
    const endpoint = await client.createWebhook({
      kind: 'pull',
      events: ['a.b'],
      retry: { schedule: ['1s'] },
    });
    const rotated = await client.rotateSecret(endpoint.id);
    await client.finishRotation(endpoint.id).catch(() => undefined);
    expect(rotated.secret).not.toBe(endpoint.secret);
    await client.updateWebhook(endpoint.id, { description: 'x' });
    await client.postEvent({ type: 'a.b', data: {} });
    expect(await client.listEvents({ type: 'a.b' }).first(9)).toHaveLength(1);
    const patient = new AdminClient({ apiKey: key, baseUrl: inject('url') });
    const { deliveries } = await patient.pull(endpoint.id, { max: 9, wait: '5s' });
    expect(deliveries).toHaveLength(1);
    const id = String(deliveries[0]?.id);
    await client.extend(id, { lease: '60s' });
    expect((await client.ack(id)).status).toBe('success');
    await client.replayWebhook(endpoint.id, { since: '1h' });
    expect(await client.webhookJobs(endpoint.id).first(9)).toHaveLength(1);
    const made = await client.createKey({ name: 'k', kind: 'workspace' });
    const keys = (await client.listKeys().first(50)).filter((one) => one.name === 'k');
    expect(keys.map((one) => one.id)).toEqual([made.id]);
    await client.revokeKey(made.id);
    const owner = new AdminClient({
      apiKey: inject('ownerKey'),
      baseUrl: inject('url'),
      fetch: lossy(),
      sleep: async () => {},
    });
    const { id: workspaceId } = await owner.createWorkspace({ name: 'lost and found' });
    const named = [];
    for await (const one of owner.listWorkspaces()) if (one.name === 'lost and found') named.push(one.id);
    expect(named).toEqual([workspaceId]);
  });
});
