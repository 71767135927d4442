/**
 * Sending dead letters again, in bulk. The API retries one delivery, or all of one endpoint in a span of time; what
 * is asked for here is either a choice, or everything that a filter finds over all endpoints. Refusals are counted; any
 * other error ends the run and is thrown, after `tell` said how far it came. Pure of React, so that it can be tested.
 */
import { ApiError } from '@/api/problem';

export interface Progress {
  done: number;
  /** Null while nobody knows. */
  total: number | null;
  /** Those that the server would not take, such as of an endpoint that was deleted meanwhile. */
  failed: number;
}

export interface DeadLetterFilter {
  endpoint?: string | undefined;
  namespace?: string | undefined;
  type?: string | undefined;
  q?: string | undefined;
  since?: string | undefined;
  until?: string | undefined;
}

/** What it asks of the server. */
export interface Door {
  retry: (deliveryId: string) => Promise<void>;
  /** How many were made due. */
  retryOf: (endpointId: string, filter: DeadLetterFilter) => Promise<number>;
  endpoints: (cursor: string | undefined) => Promise<{ ids: string[]; next: string | null }>;
  deadLetters: (
    filter: DeadLetterFilter,
    cursor: string | undefined,
  ) => Promise<{ ids: string[]; next: string | null }>;
}

const AT_ONCE = 4;

export async function retryChosen(
  door: Door,
  ids: readonly string[],
  tell: (progress: Progress) => void,
  stopped: AbortSignal,
): Promise<Progress> {
  const progress: Progress = { done: 0, total: ids.length, failed: 0 };
  await each(door, ids, progress, tell, stopped);
  return progress;
}

/** Everything that the filter finds; `until` of the filter ends it, so that it does not chase new failures. */
export async function retryAll(
  door: Door,
  filter: DeadLetterFilter,
  total: number | null,
  tell: (progress: Progress) => void,
  stopped: AbortSignal,
): Promise<Progress> {
  const progress: Progress = { done: 0, total, failed: 0 };
  // Types and ids can be looked for only one page at a time.
  if (filter.type || filter.q) {
    for await (const ids of pages((cursor) => door.deadLetters(filter, cursor), stopped)) {
      await each(door, ids, progress, tell, stopped);
    }
    return progress;
  }
  const endpoints = filter.endpoint
    ? [[filter.endpoint]]
    : pages((cursor) => door.endpoints(cursor), stopped);
  for await (const ids of endpoints) {
    for (const id of ids) {
      if (stopped.aborted) return progress;
      try {
        progress.done += await door.retryOf(id, filter);
      } catch (error) {
        if (!isRefusal(error)) throw error;
        progress.failed += 1;
      }
      tell({ ...progress });
    }
  }
  return progress;
}

/** It is gone, or there is nothing to retry any more. Everything else may be the server's state, not the delivery's. */
function isRefusal(error: unknown): boolean {
  return error instanceof ApiError && (error.status === 404 || error.status === 409);
}

async function* pages(
  ask: (cursor: string | undefined) => Promise<{ ids: string[]; next: string | null }>,
  stopped: AbortSignal,
): AsyncGenerator<string[]> {
  let cursor: string | undefined;
  do {
    if (stopped.aborted) return;
    const { ids, next } = await ask(cursor);
    yield ids;
    cursor = next ?? undefined;
  } while (cursor !== undefined);
}

async function each(
  door: Door,
  ids: readonly string[],
  progress: Progress,
  tell: (progress: Progress) => void,
  stopped: AbortSignal,
): Promise<void> {
  const waiting = [...ids];
  const broken: unknown[] = [];
  const worker = async () => {
    while (!stopped.aborted && broken.length === 0) {
      const id = waiting.shift();
      if (id === undefined) return;
      try {
        await door.retry(id);
        progress.done += 1;
      } catch (error) {
        if (isRefusal(error)) progress.failed += 1;
        else broken.push(error);
      }
      tell({ ...progress });
    }
  };
  // Those under way are waited for, so that what was told last is how far it came.
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  if (broken.length > 0) throw broken[0];
}
