/**
 * JSON in which amounts keep their digits.
 *
 * `JSON.parse` reads every number as a double. Here the numbers under names that end in `_usd` (`Usd` in
 * the camelCase dialects) are quoted before it sees them, and so come out as decimal strings, and so do
 * the ledger's (`net_delta`, `overage_rate`, and the `value` of a `delta`). Everything else is as ever, and so
 * is everything below `details`, which are the asker's own and have a digest: as strings they had another.
 */

const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const VERBATIM = /^(?:approved_?[dD]|d)etails$/;
const EXACT = /(?:^|_)usd$|Usd$|^net_?[dD]elta$|^overage_?[rR]ate$/;

const [QUOTE, BACKSLASH, OPEN, CLOSE, COLON, OPEN_LIST, CLOSE_LIST] = [34, 92, 123, 125, 58, 91, 93];

/** Where the string that begins at `start` ends: behind its closing quote. */
function stringEnd(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === BACKSLASH) at += 1;
    else if (code === QUOTE) return at + 1;
  }
  return text.length;
}

function skipBlank(text: string, start: number): number {
  let at = start;
  while (at < text.length && ' \n\r\t'.includes(text.charAt(at))) at += 1;
  return at;
}

/** The text with exact numbers as strings. What is no JSON stays none. */
function quoted(text: string): string {
  const parts: string[] = [];
  const parents: string[] = [];
  let name = '';
  /** How deep the outermost `details` lie that this is in; 0 outside of them. */
  let verbatim = 0;
  let copied = 0;
  let at = 0;
  while (at < text.length) {
    const code = text.charCodeAt(at);
    if (code === OPEN || code === OPEN_LIST) {
      parents.push(name);
      if (verbatim === 0 && VERBATIM.test(name)) verbatim = parents.length;
      name = '';
    } else if (code === CLOSE || code === CLOSE_LIST) {
      if (parents.length === verbatim) verbatim = 0;
      parents.pop();
      name = '';
    }
    if (code !== QUOTE) {
      at += 1;
      continue;
    }
    const end = stringEnd(text, at);
    const colon = skipBlank(text, end);
    if (text.charCodeAt(colon) !== COLON) {
      at = end;
      continue;
    }
    name = text.slice(at + 1, end - 1);
    const value = skipBlank(text, colon + 1);
    at = value;
    if (verbatim > 0) continue;
    if (!EXACT.test(name) && !(name === 'value' && parents.at(-1) === 'delta')) continue;
    NUMBER.lastIndex = value;
    const number = NUMBER.exec(text)?.[0];
    if (number === undefined) continue;
    parts.push(text.slice(copied, value), `"${number}"`);
    copied = value + number.length;
    at = copied;
  }
  parts.push(text.slice(copied));
  return parts.join('');
}

/** As `JSON.parse`, but amounts are decimal strings. */
export function parseJson(text: string): unknown {
  return JSON.parse(quoted(text));
}
