const CHARS_MAX = 160;
const VALUE_CHARS_MAX = 60;

/** An event's data in one line: `vendor openai · amount_usd 1.25`. Ids and times come last, nested data one level deep. */
export function gist(data: unknown): string {
  if (data === null || typeof data !== 'object') return '';
  const parts = flat(data as Record<string, unknown>);
  const telling = [...parts.filter(([name]) => !isDull(name)), ...parts.filter(([name]) => isDull(name))];
  let line = '';
  for (const [name, value] of telling) {
    const part = `${name} ${value}`;
    if (line.length + part.length > CHARS_MAX) break;
    line += line === '' ? part : ` · ${part}`;
  }
  return line;
}

function isDull(name: string): boolean {
  return name === 'id' || /_(id|at|sha256|digest|url)$/.test(name) || /sha256|digest/.test(name);
}

function flat(data: Record<string, unknown>): [string, string][] {
  return Object.entries(data).flatMap(([name, value]): [string, string][] => {
    if (value === null || Array.isArray(value)) return [];
    // One level: a transaction's amount says more than the id beside it.
    if (typeof value === 'object') {
      return Object.entries(value)
        .filter(([, inner]) => inner !== null && typeof inner !== 'object')
        .map(([inner, text]): [string, string] => [inner, String(text)])
        .filter(([, text]) => text.length <= VALUE_CHARS_MAX);
    }
    const text = String(value);
    return text.length <= VALUE_CHARS_MAX ? [[name, text]] : [];
  });
}
