/** Requests: their key, their time, and which of them are tried again. */

import { BellwireError } from '../errors.js';
import { KEYED } from '../generated/operations.js';
import { parseJson } from '../json.js';
import { ApiError, type ProblemBody, problemOf, TransportError } from './problems.js';

/** How a client connects. */
export interface ConnectionOptions {
  /** A key; `BELLWIRE_KEY` of the environment if absent. */
  apiKey?: string | undefined;
  /** Where the server is; `BELLWIRE_URL` of the environment if absent, else `http://127.0.0.1:4800`. */
  baseUrl?: string | undefined;
  /** How long one try may take, in milliseconds, beside what the server is asked to wait; 30 s if absent. */
  timeoutMs?: number | undefined;
  /**
   * How long a stream may be silent before it is made anew, in milliseconds; 45 s if absent. The server says
   * something every 15 s.
   */
  silenceMs?: number | undefined;
  /** How often a request is tried again at most; 3 if absent. */
  retries?: number | undefined;
  /** Used in place of the global `fetch`. */
  fetch?: typeof fetch | undefined;
  /** Waits, for tests; `setTimeout` if absent. */
  sleep?: ((ms: number, signal?: AbortSignal) => Promise<void>) | undefined;
}

/** What may be said beside a call's own arguments. */
export interface CallOptions {
  /** Makes repeating harmless; a fresh one if absent, the same for all tries of a call. */
  idempotencyKey?: string | undefined;
  /** How long one try may take, in milliseconds, beside what the server is asked to wait. */
  timeoutMs?: number | undefined;
  signal?: AbortSignal | undefined;
}

/** One request, before it is sent. */
export interface Outgoing extends CallOptions {
  /** Method and path as `openapi.json` has them. */
  route: string;
  path?: Readonly<Record<string, string>> | undefined;
  query?: Readonly<Record<string, unknown>> | undefined;
  body?: unknown | undefined;
  accept?: string | undefined;
  headers?: Readonly<Record<string, string>> | undefined;
  /** How long the server was asked to wait before it answers, in milliseconds. */
  waitMs?: number | undefined;
}

/** Operations without a key that are harmless to ask for twice. */
const HARMLESS = new Set([
  // The same decision again is answered alike.
  'POST /v1/approvals/{approval_id}',
  'POST /v1/policies/{policy_id}/evaluate',
  'POST /v1/policies/{policy_id}/replay',
]);
const BACKOFF_FIRST_MS = 250;
const BACKOFF_MAX_MS = 8000;
/** A server that asks for more patience than that gets its answer passed on instead. */
const RETRY_AFTER_MAX_S = 60;

/** How long a stream that breaks again and again is left alone at most. */
const REOPEN_MAX_MS = 30_000;

const isKeyed = (route: string): boolean => KEYED.has(route);

const environment = (name: string): string | undefined =>
  (globalThis as { process?: { env?: Record<string, string | undefined> } }).process?.env?.[name];

function sleepFor(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, ms);
    if (signal?.aborted) stop();
    else signal?.addEventListener('abort', stop, { once: true });
  });
}

/** Seconds from a `Retry-After` header, which is a number or a date. */
export function retryAfterSeconds(value: string | null, now = Date.now()): number | null {
  if (value === null) return null;
  if (/^\d+$/.test(value)) return Number(value);
  const at = Date.parse(value);
  return Number.isNaN(at) ? null : Math.max(0, Math.ceil((at - now) / 1000));
}

/** A key that can be a header. It is not told which one is not. */
function checkedKey(key: string | undefined): string {
  if (!key) throw new TypeError('an API key is needed: pass `apiKey`, or set BELLWIRE_KEY');
  if (!/^[\x21-\x7e]+$/.test(key)) {
    throw new TypeError('the API key holds a space, a line end or another character that no key has');
  }
  return key;
}

/** Where a server is, without a slash at the end. What it was is not told: it may hold a password. */
function checkedUrl(text: string): string {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw new TypeError('`baseUrl` is no URL: it is to be like https://bellwire.example.com');
  }
  if (url.protocol !== 'https:' && url.protocol !== 'http:') {
    throw new TypeError('`baseUrl` is to begin with https:// or http://');
  }
  if (url.username !== '' || url.password !== '') {
    throw new TypeError('`baseUrl` must not hold a user or a password: pass the key as `apiKey`');
  }
  if (url.search !== '' || url.hash !== '') throw new TypeError('`baseUrl` must hold no `?` and no `#`');
  return text.trim().replace(/\/+$/, '');
}

