// @vitest-environment node
/** How asking ends: with an answer, with an `ApiError`, or called off. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { answer, createApi } from '@/api/client';

beforeEach(() => vi.stubGlobal('window', { location: { origin: 'http://console.test' } }));
afterEach(() => vi.unstubAllGlobals());

/** An API whose server begins to answer, and then does as `rest` says. */
function apiWith(rest: (request: Request, body: ReadableStreamDefaultController) => void) {
  vi.stubGlobal('fetch', async (request: Request) => {
    const body = new ReadableStream({
      start: (control) => {
        control.enqueue(new TextEncoder().encode('{"wallets": ['));
        rest(request, control);
      },
    });
    return new Response(body, { headers: { 'Content-Type': 'application/json' } });
  });
  return createApi({ kind: 'key', key: 'k' });
}

const ways = (api: ReturnType<typeof apiWith>, signal: AbortSignal) => [
  answer(api.http.GET('/v1/wallets', { signal })),
  api.raw('GET', '/v1/wallets', { signal }),
];

test('what is called off while it is read is no error to show', async () => {
  const control = new AbortController();
  const api = apiWith((request, body) => {
    request.signal.addEventListener('abort', () => body.error(request.signal.reason));
  });
  const asked = ways(api, control.signal).map((way) =>
    expect(way).rejects.toHaveProperty('name', 'AbortError'),
  );
  control.abort();
  await Promise.all(asked);
});

test('an answer that breaks off is an error as if there were none', async () => {
  const api = apiWith((_, body) => body.error(new TypeError('terminated')));
  for (const way of ways(api, new AbortController().signal)) {
    await expect(way).rejects.toMatchObject({ name: 'ApiError', status: 0, code: 'unreachable' });
  }
});
