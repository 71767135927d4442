/** The latest replays of an endpoint, and how far they are. */
import { useGet } from '@/api/hooks';
import { ProgressBar } from '@/ui/bars';
import { Section } from '@/ui/page';
import { StatusBadge } from '@/ui/status';
import { Time } from '@/ui/time';
import type { Endpoint } from './form';

const SHOWN = 3;

export function Replays({ endpoint }: { endpoint: Endpoint }) {
  const { data } = useGet('/v1/webhooks/{endpoint_id}/jobs', {
    topics: ['jobs'],
    params: { path: { endpoint_id: endpoint.id }, query: { limit: SHOWN } },
  });
  const jobs = data?.jobs ?? [];
  if (jobs.length === 0) return null;
  return (
    <Section title="Replays">
      <ul className="bw-ep-jobs">
        {jobs.map((job) => (
          <li key={job.id}>
            <StatusBadge status={job.status} />
            <ProgressBar
              done={job.done}
              total={job.total}
              label={`Replay of ${job.total.toLocaleString('en')} deliveries`}
            />
            <Time at={job.status === 'running' ? job.created_at : job.updated_at} />
          </li>
        ))}
      </ul>
    </Section>
  );
}
