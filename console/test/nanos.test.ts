import { describe, expect, it } from 'vitest';
import { formatUsd, parseUsd, percentOf, showUsd, usdText } from '@/ui/nanos';

describe('money', () => {
  it('keeps every digit that a double would lose', () => {
    const nanos = parseUsd('999999999.999999999');
    expect(nanos).toBe(999_999_999_999_999_999n);
    expect(usdText(nanos ?? 0n)).toBe('999999999.999999999');
  });
  it('adds tenths exactly', () => {
    expect(usdText((parseUsd('0.1') ?? 0n) + (parseUsd('0.2') ?? 0n))).toBe('0.3');
  });
  it('reads exponents, signs and plain numbers', () => {
    expect(parseUsd('1e-9')).toBe(1n);
    expect(parseUsd('1.5E2')).toBe(150_000_000_000n);
    expect(parseUsd('-0.25')).toBe(-250_000_000n);
    expect(parseUsd('1850.0')).toBe(1_850_000_000_000n);
  });
  it('refuses what is no amount, and digits below a nano-dollar', () => {
    for (const text of ['', 'abc', '1,000', '$5', '.', '1.', '0.0000000001', 'NaN'])
      expect(parseUsd(text)).toBeNull();
  });
  it('shows at least cents, groups thousands, and a true minus', () => {
    expect(formatUsd(1_234_500_000_000n)).toBe('$1,234.50');
    expect(formatUsd(2_500_000n)).toBe('$0.0025');
    expect(formatUsd(-1_000_000_000n)).toBe('\u2212$1.00');
    expect(formatUsd(1n, { sign: true })).toBe('+$0.000000001');
  });
  it('shows an amount of the API, and nothing for what is none', () => {
    expect(showUsd('1234.5')).toBe('$1,234.50');
    expect(showUsd('')).toBe('$0.00');
  });
  it('rounds to cents only what has cents', () => {
    expect(formatUsd(1_999_600_000n, { round: true })).toBe('$2.00');
    expect(formatUsd(4_000_000n, { round: true })).toBe('$0.004');
  });
  it('says 100 % only when all of it is gone', () => {
    expect(percentOf(999_999n, 1_000_000n)).toBe(99.9);
    expect(percentOf(1n, 0n)).toBeNull();
  });
});
