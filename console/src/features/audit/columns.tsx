import type { Column } from '@/ui/table';
import { Time } from '@/ui/time';
import { type Entry, gistOf, viaOf } from './entry';

export const columns: readonly Column<Entry>[] = [
  {
    id: 'seq',
    header: 'No.',
    width: 64,
    align: 'right',
    from: 'sm',
    cell: (entry) => <span className="bw-none">{entry.seq.toLocaleString('en')}</span>,
  },
  { id: 'at', header: 'Time', width: 96, cell: (entry) => <Time at={entry.at} /> },
  { id: 'action', header: 'Action', width: 190, cell: (entry) => <code>{entry.action}</code> },
  {
    id: 'actor',
    header: 'Who',
    width: 220,
    from: 'sm',
    cell: (entry) => (
      <span title={entry.actor}>
        {entry.actor}
        {viaOf(entry) && <span className="bw-none"> via {viaOf(entry)}</span>}
      </span>
    ),
  },
  {
    id: 'subject',
    header: 'To what',
    width: 250,
    from: 'lg',
    cell: (entry) => <code title={entry.subject}>{entry.subject}</code>,
  },
  {
    id: 'namespace',
    header: 'Namespace',
    width: 130,
    from: 'md',
    cell: (entry) => entry.namespace ?? <span className="bw-none">–</span>,
  },
  {
    id: 'detail',
    header: 'Detail',
    from: 'md',
    cell: (entry) => <span className="bw-none">{gistOf(entry)}</span>,
  },
];
