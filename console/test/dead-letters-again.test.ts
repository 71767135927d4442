import { expect, test } from 'vitest';
import { ApiError, asApiError } from '@/api/problem';
import { type Door, type Progress, retryAll, retryChosen } from '@/features/dead-letters/again';

const refusal = (status: number) => new ApiError(status, 'refused', 'Refused', '');

/** A server with these dead letters, in pages of two. */
function doorTo(dead: Record<string, string[]>, refused: readonly string[] = []) {
  const asked: string[] = [];
  const page = (all: string[], cursor: string | undefined) => {
    const from = Number(cursor ?? 0);
    return { ids: all.slice(from, from + 2), next: from + 2 < all.length ? String(from + 2) : null };
  };
  const door: Door = {
    retry: async (id) => {
      asked.push(id);
      if (refused.includes(id)) throw refusal(404);
    },
    retryOf: async (id, { until }) => {
      asked.push(`${id} until ${until}`);
      if (refused.includes(id)) throw refusal(404);
      return dead[id]?.length ?? 0;
    },
    endpoints: async (cursor) => page(Object.keys(dead), cursor),
    deadLetters: async (_, cursor) => page(Object.values(dead).flat(), cursor),
  };
  return { door, asked };
}

const DEAD = { whk_1: ['a', 'b'], whk_2: ['c'], whk_3: ['d', 'e'] };

test('chosen ones are asked for one by one, and refusals are counted', async () => {
  const { door, asked } = doorTo(DEAD, ['b']);
  const told: Progress[] = [];
  const ended = await retryChosen(
    door,
    ['a', 'b', 'c'],
    (one) => told.push(one),
    new AbortController().signal,
  );
  expect(ended).toEqual({ done: 2, failed: 1, total: 3 });
  expect(asked.sort()).toEqual(['a', 'b', 'c']);
  expect(told).toHaveLength(3);
});

test('all are asked for by endpoint, over all pages of endpoints', async () => {
  const { door, asked } = doorTo(DEAD);
  const ended = await retryAll(door, { until: 'now' }, 5, () => {}, new AbortController().signal);
  expect(ended).toEqual({ done: 5, failed: 0, total: 5 });
  expect(asked).toEqual(['whk_1 until now', 'whk_2 until now', 'whk_3 until now']);
});

test('a filter by type goes through the list itself', async () => {
  const { door, asked } = doorTo(DEAD);
  const ended = await retryAll(door, { type: 'order.*' }, null, () => {}, new AbortController().signal);
  expect(ended).toEqual({ done: 5, failed: 0, total: null });
  expect(asked.sort()).toEqual(['a', 'b', 'c', 'd', 'e']);
});

test('what was stopped goes no further', async () => {
  const { door, asked } = doorTo(DEAD);
  const control = new AbortController();
  const ended = await retryAll(door, {}, 5, () => control.abort(), control.signal);
  expect(ended.done).toBe(2);
  expect(asked).toHaveLength(1);
});

test('an outage ends the choice, and is no refusal', async () => {
  const { door, asked } = doorTo(DEAD, ['a']);
  const outage = asApiError(new TypeError('fetch failed'));
  const retry = async (id: string) => {
    if (id === 'c') throw outage;
    await door.retry(id);
  };
  const told: Progress[] = [];
  const ids = ['a', 'b', 'c', ...Array.from({ length: 20 }, (_, n) => `later ${n}`)];
  const run = retryChosen({ ...door, retry }, ids, (one) => told.push(one), new AbortController().signal);
  await expect(run).rejects.toBe(outage);
  // What was under way came through; nothing else was begun.
  expect(told.at(-1)).toEqual({ done: asked.length - 1, failed: 1, total: 23 });
  expect(asked.length).toBeLessThan(8);
});

test.each([401, 403, 429, 500, 503])('a %i ends the run over endpoints', async (status) => {
  const { door, asked } = doorTo(DEAD);
  const retryOf: Door['retryOf'] = async (id, filter) => {
    if (id === 'whk_2') throw refusal(status);
    return door.retryOf(id, filter);
  };
  const told: Progress[] = [];
  const run = retryAll({ ...door, retryOf }, {}, 5, (one) => told.push(one), new AbortController().signal);
  await expect(run).rejects.toMatchObject({ status });
  expect(told).toEqual([{ done: 2, failed: 0, total: 5 }]);
  expect(asked).toHaveLength(1);
});

test('endpoints that are gone or in another state are refusals', async () => {
  for (const status of [404, 409]) {
    const { door } = doorTo(DEAD);
    const retryOf: Door['retryOf'] = async (id, filter) => {
      if (id === 'whk_2') throw refusal(status);
      return door.retryOf(id, filter);
    };
    const ended = await retryAll({ ...door, retryOf }, {}, 5, () => {}, new AbortController().signal);
    expect(ended).toEqual({ done: 4, failed: 1, total: 5 });
  }
});
