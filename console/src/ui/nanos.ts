/**
 * Money as whole nano-dollars in a BigInt: exact at every size, and never a float. Amounts come as decimal
 * strings (api/exact.ts) and go back as such.
 */
const NANOS_PER_DOLLAR = 1_000_000_000n;
const DECIMAL = /^([+-]?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d{1,3}))?$/;

/** The amount in nano-dollars, or null if it is none. Digits below a nano-dollar are refused. */
export function parseUsd(text: string): bigint | null {
  const match = DECIMAL.exec(text.trim());
  if (!match) return null;
  const [, sign, whole = '', fraction = '', exponent = '0'] = match;
  const shift = 9 - fraction.length + Number(exponent);
  const digits = BigInt(whole + fraction);
  let nanos: bigint;
  if (shift >= 0) {
    nanos = digits * 10n ** BigInt(shift);
  } else {
    const below = 10n ** BigInt(-shift);
    if (digits % below !== 0n) return null;
    nanos = digits / below;
  }
  return sign === '-' ? -nanos : nanos;
}

/** The plain decimal, as the API takes it: `12.5`. */
export function usdText(nanos: bigint): string {
  const size = nanos < 0n ? -nanos : nanos;
  const fraction = (size % NANOS_PER_DOLLAR).toString().padStart(9, '0').replace(/0+$/, '');
  const whole = size / NANOS_PER_DOLLAR;
  return `${nanos < 0n ? '-' : ''}${whole}${fraction === '' ? '' : `.${fraction}`}`;
}

/** For people: `$1,234.50`; as many decimals as there are, at least two. Exact unless `round`. */
export function formatUsd(nanos: bigint, options: { round?: boolean; sign?: boolean } = {}): string {
  const size = nanos < 0n ? -nanos : nanos;
  const cents = NANOS_PER_DOLLAR / 100n;
  const shown = options.round && size >= cents ? ((size + cents / 2n) / cents) * cents : size;
  const whole = (shown / NANOS_PER_DOLLAR).toString().replace(/\B(?=(\d{3})+$)/g, ',');
  const fraction = (shown % NANOS_PER_DOLLAR).toString().padStart(9, '0').replace(/0+$/, '').padEnd(2, '0');
  const sign = nanos < 0n ? '\u2212' : options.sign ? '+' : '';
  return `${sign}$${whole}.${fraction}`;
}

/** An amount as the API writes it, for people; `$0.00` for what is none. */
export function showUsd(text: string): string {
  return formatUsd(parseUsd(text) ?? 0n);
}

/** `part` of `whole` in percent with one decimal, cut off, so that 100 means all of it. Null without a whole. */
export function percentOf(part: bigint, whole: bigint): number | null {
  if (whole <= 0n) return null;
  return Number((part * 1000n) / whole) / 10;
}

/** For the height of a chart's line only, where a pixel is coarser than any rounding. */
export function plotUsd(text: string): number {
  const nanos = parseUsd(text) ?? 0n;
  return Number(nanos / 1000n) / 1e6;
}
