/**
 * Keeps what is shown true. One `/v1/changes/stream` per tab says which topics changed; every query names the
 * topics that it shows (hooks.ts) and is fetched again when one of them did.
 *
 * After a break everything is fetched again, since what happened meanwhile was not told. A server without the
 * stream is polled. A tab that nobody looks at gives its connection back: browsers allow six per host.
 */
import type { Query, QueryClient } from '@tanstack/react-query';
import type { Api } from './client';
import { follow } from './sse';

export type Topic =
  | 'deliveries'
  | 'endpoints'
  | 'approvals'
  | 'wallets'
  | 'policies'
  | 'keys'
  | 'audit'
  | 'events'
  | 'jobs'
  // Topics of slices to come need no change here to be told.
  | (string & {});

export type LiveState = 'connecting' | 'live' | 'reconnecting' | 'polling' | 'resting';

const POLL_MS = 5_000;
/** Between two rounds of fetching, so that a busy server is not asked without pause. */
const ROUND_MS = 700;
const HIDDEN_MS_MAX = 30_000;

export class Live {
  #state: LiveState = 'connecting';
  #listeners = new Set<() => void>();
  #due = new Set<Topic>();
  #everything = false;
  #fetching = false;
  #timer: number | undefined;
  #poll: number | undefined;
  #hidden: number | undefined;
  #stopStream: (() => void) | null = null;
  #broken = false;

  constructor(
    private readonly api: Api,
    private readonly queries: QueryClient,
  ) {}

  get state(): LiveState {
    return this.#state;
  }

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  snapshot = (): LiveState => this.#state;

  /** Starts; the returned function ends it. */
  start(): () => void {
    this.#connect();
    const onVisible = () => this.#visibility();
    document.addEventListener('visibilitychange', onVisible);
    return () => {
      document.removeEventListener('visibilitychange', onVisible);
      this.#stopStream?.();
      window.clearInterval(this.#poll);
      window.clearTimeout(this.#timer);
      window.clearTimeout(this.#hidden);
    };
  }

  /** Fetch again what shows one of these. */
  changed(topics: Iterable<Topic>): void {
    for (const topic of topics) this.#due.add(topic);
    this.#schedule(0);
  }

  #connect(): void {
    this.#stopStream?.();
    window.clearInterval(this.#poll);
    this.#stopStream = follow(this.api, '/v1/changes/stream', {
      onMessage: ({ event, data }) => {
        if (event === 'changed') this.changed((JSON.parse(data) as { topics: Topic[] }).topics);
      },
      onState: (state, error) => {
        if (state === 'open') {
          if (this.#broken) this.#all();
          this.#broken = false;
          this.#set('live');
        } else if (state === 'reconnecting') {
          this.#broken = true;
          this.#set('reconnecting');
        } else if (state === 'refused' && error?.status !== 401) {
          this.#set('polling');
          this.#poll = window.setInterval(() => this.#all(), POLL_MS);
        }
      },
    });
  }

  #visibility(): void {
    window.clearTimeout(this.#hidden);
    if (document.hidden) {
      this.#hidden = window.setTimeout(() => {
        this.#stopStream?.();
        window.clearInterval(this.#poll);
        this.#broken = true;
        this.#set('resting');
      }, HIDDEN_MS_MAX);
    } else if (this.#state === 'resting') {
      this.#set('connecting');
      this.#connect();
      this.#all();
    }
  }

  #all(): void {
    this.#everything = true;
    this.#schedule(0);
  }

  #schedule(ms: number): void {
    if (this.#fetching || this.#timer !== undefined) return;
    this.#timer = window.setTimeout(() => void this.#round(), ms);
  }

  async #round(): Promise<void> {
    this.#timer = undefined;
    const everything = this.#everything;
    const due = this.#due;
    this.#everything = false;
    this.#due = new Set();
    if (!everything && due.size === 0) return;
    this.#fetching = true;
    const predicate = (query: Query) => everything || topicsOf(query).some((topic) => due.has(topic));
    await this.queries.invalidateQueries({ predicate }).catch(() => {});
    this.#fetching = false;
    if (this.#everything || this.#due.size > 0) this.#schedule(ROUND_MS);
  }

  #set(state: LiveState): void {
    if (this.#state === state) return;
    this.#state = state;
    for (const listener of this.#listeners) listener();
  }
}

/** What a query shows. */
export function topicsOf(query: Query): readonly Topic[] {
  const topics = query.meta?.topics;
  return Array.isArray(topics) ? (topics as Topic[]) : [];
}
