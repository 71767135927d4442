/** How an endpoint fares, cell by cell. Cells of one endpoint share one request. */
import { Link } from '@tanstack/react-router';
import { useGet } from '@/api/hooks';
import type { components } from '@/api/schema';
import { StatusBadge } from '@/ui/status';
import { Time } from '@/ui/time';
import type { Endpoint } from './form';

export type EndpointStats = components['schemas']['EndpointStats'];

/** A list asks for each of its endpoints, so not with every delivery that is made. */
const LIST_EVERY_MS = 10_000;

export function useHealth(id: string, live: boolean) {
  return useGet('/v1/webhooks/{endpoint_id}/stats', {
    topics: live ? ['deliveries', 'endpoints'] : ['endpoints'],
    everyMs: live ? false : LIST_EVERY_MS,
    params: { path: { endpoint_id: id } },
  });
}

export function EndpointStatus({ endpoint, stats }: { endpoint: Endpoint; stats?: EndpointStats }) {
  if (endpoint.status === 'active' && stats?.breaker === 'open') {
    return <StatusBadge status="open" label="circuit open" />;
  }
  return <StatusBadge status={endpoint.status} />;
}

export function StatusCell({ endpoint }: { endpoint: Endpoint }) {
  const { data } = useHealth(endpoint.id, false);
  return <EndpointStatus endpoint={endpoint} stats={data} />;
}

/** The success rate of the last day; how long it has been failing, if it is. */
export function SuccessCell({ id }: { id: string }) {
  const { data } = useHealth(id, false);
  if (!data) return <span className="bw-none">…</span>;
  if (data.success_rate === null || data.success_rate === undefined)
    return <span className="bw-none">–</span>;
  return <span data-tone={rateTone(data.success_rate)}>{percent(data.success_rate)}</span>;
}

export function FailingCell({ id }: { id: string }) {
  const { data } = useHealth(id, false);
  if (data?.failing_since) {
    return (
      <span className="bw-ep-failing">
        failing since <Time at={data.failing_since} />
      </span>
    );
  }
  return <Time at={data?.last_success_at} />;
}

export function BacklogCell({ id }: { id: string }) {
  const { data } = useHealth(id, false);
  return <Count value={data?.deliveries.pending} />;
}

export function DeadCell({ id }: { id: string }) {
  const { data } = useHealth(id, false);
  const dead = data?.deliveries.failed;
  if (!dead) return <Count value={dead} />;
  return (
    <Link
      to={'/endpoints/$endpointId' as never}
      params={{ endpointId: id } as never}
      search={{ status: 'failed' } as never}
      aria-label={`${dead} dead letters`}
    >
      {dead.toLocaleString('en')}
    </Link>
  );
}

function Count({ value }: { value: number | undefined }) {
  if (value === undefined) return <span className="bw-none">…</span>;
  if (value === 0) return <span className="bw-none">0</span>;
  return <>{value.toLocaleString('en')}</>;
}

/** `99.98 %`; never rounded up to 100. */
export function percent(rate: number): string {
  return `${Math.floor(rate * 10_000 + 1e-6) / 100} %`;
}

export function rateTone(rate: number): 'ok' | 'warn' | 'bad' {
  if (rate >= 0.99) return 'ok';
  return rate >= 0.9 ? 'warn' : 'bad';
}
