/** All pages of a list as one answer. */
import { cleanup, renderHook, waitFor } from '@testing-library/react';
import type { ReactNode } from 'react';
import { afterEach, expect, test } from 'vitest';
import type { Api } from '@/api/client';
import { useAll } from '@/api/hooks';
import { ApiError } from '@/api/problem';
import { ApiScope } from '@/api/scope';

afterEach(cleanup);

interface Asked {
  query: { namespace?: string; limit: number; cursor?: string };
  signal: AbortSignal;
}

/** A server with so many wallets, that answers after `before` let it. */
function wallets(count: number, before: (asked: Asked) => Promise<void> = async () => {}) {
  const asked: Asked[] = [];
  const GET = async (_: string, init: { params: { query: Asked['query'] }; signal: AbortSignal }) => {
    const one = { query: init.params.query, signal: init.signal };
    asked.push(one);
    await before(one);
    const from = Number(one.query.cursor ?? 0);
    const ids = Array.from({ length: Math.min(one.query.limit, count - from) }, (__, n) => ({
      id: from + n,
    }));
    const next = from + ids.length < count ? String(from + ids.length) : null;
    return { data: { wallets: ids, next_cursor: next }, response: new Response() };
  };
  const api = { http: { GET } } as unknown as Api;
  const wrapper = ({ children }: { children: ReactNode }) => (
    <ApiScope api={api} live={false}>
      {children}
    </ApiScope>
  );
  const ask = (rowsMax: number) =>
    useAll('/v1/wallets', {
      topics: ['wallets'],
      params: { query: { namespace: 'acme' } },
      rows: (page) => page.wallets,
      rowsMax,
    });
  return { asked, render: (rowsMax: number) => renderHook(() => ask(rowsMax), { wrapper }) };
}

test('page after page, with the filter on each', async () => {
  const { asked, render } = wallets(450);
  const { result } = render(1_000);
  expect(result.current).toMatchObject({ rows: [], known: false, loading: true });
  await waitFor(() => expect(result.current.known).toBe(true));
  expect(result.current).toMatchObject({ whole: true, loading: false, error: null });
  expect(result.current.rows).toHaveLength(450);
  expect(new Set(result.current.rows.map(({ id }) => id)).size).toBe(450);
  expect(asked.map(({ query }) => query.cursor)).toEqual([undefined, '200', '400']);
  expect(asked.every(({ query }) => query.namespace === 'acme' && query.limit === 200)).toBe(true);
});

test('no page is asked for beyond the bound, and it says that there are more', async () => {
  const { asked, render } = wallets(450);
  const { result } = render(400);
  await waitFor(() => expect(result.current.known).toBe(true));
  expect(result.current.rows).toHaveLength(400);
  expect(result.current.whole).toBe(false);
  expect(asked).toHaveLength(2);
});

test('exactly as many as the bound are whole', async () => {
  const { render } = wallets(400);
  const { result } = render(400);
  await waitFor(() => expect(result.current.known).toBe(true));
  expect(result.current.whole).toBe(true);
});

test('a refusal on the way is the error of all of it', async () => {
  const { render } = wallets(450, async ({ query }) => {
    if (query.cursor === '200') throw new ApiError(403, 'forbidden', 'Not allowed', '');
  });
  const { result } = render(1_000);
  await waitFor(() => expect(result.current.error?.status).toBe(403));
  expect(result.current).toMatchObject({ rows: [], known: false, loading: false });
});

test('who leaves calls off what is under way, and comes back to no error', async () => {
  const { asked, render } = wallets(
    450,
    ({ signal }) =>
      new Promise((_, stop) => signal.addEventListener('abort', () => stop(signal.reason), { once: true })),
  );
  const { result, unmount } = render(1_000);
  await waitFor(() => expect(asked).toHaveLength(1));
  unmount();
  expect(asked[0]?.signal.aborted).toBe(true);
  expect(result.current.error).toBeNull();
});
