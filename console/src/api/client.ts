/**
 * The typed client. Its types come from openapi.json (`npm run schema`), so a route that does not exist does
 * not compile.
 *
 *     const { event, deliveries } = await answer(api.http.POST('/v1/events', { body }));
 *
 * A refusal is thrown as `ApiError`. Amounts are strings (exact.ts).
 */
import createClient, { type Client } from 'openapi-fetch';
import { parseExact, quoteAmounts } from './exact';
import { ApiError, asApiError, problemOf } from './problem';
import type { paths } from './schema';

/** As whom to ask: the browser's session, or a key in hand (the playground's). */
export type Credentials =
  | { kind: 'session'; csrfToken: () => string | null; onEnded: () => void }
  | { kind: 'key'; key: string };

export interface RawOptions {
  query?: Record<string, string | number | boolean | null | undefined>;
  body?: unknown;
  headers?: Record<string, string>;
  signal?: AbortSignal;
}

/** Everything that asks the server goes through one of these. */
export interface Api {
  /** Typed calls: `api.http.GET('/v1/events', { params: { query } })`; wrap them in `answer`. */
  http: Client<paths>;
  /** A call by hand, for routes that are not in openapi.json. */
  raw<T>(method: string, path: string, options?: RawOptions): Promise<T>;
  /** A fetch with credentials and no reading of the answer: streams, exports. */
  fetch(path: string, init?: RequestInit): Promise<Response>;
}

/** What breaks on the way is an `ApiError`; what was called off is no error of anybody's, and stays an abort. */
async function reached<T>(sent: Promise<T>): Promise<T> {
  try {
    return await sent;
  } catch (error) {
    throw error instanceof DOMException && error.name === 'AbortError' ? error : asApiError(error);
  }
}

const SAFE = new Set(['GET', 'HEAD', 'OPTIONS']);

export function createApi(credentials: Credentials): Api {
  const signed = async (request: Request): Promise<Response> => {
    if (credentials.kind === 'key') {
      request.headers.set('Authorization', `Bearer ${credentials.key}`);
    } else if (!SAFE.has(request.method)) {
      const token = credentials.csrfToken();
      if (token) request.headers.set('X-CSRF-Token', token);
    }
    const response = await reached(
      fetch(request, { credentials: credentials.kind === 'key' ? 'omit' : 'same-origin' }),
    );
    if (response.ok) return response;
    if (response.status === 401 && credentials.kind === 'session') credentials.onEnded();
    throw await problemOf(response);
  };

  const exact = async (request: Request): Promise<Response> => {
    const response = await signed(request);
    const type = response.headers.get('Content-Type') ?? '';
    if (response.status === 204 || !type.startsWith('application/json')) return response;
    const text = quoteAmounts(await reached(response.text()));
    return new Response(text, { status: response.status, headers: { 'Content-Type': type } });
  };

  const at = (path: string) => new URL(path, window.location.origin);

  return {
    http: createClient<paths>({ baseUrl: window.location.origin, fetch: exact }),
    async raw<T>(method: string, path: string, options: RawOptions = {}): Promise<T> {
      const url = at(path);
      for (const [name, value] of Object.entries(options.query ?? {})) {
        if (value !== null && value !== undefined && value !== '') url.searchParams.set(name, String(value));
      }
      const headers = new Headers(options.headers);
      if (options.body !== undefined) headers.set('Content-Type', 'application/json');
      const body = options.body === undefined ? null : JSON.stringify(options.body);
      const response = await signed(new Request(url, { method, headers, body, signal: options.signal }));
      const text = await reached(response.text());
      return (text === '' ? undefined : parseExact<T>(text)) as T;
    },
    fetch: (path, init) => signed(new Request(at(path), init)),
  };
}

/** The body of a typed call. A refusal was thrown already. */
export async function answer<T>(
  call: Promise<{ data?: T; error?: unknown; response: Response }>,
): Promise<T> {
  const { data, error, response } = await call;
  if (error !== undefined) throw new ApiError(response.status, 'unreadable', 'Not understood', String(error));
  return data as T;
}
