/** What happened with an approval, one thing after the other: asked, told to whom, answered, used. */
import { Text } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useGet, useList } from '@/api/hooks';
import type { components } from '@/api/schema';
import { Section } from '@/ui/page';
import { StatusBadge, type Tone } from '@/ui/status';
import { type Column, DataTable } from '@/ui/table';
import { Time } from '@/ui/time';
import { said, who } from './words';

type AuditEntry = components['schemas']['AuditEntry'];
type Delivery = components['schemas']['Delivery'];

export function Story({ id }: { id: string }) {
  const list = useList('/v1/audit', {
    topics: ['approvals', 'audit'],
    params: { query: { subject: id, limit: 50 } },
    cursorParam: 'story_cursor',
    rows: (page) => page.entries,
  });
  return (
    <Section title="Story">
      <DataTable
        label="What happened"
        columns={ENTRIES}
        rows={list.rows}
        rowKey={({ seq }) => String(seq)}
        list={list}
        keys={false}
        empty={<Text c="dimmed">The audit log has nothing of it that this key may see.</Text>}
      />
    </Section>
  );
}

/** How an entry's dot looks. */
function tone({ action, detail }: AuditEntry): Tone {
  if (action === 'approval.attempt') {
    const { result } = detail as { result?: unknown };
    return result === 'success' ? 'ok' : result === 'retry' ? 'warn' : 'bad';
  }
  const known: Record<string, Tone> = {
    'approval.request': 'wait',
    'approval.vote': 'ok',
    'approval.approve': 'ok',
    'approval.deny': 'bad',
    'approval.ambiguous': 'bad',
    'approval.undeliverable': 'bad',
  };
  return known[action] ?? 'off';
}

const ENTRIES: readonly Column<AuditEntry>[] = [
  { id: 'at', header: 'When', width: 150, cell: (entry) => <Time at={entry.at} as="second" /> },
  {
    id: 'said',
    header: 'What',
    cell: (entry) => (
      <span className="bw-wrap">
        <StatusBadge status={entry.action} tone={tone(entry)} label="" />
        {said(entry)}
      </span>
    ),
  },
  { id: 'by', header: 'By', width: 130, from: 'sm', cell: (entry) => who(entry.actor) },
  {
    id: 'action',
    header: 'Audit entry',
    width: 210,
    from: 'md',
    cell: (entry) => (
      <span className="bw-none">
        <code>{entry.action}</code> #{entry.seq}
      </span>
    ),
  },
];

/** The events that told of it, and where the question went. */
export function Told({ id }: { id: string }) {
  const events = useGet('/v1/events', {
    topics: ['events', 'approvals'],
    params: { query: { type: 'approval.*', q: id, limit: 10 } },
  });
  const rows = events.data?.events ?? [];
  if (rows.length === 0) return null;
  const requested = rows.find(({ type }) => type === 'approval.requested');
  return (
    <Section title="Events">
      <ul className="bw-votes">
        {rows.map((event) => (
          <li key={event.id}>
            <Link to={'/events/$eventId' as never} params={{ eventId: event.id } as never}>
              <code>{event.type}</code>
            </Link>{' '}
            <Time at={event.timestamp} />
          </li>
        ))}
      </ul>
      {requested && <Deliveries eventId={requested.id} />}
    </Section>
  );
}

function Deliveries({ eventId }: { eventId: string }) {
  const event = useGet('/v1/events/{event_id}', {
    topics: ['deliveries'],
    params: { path: { event_id: eventId } },
  });
  const rows = event.data?.deliveries ?? [];
  if (rows.length === 0) return null;
  return (
    <DataTable
      label="Deliveries of the question"
      columns={DELIVERIES}
      rows={rows}
      rowKey={(delivery) => delivery.id}
      keys={false}
      empty={null}
    />
  );
}

const DELIVERIES: readonly Column<Delivery>[] = [
  { id: 'status', header: 'Delivery', width: 100, cell: ({ status }) => <StatusBadge status={status} /> },
  {
    id: 'endpoint',
    header: 'Endpoint',
    cell: ({ endpoint_id }) => (
      <Link to={'/endpoints/$endpointId' as never} params={{ endpointId: endpoint_id } as never}>
        <code>{endpoint_id}</code>
      </Link>
    ),
  },
  {
    id: 'code',
    header: 'Code',
    width: 62,
    align: 'right',
    cell: ({ status_code }) => status_code ?? <span className="bw-none">–</span>,
  },
  { id: 'attempts', header: 'Attempts', width: 84, align: 'right', cell: ({ attempts }) => attempts },
  {
    id: 'open',
    header: 'Requests',
    width: 90,
    cell: ({ id }) => (
      <Link to={'/deliveries/$deliveryId' as never} params={{ deliveryId: id } as never}>
        Look at it
      </Link>
    ),
  },
];
