/** Commands that a reader can paste. The console is served by the server that they are for. */

/** Where the API is: what this page was loaded from. */
export function apiUrl(path = ''): string {
  return `${window.location.origin}${path}`;
}

export interface CurlOptions {
  method?: string;
  body?: unknown;
  key?: string;
}

/** A curl command of this server's API; the key is the reader's to put in. */
export function curl(path: string, { method, body, key = '$BELLWIRE_API_KEY' }: CurlOptions = {}): string {
  const verb = method ?? (body === undefined ? 'GET' : 'POST');
  const parts = [
    `curl ${verb === 'GET' ? '' : `-X ${verb} `}${apiUrl(path)}`,
    `-H "Authorization: Bearer ${key}"`,
  ];
  if (body !== undefined) {
    parts.push('-H "Content-Type: application/json"', `-d ${shellQuote(JSON.stringify(body))}`);
  }
  return parts.join(' \\\n  ');
}

/** One word for a POSIX shell. */
export function shellQuote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
