import type * as m from '../generated/models.js';
import { Core, type Query, type Route } from './core.js';
import { follow, readMessage } from './stream.js';
import type { CallOptions } from './transport.js';

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** A duration of the API (`30s`, `1h30m`) in milliseconds; null if it is none. */
export function durationMs(text: string): number | null {
  if (!/^(\d+(ms|[smhd]))+$/.test(text)) return null;
  const parts = [...text.matchAll(/(\d+)(ms|[smhd])/g)];
  return parts.reduce((sum, [, count, unit]) => sum + Number(count) * (UNIT_MS[unit ?? ''] ?? 0), 0);
}

/** The options of a call that the server is asked to wait with: that time is not the connection's fault. */
export function waiting(wait: string | undefined, options: CallOptions): CallOptions & { waitMs?: number } {
  const waitMs = wait ? durationMs(wait) : null;
  return waitMs === null ? options : { ...options, waitMs };
}

/** Events and their types. */
export class EventMethods extends Core {
  /** Posts an event: it is on disk, and on its way to whoever subscribed, when this returns. */
  postEvent(event: m.PostEvent, options?: CallOptions): Promise<m.Accepted> {
    return this.request('POST /v1/events', { body: event }, options);
  }

  /** Posts up to 1000 events; each is answered by itself. */
  postEvents(events: m.PostEvent[], options?: CallOptions): Promise<m.BatchAnswer> {
    return this.request('POST /v1/events/batch', { body: { events } }, options);
  }

  /** Events, newest first. */
  listEvents(query: Query<'GET /v1/events'> = {}, options?: CallOptions) {
    return this.pages('GET /v1/events', 'events', { query }, options);
  }

  /** An event and where it went. */
  getEvent(eventId: string, options?: CallOptions): Promise<m.EventDetail> {
    return this.request('GET /v1/events/{event_id}', { path: { event_id: eventId } }, options);
  }

  /** Events after a place, oldest first; waits for some with `wait`. `next_cursor` is the next `after`. */
  pollEvents(query: Query<'GET /v1/events/poll'> = {}, options: CallOptions = {}): Promise<m.PollAnswer> {
    return this.request('GET /v1/events/poll', { query }, waiting(query?.wait, options));
  }

  /**
   * Events as they happen, without end: from the moment when the first is asked for, or behind `after`. After
   * a broken or silent connection it goes on where it was, with nothing missed and nothing twice, as often as
   * it takes. It throws what waiting does not help against, such as a key that was revoked.
   */
  async *streamEvents(
    query: Query<'GET /v1/events/stream'> = {},
    options: CallOptions = {},
  ): AsyncGenerator<m.Event, void, undefined> {
    const route = 'GET /v1/events/stream' satisfies Route;
    const begin = async () => {
      await this.checkWorkspace();
      if (query?.after) return query;
      // A place to come back to, also if the connection breaks before the first event.
      const { next_cursor: after } = await this.pollEvents({ ...query, limit: 1 }, options);
      return { ...query, after };
    };
    for await (const { data } of follow(this.transport, { route }, options, begin)) {
      yield readMessage(route, data) as m.Event;
    }
  }

  /** All event types, by name. */
  listEventTypes(query: Query<'GET /v1/event-types'> = {}, options?: CallOptions) {
    return this.pages('GET /v1/event-types', 'event_types', { query }, options);
  }

  /** An event type, with its schema. */
  getEventType(name: string, options?: CallOptions): Promise<m.TypeView> {
    return this.request('GET /v1/event-types/{name}', { path: { name } }, options);
  }

  /** Registers a type of your own; with a schema, data that does not fit is refused. */
  registerEventType(type: m.RegisterType, options?: CallOptions): Promise<m.TypeView> {
    return this.request('POST /v1/event-types', { body: type }, options);
  }
}
