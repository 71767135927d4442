import type { BellwireEvent } from '@/api/tail';
import type { Column } from '@/ui/table';
import { Time } from '@/ui/time';
import { gist } from './gist';

export const columns: readonly Column<BellwireEvent>[] = [
  { id: 'time', header: 'Time', width: 96, cell: (event) => <Time at={event.timestamp} /> },
  { id: 'type', header: 'Type', width: 210, cell: (event) => <code>{event.type}</code> },
  {
    id: 'namespace',
    header: 'Namespace',
    width: 130,
    from: 'md',
    cell: (event) => event.namespace ?? <span className="bw-none">–</span>,
  },
  {
    id: 'data',
    header: 'Data',
    from: 'sm',
    cell: (event) => <span className="bw-none">{gist(event.data)}</span>,
  },
  {
    id: 'id',
    header: 'Id',
    width: 290,
    from: 'lg',
    cell: (event) => <code className="bw-none">{event.id}</code>,
  },
];
