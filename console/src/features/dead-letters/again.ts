/**
 * Sending dead letters again, in bulk. The API retries one delivery, or all of one endpoint in a span of time; what
 * is asked for here is either a choice, or everything that a filter finds over all endpoints. Pure of React, so
 * that it can be tested.
 */
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
      } catch {
        progress.failed += 1;
      }
      tell({ ...progress });
    }
  }
  return progress;
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
  const worker = async () => {
    for (let id = waiting.shift(); id !== undefined && !stopped.aborted; id = waiting.shift()) {
      try {
        await door.retry(id);
        progress.done += 1;
      } catch {
        progress.failed += 1;
      }
      tell({ ...progress });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}
