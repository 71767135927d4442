/** The deliveries of one endpoint. */
import { Button } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import { type ListResult, useList } from '@/api/hooks';
import type { components } from '@/api/schema';
import { useEventTypes } from '@/app/names';
import { useFields } from '@/app/search';
import { ClearFilters, Empty } from '@/ui/empty';
import { ChoiceFilter, Filters, TextFilter } from '@/ui/filters';
import { curl } from '@/ui/origin';
import { Section } from '@/ui/page';
import { RangeFilter } from '@/ui/range-filter';
import { StatusBadge } from '@/ui/status';
import { type Column, DataTable } from '@/ui/table';
import { Countdown, Time } from '@/ui/time';
import type { Endpoint } from './form';
import { deliverySearch, STATUSES } from './search';

export type Delivery = components['schemas']['Delivery'];

const columnsFor = (endpoint: Endpoint): readonly Column<Delivery>[] => [
  { id: 'created', header: 'Created', width: 92, cell: (delivery) => <Time at={delivery.created_at} /> },
  { id: 'status', header: 'Status', width: 92, cell: (delivery) => <StatusBadge status={delivery.status} /> },
  { id: 'type', header: 'Event', cell: (delivery) => <code>{delivery.event}</code> },
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
    from: 'sm',
    cell: (delivery) => delivery.attempts,
  },
  {
    id: 'last',
    header: 'Last attempt',
    width: 104,
    from: 'sm',
    cell: (delivery) => <Time at={delivery.last_attempt_at} />,
  },
  {
    id: 'next',
    header: 'Next or error',
    width: 210,
    from: 'md',
    cell: (delivery) => <NextOrError delivery={delivery} paused={endpoint.status === 'paused'} />,
  },
];

function NextOrError({ delivery, paused }: { delivery: Delivery; paused: boolean }) {
  if (delivery.status === 'pending' && paused) return <span className="bw-none">when resumed</span>;
  if (delivery.status === 'pending' && delivery.next_attempt_at) {
    return (
      <>
        next in <Countdown until={delivery.next_attempt_at} over="a moment" />
      </>
    );
  }
  if (delivery.last_error && delivery.status !== 'success') {
    return (
      <span className="bw-none" title={delivery.last_error}>
        {delivery.last_error}
      </span>
    );
  }
  return delivery.replay ? <span className="bw-none">replayed</span> : <span className="bw-none">–</span>;
}

const STATUS_CHOICES = STATUSES.map((value) => ({ value, label: value }));

export function Deliveries({ endpoint }: { endpoint: Endpoint }) {
  const [filters, set] = useFields(deliverySearch);
  const { status, type, q, since, until } = filters;
  const navigate = useNavigate();
  const types = useEventTypes();
  const list = useList('/v1/webhooks/{endpoint_id}/deliveries', {
    topics: ['deliveries'],
    params: { path: { endpoint_id: endpoint.id }, query: { status, type, q, since, until } },
    rows: (page) => page.deliveries,
  });
  const filtered = Boolean(status || type || q || since || until);
  const clear = () =>
    set({ status: undefined, type: undefined, q: undefined, since: undefined, until: undefined });
  return (
    <Section title="Deliveries">
      <Filters any={filtered} onClear={clear}>
        <TextFilter
          label="Id of a delivery or event"
          placeholder="Id begins with"
          value={q}
          onChange={(value) => set({ q: value })}
          width={150}
          focusKey
        />
        <ChoiceFilter
          label="Status"
          value={status}
          options={STATUS_CHOICES}
          onChange={(value) => set({ status: value })}
          width={110}
        />
        <TextFilter
          label="Type"
          placeholder="Type, such as purchase.*"
          value={type}
          onChange={(value) => set({ type: value })}
          options={types}
          width={180}
        />
        <RangeFilter value={{ since, until }} onChange={set} />
      </Filters>
      <DataTable
        label="Deliveries"
        columns={columnsFor(endpoint)}
        rows={list.rows}
        rowKey={(delivery) => delivery.id}
        rowLabel={(delivery) => `${delivery.event} ${delivery.status} ${delivery.id}`}
        onOpen={(delivery) => void navigate({ to: `/deliveries/${delivery.id}` as never })}
        list={list}
        count={countText(list)}
        empty={
          filtered ? (
            <Empty
              title="No delivery like this"
              action={
                list.pager.hasOlder ? (
                  <Button variant="default" onClick={list.pager.older}>
                    Look further back
                  </Button>
                ) : (
                  <ClearFilters onClick={clear} />
                )
              }
            />
          ) : (
            <Empty
              title="Nothing was delivered yet"
              command={curl('/v1/events', {
                body: {
                  type: sampleType(endpoint),
                  ...(endpoint.namespace ? { namespace: endpoint.namespace } : {}),
                  data: { answer: 42 },
                },
              })}
            >
              Send a test event above, or post one that this endpoint wants:
            </Empty>
          )
        }
      />
    </Section>
  );
}

function countText(list: ListResult<'/v1/webhooks/{endpoint_id}/deliveries', Delivery>): string | undefined {
  const total = list.page?.total;
  if (total === null || total === undefined) return undefined;
  return `${total.toLocaleString('en')} ${total === 1 ? 'delivery' : 'deliveries'}`;
}

/** A type that anybody may post and that the endpoint takes, as far as its patterns tell. */
function sampleType({ events }: Endpoint): string {
  const own = events.find((event) => event !== '*');
  return own ? own.replace('*', 'example') : 'hello.world';
}
