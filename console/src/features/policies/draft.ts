/**
 * The rules as text that is edited. The text is the one truth: the form reads it and writes it anew, so nothing that
 * the form does not know is lost. Amounts stay decimal digits all the way.
 */
import { parseExact } from '@/api/exact';
import type { Rule } from './words';

const NUMBER = /("(?:[^"\\]*_)?usd":\s*)"((?:0|[1-9]\d*)(?:\.\d+)?)"/g;

/** Rules as JSON text: amounts are numbers, unless they are none (somebody is typing). */
export function printRules(rules: unknown): string {
  return JSON.stringify(rules, null, 2).replace(NUMBER, '$1$2');
}

export type Read = { rules: Rule[]; problem: null } | { rules: null; problem: string; line: number };

/** The rules of a text, or why there are none. */
export function readRules(text: string): Read {
  try {
    JSON.parse(text);
  } catch (error) {
    const told = error instanceof Error ? error.message : String(error);
    // Browsers word it in their own ways, and not all of them say where.
    const problem = told
      .replace(/^JSON\.parse: /, '')
      .replace(/,? (in JSON )?at (position|line) .*$|, (\.\.\.)?".*$/s, '');
    return { rules: null, problem, line: lineAt(text, brokenAt(text)) };
  }
  const value = parseExact<unknown>(text);
  const isObject = (item: unknown) => item !== null && typeof item === 'object' && !Array.isArray(item);
  if (!Array.isArray(value) || !value.every(isObject)) {
    return { rules: null, problem: 'Must be a list of objects', line: 1 };
  }
  return { rules: value as Rule[], problem: null };
}

/** The line of a place in a text, from 1. */
export function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length;
}

/** Where each value of a JSON text begins, by its path: `rules[1].hours.from`. */
export function placesOf(text: string, root = 'rules'): Map<string, number> {
  const places = new Map<string, number>();
  scan(text, root, places);
  return places;
}

/** Where a text stops being JSON. */
function brokenAt(text: string): number {
  try {
    return scan(text, '', new Map());
  } catch (error) {
    return error instanceof Broken ? error.at : 0;
  }
}

class Broken extends Error {
  constructor(readonly at: number) {
    super(`not JSON at ${at}`);
  }
}

/** Notes places; the end of the value. Throws `Broken` where it is none. */
function scan(text: string, root: string, places: Map<string, number>): number {
  let at = 0;
  const blank = () => {
    while (/\s/.test(text[at] ?? '')) at++;
  };
  const token = (pattern: RegExp) => {
    pattern.lastIndex = at;
    const found = pattern.exec(text)?.[0];
    if (found === undefined) throw new Broken(at);
    at += found.length;
    return found;
  };
  const member = (path: string) => {
    const place = at;
    const inner = `${path}.${JSON.parse(token(STRING)) as string}`;
    // The key, not the value: that is where the eye looks for it.
    places.set(inner, place);
    blank();
    token(/:/y);
    value(inner);
  };
  const value = (path: string) => {
    blank();
    if (!places.has(path)) places.set(path, at);
    const first = text[at];
    if (first !== '{' && first !== '[') {
      token(SCALAR);
      return;
    }
    const end = first === '{' ? '}' : ']';
    at++;
    blank();
    for (let index = 0; text[at] !== end; index++) {
      if (index > 0) token(/,/y);
      blank();
      if (first === '{') member(path);
      else value(`${path}[${index}]`);
      blank();
    }
    at++;
  };
  value(root);
  blank();
  return at;
}

const STRING = /"(?:[^"\\\n]|\\.)*"/y;
const SCALAR = /"(?:[^"\\\n]|\\.)*"|-?\d[\d.eE+-]*|true|false|null/y;

/** The place of a path, or of the nearest one around it that is there. */
export function placeOf(places: ReadonlyMap<string, number>, path: string): number {
  for (let inner = path; inner !== ''; ) {
    const place = places.get(inner);
    if (place !== undefined) return place;
    inner =
      inner.replace(/(\.[^.[\]]*|\[\d+\])$/, '') === inner ? '' : inner.replace(/(\.[^.[\]]*|\[\d+\])$/, '');
  }
  return 0;
}

/** A request's body that has the rules as they are written, and other members. */
export function bodyWith(rules: string, members: Record<string, unknown>): string {
  const rest = Object.entries(members)
    .filter(([, value]) => value !== undefined && value !== '')
    .map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`);
  return `{${[...rest, `"rules":${rules}`].join(',')}}`;
}

function asking(rule: Rule): Rule {
  return Object.fromEntries([...Object.entries(rule), ['then', 'require_approval']]);
}

/** What can be added, and what it starts as. */
export const KINDS: readonly { value: string; label: string; rule: Rule }[] = [
  {
    value: 'ask',
    label: 'Ask people above an amount',
    rule: { require_approval_above_usd: '500', approval: { timeout: '15m', quorum: 1 } },
  },
  { value: 'most', label: 'At most so much at once', rule: { max_transaction_usd: '2000' } },
  { value: 'day', label: 'At most so much a day', rule: { daily_cap_usd: '5000' } },
  { value: 'month', label: 'At most so much a month', rule: { monthly_cap_usd: '50000' } },
  { value: 'vendors', label: 'Vendors by name', rule: { vendors: { deny: [] } } },
  { value: 'categories', label: 'Categories by name', rule: { categories: { deny: [] } } },
  { value: 'why', label: 'A description is needed', rule: { require_justification: true } },
  {
    value: 'hours',
    label: 'Office hours',
    rule: asking({
      hours: { days: ['mon', 'tue', 'wed', 'thu', 'fri'], from: '09:00', to: '18:00', tz: 'UTC' },
    }),
  },
  {
    value: 'when',
    label: 'A condition (CEL)',
    rule: asking({ when: 'purchase.amount_usd > usd("100") && purchase.category == ""' }),
  },
];
