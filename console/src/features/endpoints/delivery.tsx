/** One delivery: what was sent, every attempt, and when it is tried again. */
import { Button, Skeleton } from '@mantine/core';
import { Link, useParams } from '@tanstack/react-router';
import { RotateCcw } from 'lucide-react';
import { answer } from '@/api/client';
import { useGet, useWrite } from '@/api/hooks';
import type { components } from '@/api/schema';
import { useApi } from '@/api/scope';
import { hostOf, nameOf } from '@/app/names';
import { useMayChange } from '@/app/session';
import { Id } from '@/ui/copy';
import { Facts } from '@/ui/facts';
import { Page, Section } from '@/ui/page';
import { ProblemAlert } from '@/ui/problem-alert';
import { StatusBadge } from '@/ui/status';
import { Countdown, Time } from '@/ui/time';
import { Attempts } from './attempts';
import './endpoints.css';
import { SentRequest } from './request';

type Detail = components['schemas']['DeliveryDetail'];

export default function DeliveryPage() {
  const { deliveryId = '' } = useParams({ strict: false }) as { deliveryId?: string };
  const query = useGet('/v1/deliveries/{delivery_id}', {
    topics: ['deliveries'],
    params: { path: { delivery_id: deliveryId } },
  });
  const delivery = query.data;
  if (!delivery) {
    return (
      <Page title="Delivery" above={<Link to={'/endpoints' as never}>Endpoints</Link>}>
        {query.error ? (
          <ProblemAlert error={query.error} retry={() => void query.refetch()} />
        ) : (
          <Skeleton h={320} />
        )}
      </Page>
    );
  }
  return <OneDelivery key={delivery.id} delivery={delivery} />;
}

function OneDelivery({ delivery }: { delivery: Detail }) {
  const endpoint = useGet('/v1/webhooks/{endpoint_id}', {
    topics: ['endpoints'],
    params: { path: { endpoint_id: delivery.endpoint_id } },
  }).data?.endpoint;
  return (
    <Page
      title={`Delivery of ${delivery.event}`}
      above={
        <>
          <Link to={'/endpoints' as never}>Endpoints</Link>
          {' / '}
          <EndpointLink id={delivery.endpoint_id}>{endpoint ? nameOf(endpoint) : 'endpoint'}</EndpointLink>
        </>
      }
      about={<State delivery={delivery} paused={endpoint?.status === 'paused'} />}
      actions={<Again delivery={delivery} />}
    >
      <Facts
        facts={[
          ['Id', <Id key="id" id={delivery.id} />],
          [
            'Event',
            <Link
              key="event"
              to={'/events/$eventId' as never}
              params={{ eventId: delivery.event_id } as never}
            >
              <code>{delivery.event_id}</code>
            </Link>,
          ],
          [
            'Endpoint',
            <EndpointLink key="endpoint" id={delivery.endpoint_id}>
              {hostOf(endpoint?.url) || delivery.endpoint_id}
            </EndpointLink>,
          ],
          ['Namespace', delivery.namespace ?? null],
          ['Ordering key', delivery.ordering_key ? <code key="key">{delivery.ordering_key}</code> : null],
          ['Created', <Time key="created" at={delivery.created_at} as="exact" />],
          [
            'Delivered',
            delivery.delivered_at ? <Time key="done" at={delivery.delivered_at} as="exact" /> : null,
          ],
          ['Attempts', attemptsText(delivery)],
          ['Replay', delivery.replay ? 'sent again on request' : null],
        ]}
      />
      <Section title="Attempts">
        <Attempts attempts={delivery.attempt_log} />
      </Section>
      {delivery.request && (
        <Section title="Request as sent">
          <SentRequest request={delivery.request} />
        </Section>
      )}
    </Page>
  );
}

function EndpointLink({ id, children }: { id: string; children: string }) {
  return (
    <Link to={'/endpoints/$endpointId' as never} params={{ endpointId: id } as never}>
      {children}
    </Link>
  );
}

function State({ delivery, paused }: { delivery: Detail; paused: boolean }) {
  const { status, next_attempt_at: next, last_error: error, status_code: code } = delivery;
  return (
    <>
      <StatusBadge status={status} label={status === 'failed' ? 'failed: a dead letter' : undefined} />
      {status === 'pending' && paused && ' · sent when the endpoint is resumed'}
      {status === 'pending' && !paused && next && (
        <>
          {' · next attempt in '}
          <Countdown until={next} over="a moment" />
        </>
      )}
      {status === 'pending' && !paused && !next && ' · waits for those before it'}
      {status !== 'success' && error && ` · ${error}`}
      {status === 'success' && code && ` · answered ${code}`}
    </>
  );
}

/** Attempts since the last reset, and all of them if there was one. */
function attemptsText({ attempts, attempt_log: log }: Detail): string {
  const all = log.length;
  return all > attempts ? `${attempts} since it was made due again, ${all} in all` : String(attempts);
}

function Again({ delivery }: { delivery: Detail }) {
  const api = useApi();
  const manages = useMayChange()('webhooks:manage');
  const retry = useWrite(
    () =>
      answer(
        api.http.POST('/v1/deliveries/{delivery_id}/retry', {
          params: { path: { delivery_id: delivery.id } },
        }),
      ),
    { topics: ['deliveries', 'endpoints'], said: 'Due now' },
  );
  if (!manages) return null;
  const label = { failed: 'Retry', pending: 'Try now' }[delivery.status] ?? 'Send again';
  return (
    <Button
      variant={delivery.status === 'failed' ? 'filled' : 'default'}
      leftSection={<RotateCcw size={13} />}
      loading={retry.isPending}
      onClick={() => retry.mutate()}
    >
      {label}
    </Button>
  );
}
