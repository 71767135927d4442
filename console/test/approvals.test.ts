import { describe, expect, it } from 'vitest';
import { bodyOf } from '@/features/approvals/decide';
import { bySilence, claimsOf, neighbour, said, who } from '@/features/approvals/words';

describe('a decision', () => {
  const typed = {
    verdict: 'approve' as const,
    reason: ' fine ',
    amount: '1850',
    asked: '1850.00',
    details: null,
  };
  it('is sent whole or not at all', () => {
    expect(bodyOf(typed)).toEqual({ body: { decision: 'approve', reason: 'fine' }, wrong: {} });
    expect(bodyOf({ ...typed, reason: ' ' }).body).toBeNull();
    expect(bodyOf({ ...typed, verdict: 'deny', amount: 'x' }).body).toEqual({
      decision: 'deny',
      reason: 'fine',
    });
  });
  it('allows less, never more, and takes no amount that could be read in two ways', () => {
    expect(bodyOf({ ...typed, amount: '1200.50' }).body).toMatchObject({ amount_usd: '1200.5' });
    for (const amount of ['1850.000000001', '0', '-1', '', '1.200,50', '1,200']) {
      expect(bodyOf({ ...typed, amount }).body, amount).toBeNull();
    }
  });
  it('refuses details that are no JSON', () => {
    const about = { ...typed, asked: null };
    expect(bodyOf({ ...about, details: '{"rows": 5}' }).body).toMatchObject({ details: { rows: 5 } });
    expect(bodyOf({ ...about, details: '{' }).body).toBeNull();
  });
});

describe('the queue', () => {
  it('has what expires first first', () => {
    const row = (id: string, expires_at: string) =>
      ({ id, expires_at }) as Parameters<typeof bySilence>[0][number];
    const rows = [
      row('c', '2026-11-23T10:00:02Z'),
      row('b', '2026-11-23T10:00:01Z'),
      row('a', '2026-11-23T10:00:02Z'),
    ];
    expect(bySilence(rows).map(({ id }) => id)).toEqual(['b', 'a', 'c']);
  });
  it('goes on to the next that is still there, else back', () => {
    const there = (...keys: string[]) => new Set(keys);
    expect(neighbour(['a', 'b', 'c'], 'a', there('b', 'c'))).toBe('b');
    expect(neighbour(['a', 'b', 'c'], 'a', there('a', 'c'))).toBe('c');
    expect(neighbour(['a', 'b', 'c'], 'c', there('a', 'b'))).toBe('b');
    expect(neighbour(['a'], 'a', there())).toBeNull();
  });
});

describe('the story', () => {
  it('is told in sentences', () => {
    const entry = (action: string, detail: Record<string, unknown>, actor = 'system') =>
      said({ action, detail, actor });
    expect(
      entry('approval.attempt', {
        channel: 'whk_1',
        saying: 'requested',
        attempt: 2,
        status_code: 500,
        result: 'retry',
        error: null,
      }),
    ).toBe('whk_1 could not be told the question (attempt 2: answered 500); it is tried again');
    expect(entry('approval.vote', { reason: 'ok', amount_usd: '5' }, 'person:ana')).toBe(
      'ana agreed, at most $5.00: ok',
    );
    expect(['key:key_1', 'slack:U1', 'system'].map(who)).toEqual(['key_1', 'slack U1', 'system']);
  });
  it('reads what a receipt claims', () => {
    const part = btoa(JSON.stringify({ amount: 'ü' }).replace('ü', '\\u00fc')).replace(/=+$/, '');
    expect(claimsOf(`x.${part}.y`)).toEqual({ amount: 'ü' });
    expect(claimsOf('nonsense')).toBeNull();
  });
});
