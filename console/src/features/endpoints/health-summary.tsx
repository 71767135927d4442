/** How an endpoint fared in the last day, in numbers and by the hour. */
import { Skeleton } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { lazy, Suspense } from 'react';
import type { ApiError } from '@/api/problem';
import { latency } from '@/ui/clock';
import { Stat, Stats } from '@/ui/facts';
import { useNow } from '@/ui/now';
import { ProblemAlert } from '@/ui/problem-alert';
import { Time } from '@/ui/time';
import { type EndpointStats, percent, rateTone } from './health';
import { hourly } from './hours';

const Chart = lazy(() => import('@/ui/chart'));

export function HealthSummary({
  stats,
  error,
}: {
  stats: EndpointStats | undefined;
  error: ApiError | null;
}) {
  if (!stats) return error ? <ProblemAlert error={error} /> : <Skeleton h={72} />;
  const { success_rate: rate, deliveries, latency_p50_ms: p50, latency_p95_ms: p95 } = stats;
  const known = rate !== null && rate !== undefined;
  return (
    <>
      <Stats>
        <Stat
          label="Success, 24 h"
          value={known ? percent(rate) : '–'}
          tone={known ? rateTone(rate) : undefined}
          hint={`${stats.attempts.toLocaleString('en')} ${stats.attempts === 1 ? 'attempt' : 'attempts'}`}
        />
        <Stat
          label="Latency p95, 24 h"
          value={p95 ? `≤ ${latency(p95)}` : '–'}
          hint={p50 ? `half within ${latency(p50)}` : undefined}
        />
        <Stat
          label="Backlog"
          value={deliveries.pending.toLocaleString('en')}
          hint={deliveries.pending > 0 ? <ByStatus status="pending">Show them</ByStatus> : 'nothing owed'}
        />
        <Stat
          label="Dead letters"
          value={deliveries.failed.toLocaleString('en')}
          tone={deliveries.failed > 0 ? 'bad' : undefined}
          hint={deliveries.failed > 0 ? <ByStatus status="failed">Show them</ByStatus> : 'none'}
        />
        <Stat
          label={stats.failing_since ? 'Failing since' : 'Last success'}
          value={<Time at={stats.failing_since ?? stats.last_success_at} />}
          tone={stats.failing_since ? 'bad' : undefined}
          hint={
            stats.consecutive_failures > 0
              ? `${stats.consecutive_failures.toLocaleString('en')} failures in a row`
              : undefined
          }
        />
      </Stats>
      {stats.attempts > 0 && <Hours stats={stats} />}
    </>
  );
}

function ByStatus({ status, children }: { status: string; children: string }) {
  return (
    <Link to={'.' as never} search={{ status } as never} resetScroll={false}>
      {children}
    </Link>
  );
}

const HOUR_MS = 3_600_000;

function Hours({ stats }: { stats: EndpointStats }) {
  // The clock only to the hour: the chart is not drawn anew each second.
  const hour = Math.floor(useNow() / HOUR_MS);
  const { at, succeeded, failed } = hourly(stats.hours, hour * HOUR_MS);
  return (
    <Suspense fallback={<Skeleton h={110} mt="sm" />}>
      <Chart
        label="Attempts by the hour, the last 24 hours"
        at={at}
        height={100}
        series={[
          { label: 'succeeded', tone: 'ok', kind: 'bars', values: succeeded },
          ...(failed.some((count) => count > 0)
            ? [{ label: 'failed', tone: 'bad' as const, values: failed }]
            : []),
        ]}
      />
    </Suspense>
  );
}