/** What an answer's body says. It is an object, unless something else than the API answered. */
function objectFrom<Answer>(route: string, status: number, text: string): Answer {
  if (status === 204 && text === '') return undefined as Answer;
  let answer: unknown;
  try {
    answer = parseJson(text);
  } catch {
    answer = null;
  }
  if (typeof answer === 'object' && answer !== null) return answer as Answer;
  throw new BellwireError(`${route}: the answer (${status}) is not JSON of the API: is \`baseUrl\` right?`);
}

/** The error that a response is. */
export async function problemFrom(response: Response): Promise<ApiError> {
  const text = await response.text().catch(() => '');
  let body: unknown;
  try {
    body = parseJson(text);
  } catch {
    body = null;
  }
  const said = typeof body === 'object' && body !== null ? (body as Partial<ProblemBody>) : {};
  const problem = {
    ...said,
    type: said.type ?? 'about:blank',
    title: said.title ?? response.statusText,
    status: response.status,
    code: said.code ?? `http_${response.status}`,
    detail: said.detail ?? (text.slice(0, 200) || response.statusText || 'no answer in words'),
  };
  return problemOf(problem, retryAfterSeconds(response.headers.get('retry-after')));
}

/** Sends requests to one server with one key. */
export class Transport {
  readonly baseUrl: string;
  /** Not enumerable, so that logging a client does not show it. */
  readonly #apiKey: string;
  readonly #options: ConnectionOptions;

  constructor(options: ConnectionOptions) {
    this.#apiKey = checkedKey(options.apiKey ?? environment('BELLWIRE_KEY'));
    this.#options = options;
    // A variable that is set to nothing is as good as not set.
    this.baseUrl = checkedUrl(options.baseUrl || environment('BELLWIRE_URL') || 'http://127.0.0.1:4800');
  }

