/**
 * The one list. Dense; the rows are walked with j and k and opened with Enter; columns go away where there is
 * no room for them.
 *
 *     <DataTable label="Events" columns={columns} rows={list.rows} rowKey={(row) => row.id}
 *       onOpen={(row) => set({ open: row.id }, { keepCursor: true })} chosen={filters.open}
 *       list={list} empty={<Empty title="No events yet" command={…} />} />
 */
import { Button, Checkbox, Skeleton } from '@mantine/core';
import { ChevronLeft, ChevronRight, ChevronsLeft } from 'lucide-react';
import { type ReactNode, useCallback, useRef, useState } from 'react';
import type { Pager } from '@/api/pager';
import type { ApiError } from '@/api/problem';
import { ProblemAlert } from './problem-alert';
import { useRowKeys } from './row-keys';

export interface Column<Row> {
  id: string;
  header: string;
  cell: (row: Row) => ReactNode;
  /** CSS width; a column without one takes what is left. */
  width?: number | string;
  align?: 'right';
  /** Only where the window is at least this wide: `sm` 768, `md` 992, `lg` 1200. */
  from?: 'sm' | 'md' | 'lg';
}

/** How rows that are asked for stand: what `useList` gives. */
export interface TableSource {
  loading?: boolean;
  /** The rows are those of the filters before: shown fainter. */
  stale?: boolean;
  error?: ApiError | null;
  refetch?: () => void;
  pager?: Pager;
}

export interface DataTableProps<Row> {
  label: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  rowKey: (row: Row) => string;
  /** Click, Enter. */
  onOpen?: (row: Row) => void;
  /** The key of the row that is open. */
  chosen?: string;
  /** What a row is called for those who hear it; the first cell otherwise. */
  rowLabel?: (row: Row) => string;
  /** Where the rows come from; nothing where they are just there. */
  list?: TableSource;
  empty: ReactNode;
  /** `1,204 deliveries`. */
  count?: ReactNode;
  /** Rows with boxes: what is ticked, by key. */
  ticked?: ReadonlySet<string>;
  onTick?: (ticked: Set<string>) => void;
  /** Off where two tables are on a page: the keys go to the first. */
  keys?: boolean;
}

