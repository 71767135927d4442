/**
 * Reading answers without rounding money.
 *
 * Amounts are JSON numbers of up to 19 digits, and a double keeps 15. So before `JSON.parse` sees an answer,
 * the number after every key that ends in `_usd` is put in quotes. In JSON text an unescaped `"…_usd"`
 * followed by a colon can only be a key, so nothing inside a string is touched.
 */
const AMOUNT = /("(?:[^"\\]*_)?usd"\s*:\s*)(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)/g;

/** Whether values under this key are amounts, and so were numbers on the wire. */
export function isAmountKey(key: string): boolean {
  return key === 'usd' || key.endsWith('_usd');
}

/** The same JSON with every amount as a string. */
export function quoteAmounts(json: string): string {
  return json.replace(AMOUNT, '$1"$2"');
}

/** Parses an answer; amounts become strings. */
export function parseExact<T>(json: string): T {
  return JSON.parse(quoteAmounts(json)) as T;
}

/** JSON for people: amounts are numbers again, as they were on the wire. */
export function printExact(value: unknown, indent = 2): string {
  const text = JSON.stringify(value, null, indent) ?? 'null';
  return text.replace(/("(?:[^"\\]*_)?usd":\s*)"(-?\d+(?:\.\d+)?)"/g, '$1$2');
}
