/** The events as they happen: `/v1/events/stream`, resumed where it stopped. */
import { useEffect, useRef, useState } from 'react';
import { parseExact } from './exact';
import type { components } from './schema';
import { useApi } from './scope';
import { follow, type StreamState } from './sse';

export type BellwireEvent = components['schemas']['Event'];

export interface TailOptions {
  /** Types or `family.*`, separated by commas. */
  types?: string;
  namespace?: string;
  /** Tell what happened after this event; undefined while it is not known yet, so that nothing is missed. */
  after: string | null | undefined;
  enabled?: boolean;
  onEvent: (event: BellwireEvent) => void;
}

export function useEventTail({ types, namespace, after, enabled = true, onEvent }: TailOptions): StreamState {
  const api = useApi();
  const [state, setState] = useState<StreamState>('connecting');
  const heard = useRef(onEvent);
  heard.current = onEvent;
  const ready = enabled && after !== undefined;
  const start = useRef(after);
  if (after !== undefined && start.current === undefined) start.current = after;

  useEffect(() => {
    if (!ready) return undefined;
    const stop = follow(api, '/v1/events/stream', {
      query: { types, namespace },
      lastEventId: start.current,
      onState: setState,
      onMessage: ({ data }) => {
        const event = parseExact<BellwireEvent>(data);
        if (typeof event.id !== 'string') return;
        start.current = event.id;
        heard.current(event);
      },
    });
    return () => {
      stop();
      start.current = undefined;
    };
  }, [api, types, namespace, ready]);
  return state;
}
