import { expect, test } from 'vitest';
import { type Door, type Progress, retryAll, retryChosen } from '@/features/dead-letters/again';

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
      if (refused.includes(id)) throw new Error('not found');
    },
    retryOf: async (id, { until }) => {
      asked.push(`${id} until ${until}`);
      if (refused.includes(id)) throw new Error('not found');
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
