/** Server-Sent Events over `fetch`. */
import { BellwireError } from '../errors.js';
import { parseJson } from '../json.js';
import { ApiError, TransportError } from './problems.js';
import type { CallOptions, Outgoing, Transport } from './transport.js';

/** One message of a stream. */
export interface Message {
  id: string;
  event: string;
  data: string;
}

/** Statuses of an answer that is another one a moment later. */
const PASSING: ReadonlySet<number> = new Set([429, 502, 503, 504]);

/** What is next; throws if it takes longer than `silenceMs`. */
async function within<Result>(next: Promise<Result>, silenceMs: number): Promise<Result> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const silence = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new TransportError(`nothing came for ${silenceMs} ms`)), silenceMs);
  });
  try {
    return await Promise.race([next, silence]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Reads messages as the HTML standard's "event stream interpretation" says. `heard` is told of all bytes,
 * which are more than the messages: comments keep a silent stream alive.
 */
export async function* messages(
  body: ReadableStream<Uint8Array>,
  silenceMs: number,
  heard: () => void = () => undefined,
): AsyncGenerator<Message, void, undefined> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = '';
  let [id, event, data] = ['', '', [] as string[]];
  try {
    for (;;) {
      const { value, done } = await within(reader.read(), silenceMs);
      if (done) return;
      heard();
      rest += decoder.decode(value, { stream: true });
      // A carriage return at the end may be half of a line's end.
      const lines = rest.split(/\r\n|\n|\r(?!$)/);
      rest = lines.pop() ?? '';
      for (const line of lines) {
        if (line === '') {
          if (data.length > 0) yield { id, event: event || 'message', data: data.join('\n') };
          [event, data] = ['', []];
          continue;
        }
        const colon = line.indexOf(':');
        const field = colon < 0 ? line : line.slice(0, colon);
        const text = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
        if (field === 'id') id = text;
        else if (field === 'event') event = text;
        else if (field === 'data') data.push(text);
      }
    }
  } finally {
    // Not awaited: what does not answer may not even take note of that.
    reader.cancel().catch(() => undefined);
  }
}

/** What a message says. */
export function readMessage(route: string, data: string): unknown {
  try {
    return parseJson(data);
  } catch (error) {
    throw new BellwireError(`${route}: a message is not JSON`, { cause: error });
  }
}

/** Opens a stream; what is no stream is nothing that passes. */
async function opened(transport: Transport, outgoing: Outgoing) {
  const { response, done } = await transport.open(outgoing);
  const { body, headers } = response;
  if (body && headers.get('content-type')?.startsWith('text/event-stream')) return { body, done };
  done();
  await body?.cancel().catch(() => undefined);
  throw new BellwireError(`${outgoing.route}: the answer is no event stream: is \`baseUrl\` right?`);
}

/**
 * Messages without end: where the connection breaks or falls silent it is made anew, and goes on behind the
 * last message. `begin` says once where to begin. Ends when the caller stops reading, or throws what is no
 * matter of connections, such as a wrong key.
 */
export async function* follow(
  transport: Transport,
  asked: Outgoing,
  options: CallOptions,
  begin: () => Promise<Outgoing['query']>,
): AsyncGenerator<Message, void, undefined> {
  let last = '';
  let query: Outgoing['query'];
  for (let tried = 0; ; tried += 1) {
    let broken: unknown;
    try {
      query ??= (await begin()) ?? {};
      const headers: Record<string, string> = last === '' ? {} : { 'last-event-id': last };
      const outgoing = { ...options, ...asked, query, headers, accept: 'text/event-stream' };
      const { body, done } = await opened(transport, outgoing);
      try {
        // The first bytes come with the connection; what follows them says that it holds.
        let chunks = 0;
        const heard = () => {
          chunks += 1;
          if (chunks > 1) tried = 0;
        };
        for await (const message of reading(messages(body, transport.silenceMs, heard), asked.route)) {
          last = message.id || last;
          tried = 0;
          yield message;
        }
      } finally {
        done();
      }
    } catch (error) {
      if (options.signal?.aborted) throw options.signal.reason;
      if (!isBroken(error)) throw error;
      broken = error;
    }
    await transport.rest(tried, broken, options.signal);
  }
}

/** The same, where whatever fails is a broken connection. */
async function* reading(from: AsyncGenerator<Message, void, undefined>, route: string) {
  try {
    yield* from;
  } catch (error) {
    throw new TransportError(`${route}: the connection broke`, { cause: error });
  }
}

/** Whether it is a matter of connections, which passes. */
function isBroken(error: unknown): boolean {
  return error instanceof TransportError || (error instanceof ApiError && PASSING.has(error.status));
}
