import { describe, expect, it } from 'vitest';
import { parseExact, printExact, quoteAmounts } from '@/api/exact';

describe('reading answers', () => {
  it('makes strings of amounts and of nothing else', () => {
    const read = parseExact<Record<string, unknown>>(
      '{"amount_usd":999999999.999999999,"count":12,"n": 1.5}',
    );
    expect(read).toEqual({ amount_usd: '999999999.999999999', count: 12, n: 1.5 });
  });
  it('leaves text that looks like an amount alone', () => {
    const json = JSON.stringify({ memo: '"amount_usd": 5', list: ['amount_usd', 5] });
    expect(quoteAmounts(json)).toBe(json);
  });
  it('leaves null and strings alone', () => {
    expect(parseExact('{"limit_usd":null,"spent_usd":"3"}')).toEqual({ limit_usd: null, spent_usd: '3' });
  });
  it('prints amounts as the numbers that they were', () => {
    expect(printExact(parseExact('{"data":{"amount_usd":1850.0}}'), 0)).toBe(
      '{"data":{"amount_usd":1850.0}}',
    );
  });
});
