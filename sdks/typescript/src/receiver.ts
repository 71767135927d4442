/** Receiving deliveries, whatever the framework: verify, tell apart, hand over, answer. */
import { type Bytes, concat } from './webhooks/bytes.js';
import type { HeadersLike } from './webhooks/claim.js';
import { WebhookSignatureError } from './webhooks/errors.js';
import type { WebhookEvent } from './webhooks/event.js';
import { type Delivery, type VerifiedDelivery, verifyDelivery } from './webhooks/verify.js';

/** What came before. Share one between processes where several receive: a table or a Redis set. */
export interface DuplicateStore {
  /** Remembers a key; false if it was there before. One step, so that of two at once one is first. */
  add(key: string): boolean | Promise<boolean>;
  /** Forgets a key, because what it stands for was not done. */
  delete(key: string): unknown;
}

/** Remembers in this process, so many at most, the oldest forgotten first. */
export class MemoryStore implements DuplicateStore {
  readonly #keys = new Set<string>();

  constructor(private readonly limit = 100_000) {}

  add(key: string): boolean {
    if (this.#keys.has(key)) return false;
    this.#keys.add(key);
    if (this.#keys.size > this.limit) this.#keys.delete(this.#keys.values().next().value as string);
    return true;
  }

  delete(key: string): void {
    this.#keys.delete(key);
  }
}

/**
 * Work by key, one at a time. A delivery that comes again while the first is being handled waits for it:
 * answered earlier, it would pass for done, and be lost if the first then fails.
 */
export class Turns {
  readonly #last = new Map<string, Promise<unknown>>();

  /** Runs `work` when what was there before it has ended, however that ended. */
  async take<Result>(key: string, work: () => Promise<Result>): Promise<Result> {
    const before = this.#last.get(key) ?? Promise.resolve();
    const mine = before.then(work, work);
    this.#last.set(key, mine);
    try {
      return await mine;
    } finally {
      if (this.#last.get(key) === mine) this.#last.delete(key);
    }
  }
}

const turnsOf = new WeakMap<DuplicateStore, Turns>();

/** The turns of those that share a memory. */
export function turns(store: DuplicateStore): Turns {
  const known = turnsOf.get(store) ?? new Turns();
  turnsOf.set(store, known);
  return known;
}

/** How deliveries are received. */
export interface ReceiverOptions extends Pick<Delivery, 'secret' | 'dialect' | 'tolerance'> {
  /** If given, an event that came before is answered without being handed over again. */
  store?: DuplicateStore | undefined;
  /** The largest body that is read; 1 MiB if absent. */
  bytesMax?: number | undefined;
}

/** What is answered. */
export interface Answer {
  status: number;
}

/** What came, as every framework can say it. */
export interface Incoming {
  body: Bytes;
  headers: HeadersLike;
}

/** The largest body that is read unless said otherwise. */
export const BYTES_MAX = 1024 * 1024;

/**
 * What a delivery that was not believed is answered with; nothing, for other errors. A secret that cannot be
 * read is a fault of this side, and is to be seen.
 */
function refusal(error: unknown): Answer | null {
  if (!(error instanceof WebhookSignatureError) || error.code === 'bad_secret') return null;
  return { status: error.code === 'malformed_body' ? 400 : 401 };
}

/**
 * Verifies a delivery and hands its event over. 204 if that was fine; what `handle` throws is thrown on, so
 * that the framework answers 500 and the event comes again.
 */
export async function receive(
  incoming: Incoming,
  options: ReceiverOptions,
  handle: (event: WebhookEvent, secretIndex: number) => unknown,
): Promise<Answer> {
  let verified: VerifiedDelivery;
  try {
    verified = await verifyDelivery({ ...options, ...incoming });
  } catch (error) {
    const refused = refusal(error);
    if (!refused) throw error;
    return refused;
  }
  const { store } = options;
  const { event, secretIndex } = verified;
  const work = async () => handle(event, secretIndex);
  if (store) await turns(store).take(event.id, () => once(store, event.id, work));
  else await work();
  return { status: 204 };
}

async function once(store: DuplicateStore, id: string, work: () => Promise<unknown>): Promise<void> {
  if (!(await store.add(id))) return;
  try {
    await work();
  } catch (error) {
    await store.delete(id);
    throw error;
  }
}

/** The whole body; null if it is larger than allowed. */
export async function readBody(
  chunks: AsyncIterable<Uint8Array> | ReadableStream<Uint8Array> | null,
  bytesMax: number = BYTES_MAX,
): Promise<Bytes | null> {
  const parts: Bytes[] = [];
  let size = 0;
  if (chunks === null) return concat(parts);
  for await (const chunk of Symbol.asyncIterator in chunks ? chunks : read(chunks)) {
    size += chunk.length;
    if (size > bytesMax) return null;
    parts.push(chunk as Bytes);
  }
  return concat(parts);
}

/** For runtimes whose streams are not iterable. */
async function* read(stream: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  const reader = stream.getReader();
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel();
  }
}

/** Answers a `Request` of the Fetch API with whatever `answer` says. */
export async function respond(
  request: Request,
  bytesMax: number | undefined,
  answer: (incoming: Incoming) => Promise<Answer>,
): Promise<Response> {
  const body = await readBody(request.body, bytesMax);
  const { status } = body === null ? { status: 413 } : await answer({ body, headers: request.headers });
  return new Response(null, { status });
}
