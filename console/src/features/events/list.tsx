/** Events as they happen, newest first; one of them open beside the list. */
import { Button } from '@mantine/core';
import { Pause, Play } from 'lucide-react';
import { useEffect } from 'react';
import { useList } from '@/api/hooks';
import { useEventTail } from '@/api/tail';
import { useEventTypes } from '@/app/names';
import { useFields } from '@/app/search';
import { useSession } from '@/app/session';
import { ClearFilters, Empty } from '@/ui/empty';
import { ChoiceFilter, Filters, SINCE, TextFilter } from '@/ui/filters';
import { curl } from '@/ui/origin';
import { Page } from '@/ui/page';
import { DataTable } from '@/ui/table';
import { columns } from './columns';
import { EventPanel } from './panel';
import { eventSearch } from './search';
import { hasText, mergeTail, useTail } from './tail';

export default function Events() {
  const [filters, set] = useFields(eventSearch);
  const { type, namespace, q, since } = filters;
  const { me } = useSession();
  const types = useEventTypes();
  const list = useList('/v1/events', {
    // The tail tells what is new: the list itself is asked for only when the filters change.
    topics: [],
    params: { query: { type, namespace, since, ...(q ? { q } : {}) } },
    rows: (page) => page.events,
  });
  const { tail, arrived, pause, resume, restart } = useTail();
  // biome-ignore lint/correctness/useExhaustiveDependencies: other filters, another tail
  useEffect(restart, [type, namespace, q, since, restart]);
  const following = list.pager.first;
  useEventTail({
    types: type,
    namespace,
    after: list.page && !list.stale ? (list.rows[0]?.id ?? null) : undefined,
    enabled: following,
    onEvent: (event) => hasText(event, q) && arrived(event),
  });

  const rows = following ? mergeTail(tail.shown, list.rows) : list.rows;
  const filtered = Boolean(type || namespace || q || since);
  const clear = () => set({ type: undefined, namespace: undefined, q: undefined, since: undefined });

  return (
    <Page
      title="Events"
      actions={
        following && (
          <Button
            variant="default"
            leftSection={tail.paused ? <Play size={13} /> : <Pause size={13} />}
            onClick={tail.paused ? resume : pause}
            aria-pressed={tail.paused}
          >
            {tail.paused
              ? `Resume${tail.waiting.length > 0 ? ` (${tail.waiting.length} new)` : ''}`
              : 'Pause'}
          </Button>
        )
      }
    >
      <Filters any={filtered} onClear={clear}>
        <TextFilter
          label="Search text"
          value={q}
          onChange={(value) => set({ q: value })}
          placeholder="Text in id, type or data"
          width={220}
          focusKey
        />
        <TextFilter
          label="Type"
          value={type}
          onChange={(value) => set({ type: value })}
          placeholder="Type, such as purchase.*"
          options={types}
          width={190}
        />
        {!me.namespace && (
          <TextFilter
            label="Namespace"
            value={namespace}
            onChange={(value) => set({ namespace: value })}
            width={130}
          />
        )}
        <ChoiceFilter
          label="Any time"
          value={SINCE.find(({ value }) => value === since)?.value}
          options={SINCE}
          onChange={(value) => set({ since: value })}
        />
      </Filters>
      <div className="bw-split" data-open={filters.open ? true : undefined}>
        <DataTable
          label="Events"
          columns={columns}
          rows={rows}
          rowKey={(event) => event.id}
          rowLabel={(event) => `${event.type} ${event.id}`}
          onOpen={(event) => set({ open: event.id }, { keepCursor: true })}
          chosen={filters.open}
          list={list}
          empty={
            filtered ? (
              <Empty title="No event like this" action={<ClearFilters onClick={clear} />}>
                New ones that match appear here by themselves.
              </Empty>
            ) : (
              <Empty
                title="No events yet"
                command={curl('/v1/events', { body: { type: 'hello.world', data: { answer: 42 } } })}
              >
                Whatever an agent does appears here at once. Try it with an event of your own:
              </Empty>
            )
          }
        />
        {filters.open && (
          <EventPanel id={filters.open} onClose={() => set({ open: undefined }, { keepCursor: true })} />
        )}
      </div>
    </Page>
  );
}
