/** Streams over connections that fail in every way that connections fail. */
import type { Socket } from 'node:net';
import { describe, expect, inject, it } from 'vitest';
import { Transport } from '../../src/api/transport.js';
import { AdminClient, BellwireError } from '../../src/index.js';
import { eventually, serve, workspace } from '../support/scene.js';

const event = (n: number) => `id: evt_${n}\ndata: {"id":"evt_${n}","data":{"n":${n}}}\n\n`;
const stream = (text: string) => new Response(text, { headers: { 'content-type': 'text/event-stream' } });

/** A client whose server answers as told, the polls for a beginning aside. */
function scripted(replies: (() => Response)[], silenceMs = 60_000) {
  const sent: { path: string; last: string | undefined }[] = [];
  const slept: number[] = [];
  const fake = async (input: unknown, init: RequestInit = {}) => {
    const url = new URL(String(input));
    if (url.pathname === '/v1/events/poll') return Response.json({ events: [], next_cursor: 'evt_0' });
    const headers = init.headers as Record<string, string>;
    sent.push({ path: url.pathname + url.search, last: headers['last-event-id'] });
    const reply = replies.shift();
    if (!reply) throw new TypeError('fetch failed');
    return reply();
  };
  const sleep = async (ms: number) => void slept.push(ms);
  const client = new AdminClient({
    apiKey: 'k',
    baseUrl: 'http://h',
    fetch: fake as typeof fetch,
    sleep,
    silenceMs,
  });
  return { client, sent, slept };
}

const refusal =
  (status: number, headers: Record<string, string> = {}) =>
  () =>
    new Response(JSON.stringify({ code: 'x', detail: 'd' }), { status, headers });

const down = () => {
  throw new TypeError('fetch failed');
};

describe('a stream', () => {
  it('goes on after an outage of any length, asking less and less often', async () => {
    const outage = Array.from({ length: 20 }, () => down);
    const statuses = [429, 502, 503, 504].map((status) => refusal(status));
    const { client, sent, slept } = scripted([
      ...outage,
      ...statuses,
      () => stream(event(1)),
      ...outage,
      () => stream(event(2)),
    ]);
    const events = client.streamEvents();
    expect((await events.next()).value).toMatchObject({ id: 'evt_1' });
    expect(slept).toHaveLength(24);
    expect(Math.max(...slept)).toBeLessThanOrEqual(30_000);
    expect(slept[23]).toBeGreaterThanOrEqual(15_000);
    slept.length = 0;
    expect((await events.next()).value).toMatchObject({ id: 'evt_2' });
    // What came says that the server is there: the pauses begin anew.
    expect(slept[0]).toBeLessThanOrEqual(250);
    expect(sent.at(-1)).toEqual({ path: '/v1/events/stream?after=evt_0', last: 'evt_1' });
    await events.return();
  });

  it('that cannot be opened says why', async () => {
    const fake = async () => {
      throw new TypeError('fetch failed', { cause: new Error('ECONNREFUSED') });
    };
    const transport = new Transport({ apiKey: 'k', baseUrl: 'http://h', fetch: fake as typeof fetch });
    const opened = transport.open({ route: 'GET /v1/events/stream' });
    await expect(opened).rejects.toThrow('GET /v1/events/stream: ECONNREFUSED');
  });

  it('waits as long as the server asks', async () => {
    const { client, slept } = scripted([refusal(503, { 'retry-after': '20' }), () => stream(event(1))]);
    await client.streamEvents().next();
    expect(slept[0]).toBeGreaterThanOrEqual(20_000);
  });

  it('ends with what waiting does not help against', async () => {
    for (const reply of [refusal(401), refusal(403), refusal(422), refusal(500)]) {
      const { client, slept } = scripted([reply]);
      await expect(client.streamEvents().next()).rejects.toThrow(BellwireError);
      expect(slept).toHaveLength(0);
    }
    const page = () => new Response('<html>', { headers: { 'content-type': 'text/html' } });
    await expect(scripted([page]).client.streamEvents().next()).rejects.toThrow('no event stream');
    const garbage = () => stream('data: <html>\n\n');
    await expect(scripted([garbage]).client.streamEvents().next()).rejects.toThrow(BellwireError);
  });

  it('that falls silent is made anew', async () => {
    const sockets = new Set<Socket>();
    let opened = 0;
    const url = await serve((request, response) => {
      if (request.url?.startsWith('/v1/events/poll')) {
        response.setHeader('content-type', 'application/json');
        response.end('{"events":[],"next_cursor":"evt_0"}');
        return;
      }
      opened += 1;
      sockets.add(request.socket);
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      // And then nothing: not even an end.
      response.write(event(opened));
    });
    const client = new AdminClient({ apiKey: 'k', baseUrl: url, silenceMs: 500, sleep: async () => {} });
    const events = client.streamEvents();
    for (const n of [1, 2, 3]) expect((await events.next()).value).toMatchObject({ id: `evt_${n}` });
    await events.return();
    await eventually('its connections are let go', () => [...sockets].every((one) => one.destroyed));
  });

  it('is ended by the caller, also between connections', async () => {
    const stop = new AbortController();
    const { key } = await workspace();
    const away = new AdminClient({
      apiKey: key,
      baseUrl: await serve((request) => request.socket.destroy()),
    });
    const reading = away.streamEvents({ after: 'evt_0' }, { signal: stop.signal }).next();
    stop.abort(new Error('enough'));
    await expect(reading).rejects.toThrow('enough');
  });

  it('misses nothing between a break and the first event', async () => {
    const { client, key } = await workspace();
    await client.postEvent({ type: 'gap.thing', data: { n: 0 } });
    let opened = 0;
    // The first connection breaks before anything came, and meanwhile things happen.
    const through = (async (url: string, init: RequestInit) => {
      if (!url.includes('/v1/events/stream')) return fetch(url, init);
      opened += 1;
      if (opened > 1) return fetch(url, init);
      await client.postEvent({ type: 'gap.thing', namespace: 'other', data: { n: 1 } });
      await client.postEvent({ type: 'gap.thing', namespace: 'mine', data: { n: 2 } });
      await client.postEvent({ type: 'else.thing', namespace: 'mine', data: { n: 3 } });
      return stream(': connected\n\n');
    }) as typeof fetch;
    const cut = new AdminClient({
      apiKey: key,
      baseUrl: inject('url'),
      fetch: through,
      sleep: async () => {},
    });
    const events = cut.streamEvents({ types: 'gap.*', namespace: 'mine' });
    expect((await events.next()).value).toMatchObject({ type: 'gap.thing', data: { n: 2 } });
    expect(opened).toBe(2);
    await events.return();
  });
});