export function DataTable<Row>(props: DataTableProps<Row>) {
  const { label, columns, rows, rowKey, onOpen, chosen, empty, count } = props;
  const { loading, stale, error, refetch: retry, pager } = props.list ?? {};
  const body = useRef<HTMLTableSectionElement>(null);
  // The row that has the focus is known by its key: rows come and go above it.
  const [last, setLast] = useState<{ key: string | null; index: number }>({ key: null, index: 0 });
  const found = last.key === null ? -1 : rows.findIndex((row) => rowKey(row) === last.key);
  const at = found === -1 ? last.index : found;
  const focusRow = useCallback((index: number) => {
    // Its `onFocus` notes which one it is.
    body.current?.querySelectorAll<HTMLElement>('tr[data-row]')[index]?.focus();
  }, []);
  useRowKeys({ enabled: props.keys !== false, count: rows.length, body, focusRow, at });

  if (error && rows.length === 0) return <ProblemAlert error={error} retry={retry} />;
  if (!loading && rows.length === 0 && (pager?.first ?? true)) return <>{empty}</>;
  const cellClass = (column: Column<Row>) =>
    [column.from && `bw-from-${column.from}`, column.align === 'right' && 'bw-right']
      .filter(Boolean)
      .join(' ') || undefined;

  return (
    <div className="bw-table-box">
      {error && <ProblemAlert error={error} retry={retry} />}
      <table
        className="bw-table"
        aria-label={label}
        aria-busy={loading || undefined}
        data-stale={stale || undefined}
      >
        <colgroup>
          {props.onTick && <col style={{ width: 34 }} />}
          {columns.map((column) => (
            <col key={column.id} className={cellClass(column)} style={{ width: column.width }} />
          ))}
        </colgroup>
        <thead>
          <tr>
            {props.onTick && (
              <th>
                <TickAll rows={rows} rowKey={rowKey} ticked={props.ticked} onTick={props.onTick} />
              </th>
            )}
            {columns.map((column) => (
              <th key={column.id} scope="col" className={cellClass(column)}>
                {column.header}
              </th>
            ))}
          </tr>
        </thead>
        <tbody ref={body}>
          {loading
            ? SKELETON.map((row) => (
                <tr key={row}>
                  {props.onTick && <td />}
                  {columns.map((column) => (
                    <td key={column.id} className={cellClass(column)}>
                      <Skeleton h={10} w={column.align === 'right' ? '50%' : '70%'} />
                    </td>
                  ))}
                </tr>
              ))
            : rows.map((row, index) => {
                const key = rowKey(row);
                return (
                  <tr
                    key={key}
                    data-row={key}
                    data-open={onOpen ? true : undefined}
                    aria-selected={chosen === key ? true : undefined}
                    aria-label={props.rowLabel?.(row)}
                    tabIndex={index === Math.min(at, rows.length - 1) ? 0 : -1}
                    onFocus={() => setLast({ key, index })}
                    onClick={(event) => {
                      if (isOwnClick(event)) onOpen?.(row);
                    }}
                    onKeyDown={(event) => {
                      if (event.key === 'Enter' && event.target === event.currentTarget) onOpen?.(row);
                      if (event.key === 'x' && event.target === event.currentTarget && props.onTick) {
                        props.onTick(toggled(props.ticked, key));
                      }
                    }}
                  >
                    {props.onTick && (
                      <td>
                        <Checkbox
                          aria-label={`Select ${props.rowLabel?.(row) ?? key}`}
                          checked={props.ticked?.has(key) ?? false}
                          onChange={() => props.onTick?.(toggled(props.ticked, key))}
                        />
                      </td>
                    )}
                    {columns.map((column) => (
                      <td key={column.id} className={cellClass(column)}>
                        {column.cell(row)}
                      </td>
                    ))}
                  </tr>
                );
              })}
        </tbody>
      </table>
      <TableFoot pager={pager} count={count} />
    </div>
  );
}

const SKELETON = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];

/** Not a click on something in the row that has its own meaning, and not the end of selecting text. */
function isOwnClick(event: React.MouseEvent): boolean {
  const target = event.target as HTMLElement;
  if (target.closest('a, button, input, label')) return false;
  return window.getSelection()?.isCollapsed ?? true;
}

function toggled(ticked: ReadonlySet<string> | undefined, key: string): Set<string> {
  const next = new Set(ticked);
  if (!next.delete(key)) next.add(key);
  return next;
}

function TickAll<Row>({
  rows,
  rowKey,
  ticked,
  onTick,
}: Pick<DataTableProps<Row>, 'rows' | 'rowKey' | 'ticked'> & { onTick: (ticked: Set<string>) => void }) {
  const some = rows.filter((row) => ticked?.has(rowKey(row))).length;
  return (
    <Checkbox
      aria-label="Select all on this page"
      checked={some > 0 && some === rows.length}
      indeterminate={some > 0 && some < rows.length}
      onChange={() => onTick(some === rows.length ? new Set() : new Set(rows.map(rowKey)))}
    />
  );
}

function TableFoot({ pager, count }: { pager?: Pager; count?: ReactNode }) {
  const paged = pager && (!pager.first || pager.hasOlder);
  if (!paged && !count) return null;
  return (
    <div className="bw-table-foot">
      <span className="bw-num">{count}</span>
      {paged && (
        <nav aria-label="Pages of the list">
          {!pager.first && (
            <>
              <Button
                variant="subtle"
                color="gray"
                leftSection={<ChevronsLeft size={13} />}
                onClick={pager.newest}
              >
                Newest
              </Button>
              <Button
                variant="subtle"
                color="gray"
                leftSection={<ChevronLeft size={13} />}
                onClick={pager.back}
              >
                Back
              </Button>
            </>
          )}
          <Button
            variant="subtle"
            color="gray"
            rightSection={<ChevronRight size={13} />}
            disabled={!pager.hasOlder}
            onClick={pager.older}
          >
            Older
          </Button>
        </nav>
      )}
    </div>
  );
}
