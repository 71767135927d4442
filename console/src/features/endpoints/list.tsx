/** The endpoints and how they fare. */
import { Button } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import { Plus } from 'lucide-react';
import { useList } from '@/api/hooks';
import { hostOf, nameOf, useNamespaces } from '@/app/names';
import { useFields } from '@/app/search';
import { useMayChange, useSession } from '@/app/session';
import { ClearFilters, Empty } from '@/ui/empty';
import { Filters, TextFilter } from '@/ui/filters';
import { curl } from '@/ui/origin';
import { Page } from '@/ui/page';
import { type Column, DataTable } from '@/ui/table';
import { CreateEndpoint } from './create';
import './endpoints.css';
import type { Endpoint } from './form';
import { BacklogCell, DeadCell, FailingCell, StatusCell, SuccessCell } from './health';
import { endpointSearch } from './search';

/** Fewer than lists usually have: each row asks for its health. */
const PAGE = 25;

const columns: readonly Column<Endpoint>[] = [
  {
    id: 'endpoint',
    header: 'Endpoint',
    cell: (endpoint) => (
      <span className="bw-ep-name">
        <span>{nameOf(endpoint)}</span>
        {endpoint.description && <code className="bw-none">{hostOf(endpoint.url) || endpoint.kind}</code>}
      </span>
    ),
  },
  { id: 'status', header: 'Status', width: 116, cell: (endpoint) => <StatusCell endpoint={endpoint} /> },
  {
    id: 'events',
    header: 'Events',
    width: 200,
    from: 'lg',
    cell: (endpoint) => (
      <code className="bw-none" title={endpoint.events.join(', ')}>
        {endpoint.events.join(', ')}
      </code>
    ),
  },
  {
    id: 'namespace',
    header: 'Namespace',
    width: 130,
    from: 'lg',
    cell: (endpoint) => endpoint.namespace ?? <span className="bw-none">all</span>,
  },
  {
    id: 'success',
    header: 'Success 24 h',
    width: 100,
    align: 'right',
    from: 'sm',
    cell: (endpoint) => <SuccessCell id={endpoint.id} />,
  },
  {
    id: 'backlog',
    header: 'Backlog',
    width: 78,
    align: 'right',
    from: 'sm',
    cell: (endpoint) => <BacklogCell id={endpoint.id} />,
  },
  {
    id: 'dead',
    header: 'Dead',
    width: 62,
    align: 'right',
    cell: (endpoint) => <DeadCell id={endpoint.id} />,
  },
  {
    id: 'last',
    header: 'Last success',
    width: 190,
    from: 'md',
    cell: (endpoint) => <FailingCell id={endpoint.id} />,
  },
];

export default function Endpoints() {
  const [filters, set] = useFields(endpointSearch);
  const { me } = useSession();
  const manages = useMayChange()('webhooks:manage');
  const navigate = useNavigate();
  const namespaces = useNamespaces();
  const list = useList('/v1/webhooks', {
    topics: ['endpoints'],
    params: { query: { namespace: filters.namespace, limit: PAGE } },
    rows: (page) => page.endpoints,
  });
  const create = manages && (
    <Button leftSection={<Plus size={13} />} onClick={() => set({ create: true }, { keepCursor: true })}>
      Create endpoint
    </Button>
  );
  const filtered = filters.namespace !== undefined;
  const clear = () => set({ namespace: undefined });

  return (
    <Page title="Endpoints" actions={create}>
      {!me.namespace && (
        <Filters any={filtered} onClear={clear}>
          <TextFilter
            label="Namespace"
            value={filters.namespace}
            onChange={(namespace) => set({ namespace })}
            options={namespaces}
            width={190}
            focusKey
          />
        </Filters>
      )}
      <DataTable
        label="Endpoints"
        columns={columns}
        rows={list.rows}
        rowKey={(endpoint) => endpoint.id}
        rowLabel={nameOf}
        onOpen={(endpoint) => void navigate({ to: `/endpoints/${endpoint.id}` as never })}
        list={list}
        empty={
          filtered ? (
            <Empty title="No endpoint of this namespace" action={<ClearFilters onClick={clear} />} />
          ) : (
            <Empty
              title="No endpoints yet"
              command={
                manages
                  ? curl('/v1/webhooks', {
                      body: {
                        url: 'https://example.com/hook',
                        events: ['purchase.*'],
                        ...(me.namespace ? { namespace: me.namespace } : {}),
                      },
                    })
                  : undefined
              }
            >
              An endpoint is a URL that wants to hear of events. It is sent each one, signed, until it answers
              2xx.
            </Empty>
          )
        }
      />
      {manages && filters.create && (
        <CreateEndpoint onClose={() => set({ create: undefined }, { keepCursor: true })} />
      )}
    </Page>
  );
}
