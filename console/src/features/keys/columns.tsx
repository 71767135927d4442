import type { components } from '@/api/schema';
import { StatusBadge } from '@/ui/status';
import type { Column } from '@/ui/table';
import { Time } from '@/ui/time';

export type Key = components['schemas']['KeyView'];

export function hasEnded(key: Key, now: number): boolean {
  return key.expires_at != null && Date.parse(key.expires_at) <= now;
}

export function columnsFor(ownId: string): readonly Column<Key>[] {
  return [
    {
      id: 'name',
      header: 'Name',
      cell: (key) => (
        <span title={key.name}>
          {key.name} {key.id === ownId && <span className="bw-none">(this session)</span>}
        </span>
      ),
    },
    {
      id: 'prefix',
      header: 'Begins with',
      width: 160,
      from: 'lg',
      cell: (key) => <code className="bw-none">{key.prefix}…</code>,
    },
    { id: 'kind', header: 'Kind', width: 92, cell: (key) => key.kind },
    {
      id: 'namespace',
      header: 'Namespace',
      width: 140,
      from: 'sm',
      cell: (key) => key.namespace ?? <span className="bw-none">–</span>,
    },
    {
      id: 'permissions',
      header: 'May',
      from: 'md',
      cell: (key) => (
        <span className="bw-none" title={key.permissions.join(', ')}>
          {key.permissions.length}: {key.permissions.join(', ')}
        </span>
      ),
    },
    { id: 'created', header: 'Created', width: 104, from: 'lg', cell: (key) => <Time at={key.created_at} /> },
    {
      id: 'used',
      header: 'Last used',
      width: 104,
      cell: (key) =>
        key.last_used_at ? <Time at={key.last_used_at} /> : <span className="bw-none">never</span>,
    },
    {
      id: 'expires',
      header: 'Expires',
      width: 104,
      from: 'md',
      cell: (key) =>
        key.expires_at == null ? (
          <span className="bw-none">never</span>
        ) : hasEnded(key, Date.now()) ? (
          <StatusBadge status="expired" />
        ) : (
          <Time at={key.expires_at} />
        ),
    },
  ];
}
