/** One endpoint: how it fares, what it is, what went to it. */
import { Skeleton } from '@mantine/core';
import { Link, useParams } from '@tanstack/react-router';
import { useGet } from '@/api/hooks';
import { nameOf } from '@/app/names';
import { Id } from '@/ui/copy';
import { Facts } from '@/ui/facts';
import { Page, Section } from '@/ui/page';
import { ProblemAlert } from '@/ui/problem-alert';
import { Time } from '@/ui/time';
import { EndpointActions } from './actions';
import { Deliveries } from './deliveries';
import './endpoints.css';
import { DIALECT_LABELS, type Endpoint, scheduleText } from './form';
import { EndpointStatus, useHealth } from './health';
import { HealthSummary } from './health-summary';
import { Notes } from './notes';
import { Replays } from './replays';

export default function EndpointPage() {
  const { endpointId = '' } = useParams({ strict: false }) as { endpointId?: string };
  return <OneEndpoint key={endpointId} id={endpointId} />;
}

function OneEndpoint({ id }: { id: string }) {
  const query = useGet('/v1/webhooks/{endpoint_id}', {
    topics: ['endpoints'],
    params: { path: { endpoint_id: id } },
  });
  const health = useHealth(id, true);
  const endpoint = query.data?.endpoint;
  const above = <Link to={'/endpoints' as never}>Endpoints</Link>;
  if (!endpoint) {
    return (
      <Page title="Endpoint" above={above}>
        {query.error ? (
          <ProblemAlert error={query.error} retry={() => void query.refetch()} />
        ) : (
          <Skeleton h={320} />
        )}
      </Page>
    );
  }
  return (
    <Page
      title={nameOf(endpoint)}
      above={above}
      about={
        <>
          <EndpointStatus endpoint={endpoint} stats={health.data} />
          {endpoint.description && endpoint.url && (
            <>
              {' · '}
              <code>{endpoint.url}</code>
            </>
          )}
        </>
      }
      actions={<EndpointActions endpoint={endpoint} stats={health.data} />}
    >
      <Notes endpoint={endpoint} stats={health.data} />
      <HealthSummary stats={health.data} error={health.error} />
      <div className="bw-ep-columns">
        <div>
          <Replays endpoint={endpoint} />
          <Deliveries endpoint={endpoint} />
        </div>
        <Section title="Facts">
          <EndpointFacts endpoint={endpoint} />
        </Section>
      </div>
    </Page>
  );
}

function EndpointFacts({ endpoint }: { endpoint: Endpoint }) {
  const headers = Object.entries(endpoint.headers);
  return (
    <Facts
      facts={[
        ['Id', <Id key="id" id={endpoint.id} />],
        ['URL', endpoint.url ? <code key="url">{endpoint.url}</code> : null],
        ['Kind', endpoint.kind === 'pull' ? 'pull: the receiver takes deliveries' : null],
        ['Events', <code key="events">{endpoint.events.join(', ')}</code>],
        ['Namespace', endpoint.namespace ?? 'all'],
        ['Filter', endpoint.filter ? <code key="filter">{endpoint.filter}</code> : null],
        ['Dialect', DIALECT_LABELS[endpoint.dialect] ?? endpoint.dialect],
        ['Signature', endpoint.signing === 'ed25519' ? 'Ed25519' : 'HMAC-SHA256'],
        ['Public key', endpoint.public_key ? <Id key="key" id={endpoint.public_key} /> : null],
        ['Retries', retryText(endpoint)],
        ['Timeout', endpoint.kind === 'push' ? `${endpoint.timeout_ms.toLocaleString('en')} ms` : null],
        ['Rate limit', endpoint.rate_limit ? `${endpoint.rate_limit.toLocaleString('en')} per second` : null],
        ['In flight', endpoint.kind === 'push' ? `at most ${endpoint.max_in_flight}` : null],
        ['Order', endpoint.ordered ? 'one at a time per ordering key' : null],
        [
          'Headers',
          headers.length > 0 ? (
            <code key="headers">{headers.map(([name, value]) => `${name}: ${value}`).join('; ')}</code>
          ) : null,
        ],
        ['Created', <Time key="created" at={endpoint.created_at} as="second" />],
        ['Changed', <Time key="updated" at={endpoint.updated_at} as="second" />],
      ]}
    />
  );
}

function retryText({ retry }: Endpoint): string {
  const preset = retry.preset ? `${retry.preset}: ` : '';
  return `${preset}${scheduleText(retry.schedule)}${retry.jitter && retry.schedule.length > 0 ? ', each ±20 %' : ''}`;
}
