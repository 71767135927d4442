/**
 * Server-Sent Events over fetch: unlike EventSource it can send a key, tell a 404 from a broken line, and be
 * told where to resume.
 */
import type { Api } from './client';
import { ApiError } from './problem';

export interface SseMessage {
  event: string;
  data: string;
  id: string | null;
}

/** Cuts a stream of text into messages, as the HTML standard says; comments are heartbeats and yield nothing. */
export class SseParser {
  #rest = '';
  #event = '';
  #data: string[] = [];
  #id: string | null = null;

  feed(text: string): SseMessage[] {
    const messages: SseMessage[] = [];
    this.#rest += text;
    // A line that ends in a lone CR at the end of a chunk may be half of CRLF: wait for the rest.
    const lines = this.#rest.split(/\r\n|\n|\r(?!$)/);
    this.#rest = lines.pop() ?? '';
    for (const line of lines) {
      if (line === '') {
        if (this.#data.length > 0) {
          messages.push({ event: this.#event || 'message', data: this.#data.join('\n'), id: this.#id });
        }
        this.#event = '';
        this.#data = [];
        continue;
      }
      const colon = line.indexOf(':');
      if (colon === 0) continue;
      const field = colon < 0 ? line : line.slice(0, colon);
      const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
      if (field === 'event') this.#event = value;
      else if (field === 'data') this.#data.push(value);
      else if (field === 'id' && !value.includes('\0')) this.#id = value;
    }
    return messages;
  }
}

export type StreamState = 'connecting' | 'open' | 'reconnecting' | 'refused';

export interface StreamOptions {
  query?: Record<string, string | undefined>;
  /** Resume after this message. */
  lastEventId?: string | null;
  onMessage: (message: SseMessage) => void;
  /** `error` comes with `refused`: the server will not have this stream, so it is not tried again. */
  onState?: (state: StreamState, error?: ApiError) => void;
}

/** Heartbeats come every 15 s; a line this silent is dead. */
const SILENCE_MS_MAX = 40_000;
const BACKOFF_MS = [300, 700, 1_500, 3_000, 6_000, 10_000];

/** Follows a stream until the returned function is called; comes back after every break, where it stopped. */
export function follow(api: Api, path: string, options: StreamOptions): () => void {
  const stop = new AbortController();
  void run(api, path, options, stop.signal);
  return () => stop.abort();
}

async function run(api: Api, path: string, options: StreamOptions, stopped: AbortSignal): Promise<void> {
  let lastId = options.lastEventId ?? null;
  let failures = 0;
  options.onState?.('connecting');
  while (!stopped.aborted) {
    try {
      await readOnce(api, path, options, lastId, stopped, {
        opened: () => {
          failures = 0;
          options.onState?.('open');
        },
        heard: (id) => {
          lastId = id ?? lastId;
        },
      });
    } catch (error) {
      if (stopped.aborted) return;
      if (error instanceof ApiError && isFinal(error)) {
        options.onState?.('refused', error);
        return;
      }
    }
    if (stopped.aborted) return;
    options.onState?.('reconnecting');
    const base = BACKOFF_MS[Math.min(failures, BACKOFF_MS.length - 1)] ?? 10_000;
    failures += 1;
    await pause(base * (0.75 + Math.random() / 2), stopped);
  }
}

function isFinal(error: ApiError): boolean {
  return error.status >= 400 && error.status < 500 && error.status !== 408 && error.status !== 429;
}

async function readOnce(
  api: Api,
  path: string,
  options: StreamOptions,
  lastId: string | null,
  stopped: AbortSignal,
  on: { opened: () => void; heard: (id: string | null) => void },
): Promise<void> {
  const line = new AbortController();
  const signal = AbortSignal.any([stopped, line.signal]);
  let watchdog = window.setTimeout(() => line.abort(), SILENCE_MS_MAX);
  try {
    const url = new URL(path, window.location.origin);
    for (const [name, value] of Object.entries(options.query ?? {})) {
      if (value) url.searchParams.set(name, value);
    }
    const headers: Record<string, string> = { Accept: 'text/event-stream' };
    if (lastId) headers['Last-Event-ID'] = lastId;
    const response = await api.fetch(url.toString(), { headers, signal, cache: 'no-store' });
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    if (!reader) return;
    on.opened();
    const parser = new SseParser();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      window.clearTimeout(watchdog);
      watchdog = window.setTimeout(() => line.abort(), SILENCE_MS_MAX);
      for (const message of parser.feed(value)) {
        on.heard(message.id);
        options.onMessage(message);
      }
    }
  } finally {
    window.clearTimeout(watchdog);
    line.abort();
  }
}

function pause(ms: number, stopped: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = window.setTimeout(done, ms);
    function done() {
      window.clearTimeout(timer);
      stopped.removeEventListener('abort', done);
      window.removeEventListener('online', done);
      resolve();
    }
    stopped.addEventListener('abort', done, { once: true });
    window.addEventListener('online', done, { once: true });
  });
}
