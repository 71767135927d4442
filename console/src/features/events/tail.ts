/**
 * What arrived since the page was loaded, newest first. While paused it is counted and kept, not shown; beyond
 * a bound only the newest are kept, since older ones are in the list that the server answers.
 */
import { useCallback, useReducer } from 'react';
import type { BellwireEvent } from '@/api/tail';

/** A page of the list and some more: what is further down is found by paging. */
export const SHOWN_MAX = 200;

export interface Tail {
  shown: readonly BellwireEvent[];
  waiting: readonly BellwireEvent[];
  paused: boolean;
}

export type TailAction =
  | { kind: 'arrived'; event: BellwireEvent }
  | { kind: 'pause' }
  | { kind: 'resume' }
  | { kind: 'restart' };

export const EMPTY_TAIL: Tail = { shown: [], waiting: [], paused: false };

export function reduceTail(tail: Tail, action: TailAction): Tail {
  switch (action.kind) {
    case 'arrived': {
      const to = tail.paused ? 'waiting' : 'shown';
      if (tail[to].some((event) => event.id === action.event.id)) return tail;
      return { ...tail, [to]: [action.event, ...tail[to]].slice(0, SHOWN_MAX) };
    }
    case 'pause':
      return { ...tail, paused: true };
    case 'resume':
      return { shown: [...tail.waiting, ...tail.shown].slice(0, SHOWN_MAX), waiting: [], paused: false };
    case 'restart':
      return { ...EMPTY_TAIL, paused: tail.paused };
  }
}

export function useTail() {
  const [tail, dispatch] = useReducer(reduceTail, EMPTY_TAIL);
  return {
    tail,
    arrived: useCallback((event: BellwireEvent) => dispatch({ kind: 'arrived', event }), []),
    pause: useCallback(() => dispatch({ kind: 'pause' }), []),
    resume: useCallback(() => dispatch({ kind: 'resume' }), []),
    restart: useCallback(() => dispatch({ kind: 'restart' }), []),
  };
}

/** The list with what arrived on top, each event once. */
export function mergeTail(tail: readonly BellwireEvent[], rows: readonly BellwireEvent[]): BellwireEvent[] {
  const known = new Set(rows.map((event) => event.id));
  return [...tail.filter((event) => !known.has(event.id)), ...rows].slice(0, SHOWN_MAX);
}

/** Whether an event has the text, as `q` of the list: in its id, type or data, in any case. */
export function hasText(event: BellwireEvent, q: string | undefined): boolean {
  if (!q) return true;
  return `${event.id} ${event.type} ${JSON.stringify(event.data)}`.toLowerCase().includes(q.toLowerCase());
}
