/** What happened in the sandbox, newest first, each event with where its delivery is. */
import { useMemo, useReducer } from 'react';
import { useGet } from '@/api/hooks';
import type { ApiError } from '@/api/problem';
import type { components } from '@/api/schema';
import type { StreamState } from '@/api/sse';
import { type BellwireEvent, useEventTail } from '@/api/tail';

export type Delivery = components['schemas']['Delivery'];

export interface Happening {
  event: BellwireEvent;
  /** Absent until it is known; some events were there before the endpoint. */
  delivery: Delivery | undefined;
}

export interface Feed {
  happenings: Happening[];
  deliveries: readonly Delivery[];
  stream: StreamState;
  error: ApiError | null;
}

const KEPT_MAX = 200;

export function useFeed(endpointId: string): Feed {
  const first = useGet('/v1/events', { topics: [], params: { query: { limit: KEPT_MAX } } });
  const [arrived, add] = useReducer(
    (before: readonly BellwireEvent[], event: BellwireEvent) =>
      before.some(({ id }) => id === event.id) ? before : [event, ...before].slice(0, KEPT_MAX),
    [],
  );
  const stream = useEventTail({
    after: first.data === undefined ? undefined : (first.data.events[0]?.id ?? null),
    onEvent: add,
  });
  const sent = useGet('/v1/webhooks/{endpoint_id}/deliveries', {
    topics: ['deliveries', 'events'],
    params: { path: { endpoint_id: endpointId }, query: { limit: KEPT_MAX } },
  });
  const deliveries = sent.data?.deliveries;
  const happenings = useMemo(() => {
    const byEvent = new Map((deliveries ?? []).map((delivery) => [delivery.event_id, delivery]));
    const known = new Set(first.data?.events.map(({ id }) => id));
    const all = [...arrived.filter(({ id }) => !known.has(id)), ...(first.data?.events ?? [])];
    return all.slice(0, KEPT_MAX).map((event) => ({ event, delivery: byEvent.get(event.id) }));
  }, [arrived, first.data, deliveries]);
  return { happenings, deliveries: deliveries ?? [], stream, error: first.error ?? sent.error };
}

/** An event in a few words. */
export function inWords({ type, data }: BellwireEvent): string {
  const said = data as Record<string, unknown>;
  const text = (name: string) => (said[name] === undefined || said[name] === null ? '' : String(said[name]));
  switch (type) {
    case 'purchase.succeeded':
      return `$${text('amount_usd')} to ${text('vendor')}`;
    case 'budget.exhausted':
      return `$${text('requested_usd')} asked, not there`;
    case 'budget.threshold':
      return `${text('threshold_percent')} % of $${text('budget_limit_usd')} spent`;
    case 'spend.spike':
      return text('rule') === 'repeat'
        ? `a loop: ${text('count')} times the same, ${acted(text('action'))}`
        : `${text('rule').replaceAll('_', ' ')}, ${acted(text('action'))}`;
    case 'wallet.frozen':
      return text('reason');
    case 'key.created':
      return `the key of this ${text('name') || 'sandbox'}`;
    case 'wallet.created':
      return `$${text('budget_usd')} to spend`;
    case 'wallet.updated':
      return `budget $${text('budget_usd')}, ${text('status')}`;
    default:
      return Object.entries(said)
        .filter(([, value]) => typeof value !== 'object')
        .slice(0, 2)
        .map(([name, value]) => `${name} ${String(value)}`)
        .join(', ');
  }
}

function acted(action: string): string {
  return action === 'freeze' ? 'frozen' : action === 'deny' ? 'refused' : 'told';
}
