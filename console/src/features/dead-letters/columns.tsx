import { Link } from '@tanstack/react-router';
import type { components } from '@/api/schema';
import type { Column } from '@/ui/table';
import { Time } from '@/ui/time';

type Delivery = components['schemas']['Delivery'];

export function columnsFor(endpoints: ReadonlyMap<string, string>): readonly Column<Delivery>[] {
  return [
    {
      id: 'failed',
      header: 'Failed',
      width: 88,
      cell: (delivery) => <Time at={delivery.last_attempt_at ?? delivery.created_at} />,
    },
    { id: 'type', header: 'Event', width: 200, cell: (delivery) => <code>{delivery.event}</code> },
    {
      id: 'endpoint',
      header: 'Endpoint',
      from: 'sm',
      cell: (delivery) => (
        <Link to={'/endpoints/$endpointId' as never} params={{ endpointId: delivery.endpoint_id } as never}>
          {endpoints.get(delivery.endpoint_id) ?? delivery.endpoint_id}
        </Link>
      ),
    },
    {
      id: 'namespace',
      header: 'Namespace',
      width: 130,
      from: 'lg',
      cell: (delivery) => delivery.namespace ?? <span className="bw-none">–</span>,
    },
    {
      id: 'code',
      header: 'Code',
      width: 56,
      align: 'right',
      from: 'sm',
      cell: (delivery) => delivery.status_code ?? <span className="bw-none">–</span>,
    },
    {
      id: 'attempts',
      header: 'Attempts',
      width: 80,
      align: 'right',
      from: 'md',
      cell: (delivery) => delivery.attempts,
    },
    {
      id: 'error',
      header: 'Last error',
      from: 'md',
      cell: (delivery) => (
        <span className="bw-none" title={delivery.last_error ?? undefined}>
          {delivery.last_error ?? '–'}
        </span>
      ),
    },
  ];
}