  /** Where a request goes. */
  #url({ route, path = {}, query = {} }: Outgoing): string {
    const filled = route.slice(route.indexOf(' ') + 1).replace(/\{(\w+)\}/g, (_, name: string) => {
      const value = path[name];
      if (!value) throw new TypeError(`${name} must not be empty`);
      // Escaped or not, these two leave their segment.
      if (value === '.' || value === '..') throw new TypeError(`${name} must not be ${value}`);
      return encodeURIComponent(value);
    });
    const search = new URLSearchParams();
    for (const [name, value] of Object.entries(query)) {
      if (value !== undefined && value !== null) search.append(name, String(value));
    }
    return `${this.baseUrl}${filled}${search.size > 0 ? `?${search}` : ''}`;
  }

  /** Sends one try; its time ends with the headers of the answer, or with its body if it is read whole. */
  async send(outgoing: Outgoing, stream = false): Promise<{ response: Response; done: () => void }> {
    const method = outgoing.route.slice(0, outgoing.route.indexOf(' '));
    const url = this.#url(outgoing);
    const headers: Record<string, string> = {
      ...outgoing.headers,
      authorization: `Bearer ${this.#apiKey}`,
      accept: outgoing.accept ?? 'application/json',
    };
    if (outgoing.body !== undefined) headers['content-type'] = 'application/json';
    if (outgoing.idempotencyKey) headers['idempotency-key'] = outgoing.idempotencyKey;
    const limit = (outgoing.timeoutMs ?? this.#options.timeoutMs ?? 30_000) + (outgoing.waitMs ?? 0);
    const abort = new AbortController();
    const stop = () => abort.abort(outgoing.signal?.reason);
    if (outgoing.signal?.aborted) stop();
    outgoing.signal?.addEventListener('abort', stop, { once: true });
    const timer = setTimeout(() => abort.abort(new Error(`no answer within ${limit} ms`)), limit);
    const done = () => {
      clearTimeout(timer);
      outgoing.signal?.removeEventListener('abort', stop);
      // A stream has no end of its own: its connection is to end with it.
      if (stream) abort.abort();
    };
    const body = outgoing.body === undefined ? null : JSON.stringify(outgoing.body);
    try {
      const send = this.#options.fetch ?? fetch;
      // Followed, a redirect would take the key elsewhere. Edge runtimes do not know `error`.
      const response = await send(url, { method, headers, body, signal: abort.signal, redirect: 'manual' });
      if (stream) clearTimeout(timer);
      return { response, done };
    } catch (error) {
      // Before `done`, which may abort: that would not be why.
      const why = abort.signal.aborted ? abort.signal.reason : error;
      done();
      throw this.#failed(outgoing, why);
    }
  }

  /** Why no answer came, unless the caller gave up. */
  #failed(outgoing: Outgoing, error: unknown): unknown {
    if (outgoing.signal?.aborted) return outgoing.signal.reason;
    const cause = (error as { cause?: unknown })?.cause ?? error;
    const words = cause instanceof Error ? cause.message || cause.name : String(cause);
    const { idempotencyKey } = outgoing;
    return new TransportError(`${outgoing.route}: ${words}`, { cause: error, idempotencyKey });
  }

  /** Whether to try again after this, and in how many milliseconds; null for never. */
  #pause(outgoing: Outgoing, error: unknown, tried: number): number | null {
    if (tried > (this.#options.retries ?? 3)) return null;
    const ceiling = Math.min(BACKOFF_MAX_MS, BACKOFF_FIRST_MS * 2 ** (tried - 1));
    const backoff = ceiling / 2 + (Math.random() * ceiling) / 2;
    const repeatable =
      /^(GET|PUT|DELETE) /.test(outgoing.route) || HARMLESS.has(outgoing.route) || isKeyed(outgoing.route);
    if (error instanceof TransportError) return repeatable ? backoff : null;
    if (!(error instanceof ApiError)) return null;
    const { status, retryAfter, code } = error;
    const refused = status === 429 || (status === 503 && repeatable);
    const busy = status === 409 && code === 'idempotency_conflict' && retryAfter !== null;
    const gateway = (status === 502 || status === 504) && repeatable;
    if (!refused && !busy && !gateway) return null;
    if ((retryAfter ?? 0) > RETRY_AFTER_MAX_S) return null;
    return Math.max(backoff, (retryAfter ?? 0) * 1000);
  }

  /** Sends, tries again where that is safe, and reads the answer with `read`. */
  async exchange<Answer>(asked: Outgoing, read: (response: Response) => Promise<Answer>): Promise<Answer> {
    const fresh = isKeyed(asked.route) ? { idempotencyKey: asked.idempotencyKey ?? crypto.randomUUID() } : {};
    const outgoing = { ...asked, ...fresh };
    for (let tried = 1; ; tried += 1) {
      let failure: unknown;
      let stubborn = false;
      try {
        const { response, done } = await this.send(outgoing);
        try {
          if (response.ok) return await read(response);
          // It was deleted by the try before, whose answer was lost.
          if (tried > 1 && response.status === 404 && outgoing.route.startsWith('DELETE ')) {
            return undefined as Answer;
          }
          stubborn = response.headers.get('x-should-retry') === 'false';
          failure = await problemFrom(response);
        } catch (error) {
          failure = error instanceof BellwireError ? error : this.#failed(outgoing, error);
        } finally {
          done();
        }
      } catch (error) {
        failure = error;
      }
      const pause = stubborn ? null : this.#pause(outgoing, failure, tried);
      if (pause === null) throw failure;
      await this.#sleep(pause, outgoing.signal);
    }
  }

  /** An answer that is read while it comes, at the first try; `done` is to be called at its end. */
  async open(outgoing: Outgoing): Promise<{ response: Response; done: () => void }> {
    const { response, done } = await this.send(outgoing, true);
    if (response.ok) return { response, done };
    try {
      throw await problemFrom(response);
    } finally {
      done();
    }
  }

  /** How long a stream may be silent, in milliseconds. */
  get silenceMs(): number {
    return this.#options.silenceMs ?? 45_000;
  }

  /** Waits before a stream that broke is opened again: longer each time, and as long as the server asks. */
  rest(tried: number, error: unknown, signal?: AbortSignal): Promise<void> {
    const ceiling = Math.min(REOPEN_MAX_MS, BACKOFF_FIRST_MS * 2 ** Math.min(tried, 16));
    const asked = error instanceof ApiError ? Math.min(error.retryAfter ?? 0, RETRY_AFTER_MAX_S) : 0;
    return this.#sleep(Math.max(ceiling / 2 + (Math.random() * ceiling) / 2, asked * 1000), signal);
  }

  #sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return (this.#options.sleep ?? sleepFor)(ms, signal);
  }

  /** The answer's JSON; nothing for 204. */
  json<Answer>(outgoing: Outgoing): Promise<Answer> {
    return this.exchange(outgoing, async (response) => {
      return objectFrom<Answer>(outgoing.route, response.status, await response.text());
    });
  }

  /** The answer as text. */
  text(outgoing: Outgoing): Promise<string> {
    return this.exchange(outgoing, (response) => response.text());
  }
}
