/**
 * Other bodies that mean the same: what a body may have been before an editor, a proxy or a framework touched
 * it. Each says how it differs from the body that was given.
 */
export interface Rewrite {
  name: string;
  body: string;
}

/** A longer body is not rewritten: this is for reading webhooks, not archives. */
const CHARS_MAX = 256 * 1024;

/** Whitespace added or taken at the ends, other line endings, a byte-order mark. */
export function trimmings(body: string): Rewrite[] {
  const trimmed = body.replace(/^\uFEFF/, '').trim();
  const unix = body.replaceAll('\r\n', '\n');
  return different(body, [
    { name: 'without the whitespace around it', body: trimmed },
    { name: 'with a line ending after it', body: `${trimmed}\n` },
    { name: 'with CR LF after it', body: `${trimmed}\r\n` },
    { name: 'without its byte-order mark', body: body.replace(/^\uFEFF/, '') },
    { name: 'with LF line endings', body: unix },
    { name: 'with CR LF line endings', body: unix.replaceAll('\n', '\r\n') },
  ]);
}

/** The same JSON as common writers lay it out: other spaces, other escapes, amounts with cents, keys sorted. */
export function rewritings(body: string): Rewrite[] {
  const value = body.length > CHARS_MAX ? undefined : parsed(body);
  if (value === undefined || value === null || typeof value !== 'object') return [];
  const exact = compact(body);
  const bases: [string, string][] = [
    ['', exact],
    ['with amounts to the cent and ', cents(exact)],
    ['with numbers as JavaScript writes them and ', JSON.stringify(value)],
    ['with sorted keys and ', JSON.stringify(sorted(value))],
  ];
  const layouts = bases.flatMap(([name, text]): Rewrite[] => [
    { name: `${name}without whitespace`, body: text },
    { name: `${name}with \`, \` and \`: \` between`, body: spaced(text) },
    { name: `${name}indented by two`, body: JSON.stringify(JSON.parse(text), null, 2) },
  ]);
  const escaped = layouts.flatMap((one): Rewrite[] => [
    { name: `${one.name}, escaped to ASCII`, body: ascii(one.body) },
    { name: `${one.name}, not escaped`, body: unescaped(one.body) },
  ]);
  return different(body, [...layouts, ...escaped]);
}

/** JSON text without the whitespace between its tokens; every token as it was. */
export function compact(json: string): string {
  return tokens(json).join('');
}

function spaced(json: string): string {
  return tokens(json)
    .map((token) => (token === ',' ? ', ' : token === ':' ? ': ' : token))
    .join('');
}

const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g;

function tokens(json: string): string[] {
  return json.match(TOKEN) ?? [];
}

function cents(json: string): string {
  return json
    .replace(/("(?:[^"\\]*_)?usd":)(-?\d+)(?:\.(\d))?(?=[,}\]])/g, '$1$2.$30')
    .replace(/("(?:[^"\\]*_)?usd":-?\d+)\.0(?=[,}\]])/g, '$1.00');
}

function ascii(text: string): string {
  return text.replace(/[\u0080-\uffff]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function unescaped(text: string): string {
  return text.replace(/\\u([0-9a-fA-F]{4})/g, (whole, hex: string) => {
    const code = Number.parseInt(hex, 16);
    return code < 0x80 ? whole : String.fromCharCode(code);
  });
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== 'object') return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return Object.fromEntries(entries.map(([key, inner]) => [key, sorted(inner)]));
}

/** The JSON value, or undefined if it is none. */
export function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** Whether two texts are the same JSON, whatever the order of keys and the spelling of numbers. */
export function sameJson(a: string, b: string): boolean {
  const [left, right] = [parsed(a), parsed(b)];
  if (left === undefined || right === undefined) return false;
  return JSON.stringify(sorted(left)) === JSON.stringify(sorted(right));
}

function different(body: string, rewrites: Rewrite[]): Rewrite[] {
  const seen = new Set([body]);
  return rewrites.filter((one) => {
    if (seen.has(one.body)) return false;
    seen.add(one.body);
    return true;
  });
}
