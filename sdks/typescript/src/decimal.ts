/**
 * Exact decimals, as text.
 *
 * An amount is a JSON number on the wire and may have more digits than a double holds, so the SDK reads
 * and sends amounts as strings: `'1850.00'`, `'0.000125'`. These few functions reckon with them exactly.
 */

/** An exact decimal: `'12.50'`. */
export type Decimal = string;

const FORM = /^([+-]?)(\d+)(?:\.(\d*))?(?:[eE]([+-]?\d{1,3}))?$/;

interface Scaled {
  digits: bigint;
  /** How many of the digits stand behind the point. */
  places: number;
}

function read(text: Decimal): Scaled {
  const parts = FORM.exec(String(text));
  if (!parts) throw new TypeError(`not a decimal: ${JSON.stringify(text)}`);
  const [, sign, whole, fraction = '', exponent = '0'] = parts;
  const places = fraction.length - Number(exponent);
  const digits = BigInt(`${whole}${fraction}`) * (sign === '-' ? -1n : 1n);
  return places < 0 ? { digits: digits * 10n ** BigInt(-places), places: 0 } : { digits, places };
}

function write({ digits, places }: Scaled): Decimal {
  const sign = digits < 0n ? '-' : '';
  const text = (digits < 0n ? -digits : digits).toString().padStart(places + 1, '0');
  const point = text.length - places;
  return sign + text.slice(0, point) + (places > 0 ? `.${text.slice(point)}` : '');
}

function aligned(a: Decimal, b: Decimal): [bigint, bigint, number] {
  const [one, other] = [read(a), read(b)];
  const places = Math.max(one.places, other.places);
  const to = (value: Scaled) => value.digits * 10n ** BigInt(places - value.places);
  return [to(one), to(other), places];
}

/** `a + b`, with as many places as the longer of them. */
export function add(a: Decimal, b: Decimal): Decimal {
  const [one, other, places] = aligned(a, b);
  return write({ digits: one + other, places });
}

/** `a - b`, with as many places as the longer of them. */
export function subtract(a: Decimal, b: Decimal): Decimal {
  const [one, other, places] = aligned(a, b);
  return write({ digits: one - other, places });
}

/** Negative if `a` is less than `b`, 0 if they are equal, else positive. To sort by. */
export function compare(a: Decimal, b: Decimal): -1 | 0 | 1 {
  const [one, other] = aligned(a, b);
  return one < other ? -1 : one > other ? 1 : 0;
}
