/** One event: what it says, and where it went. */
import { Skeleton, Text } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useGet } from '@/api/hooks';
import type { components } from '@/api/schema';
import { Id } from '@/ui/copy';
import { Facts } from '@/ui/facts';
import { JsonView } from '@/ui/json-view';
import { Section } from '@/ui/page';
import { ProblemAlert } from '@/ui/problem-alert';
import { StatusBadge } from '@/ui/status';
import { type Column, DataTable } from '@/ui/table';
import { Time } from '@/ui/time';

type Delivery = components['schemas']['Delivery'];

const deliveryColumns: readonly Column<Delivery>[] = [
  { id: 'status', header: 'Status', width: 92, cell: (delivery) => <StatusBadge status={delivery.status} /> },
  {
    id: 'endpoint',
    header: 'Endpoint',
    cell: (delivery) => (
      <Link to={'/endpoints/$endpointId' as never} params={{ endpointId: delivery.endpoint_id } as never}>
        <code>{delivery.endpoint_id}</code>
      </Link>
    ),
  },
  {
    id: 'code',
    header: 'Code',
    width: 62,
    align: 'right',
    cell: (delivery) => delivery.status_code ?? <span className="bw-none">–</span>,
  },
  { id: 'attempts', header: 'Attempts', width: 80, align: 'right', cell: (delivery) => delivery.attempts },
  {
    id: 'last',
    header: 'Last attempt',
    width: 110,
    from: 'sm',
    cell: (delivery) => <Time at={delivery.last_attempt_at} />,
  },
];

export function EventDetail({ id, onDelivery }: { id: string; onDelivery: (delivery: Delivery) => void }) {
  const event = useGet('/v1/events/{event_id}', {
    topics: ['deliveries'],
    params: { path: { event_id: id } },
  });
  if (event.error && !event.data)
    return <ProblemAlert error={event.error} retry={() => void event.refetch()} />;
  if (!event.data) return <Skeleton h={220} />;
  const { deliveries, ...envelope } = event.data;
  return (
    <>
      <Facts
        facts={[
          ['Id', <Id key="id" id={envelope.id} />],
          ['Happened', <Time key="at" at={envelope.timestamp} as="exact" />],
          ['Namespace', envelope.namespace ?? null],
          ['Source', envelope.source ?? null],
        ]}
      />
      <Section title="Where it went">
        <DataTable
          label="Deliveries of this event"
          columns={deliveryColumns}
          rows={deliveries}
          rowKey={(delivery) => delivery.id}
          onOpen={onDelivery}
          keys={false}
          empty={<Text c="dimmed">Nowhere: no endpoint wanted it when it happened.</Text>}
        />
      </Section>
      <Section title="Event">
        <JsonView value={envelope} label="Event" />
      </Section>
    </>
  );
}
