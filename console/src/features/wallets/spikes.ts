/** `spend.spike` events of wallets: a limit was passed, or a minute cost far more than the usual one. */
import { useGet } from '@/api/hooks';
import type { BellwireEvent } from '@/api/tail';
import { useMay } from '@/app/session';
import type { Span } from './search';
import { BUCKETS } from './spend';

export interface Spike {
  id: string;
  at: string;
  walletId: string;
  spentUsd: string | null;
  usualUsd: string | null;
  seconds: number;
  count: number;
  vendor: string | null;
  rule: string;
  action: string;
}

const SPIKES_MAX = 50;

/** Those of one wallet, or of several if `id` is the top of them; none for keys that may not read events. */
export function useSpikes(ids: readonly string[], span: Span): Spike[] {
  const may = useMay();
  const only = ids.length === 1 ? ids[0] : undefined;
  const events = useGet('/v1/events', {
    topics: ['events'],
    params: { query: { type: 'spend.spike', since: span, limit: SPIKES_MAX, ...(only ? { q: only } : {}) } },
    enabled: may('events:read'),
  });
  return (events.data?.events ?? []).map(spikeOf).filter(({ walletId }) => ids.includes(walletId));
}

/** The data of the event, as far as it is what it should be. */
export function spikeOf(event: BellwireEvent): Spike {
  const data = event.data as Record<string, unknown>;
  const text = (name: string) => (typeof data[name] === 'string' ? (data[name] as string) : null);
  const number = (name: string) => (typeof data[name] === 'number' ? (data[name] as number) : 0);
  return {
    id: event.id,
    at: event.timestamp,
    walletId: text('wallet_id') ?? '',
    spentUsd: text('spent_usd'),
    usualUsd: text('baseline_usd'),
    seconds: number('window_seconds'),
    count: number('count'),
    vendor: text('top_vendor'),
    rule: text('rule') ?? 'spike',
    action: text('action') ?? 'notify',
  };
}

const STEP_S = { minute: 60, hour: 3_600, day: 86_400 } as const;

/** The starts of the chart's steps that had spikes, in seconds, each once with how many. */
export function marksOf(spikes: readonly Spike[], span: Span): { at: number; label: string }[] {
  const step = STEP_S[BUCKETS[span]];
  const counts = new Map<number, number>();
  for (const { at } of spikes) {
    const start = Math.floor(new Date(at).getTime() / 1000 / step) * step;
    counts.set(start, (counts.get(start) ?? 0) + 1);
  }
  return [...counts]
    .sort(([one], [other]) => one - other)
    .map(([at, count]) => ({ at, label: count === 1 ? 'spike' : `${count} spikes` }));
}
