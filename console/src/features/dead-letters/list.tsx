/** What could not be delivered, over all endpoints: sent again, some or all, or exported. */
import { Button, Select } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import { Download, RotateCcw } from 'lucide-react';
import { useEffect, useState } from 'react';
import { useList, useWrite } from '@/api/hooks';
import { useApi } from '@/api/scope';
import { useEndpointNames, useEventTypes } from '@/app/names';
import { useFields } from '@/app/search';
import { useMayChange, useSession } from '@/app/session';
import { Confirm } from '@/ui/confirm';
import { fileStamp, saveLines } from '@/ui/download';
import { ClearFilters, Empty } from '@/ui/empty';
import { Filters, TextFilter } from '@/ui/filters';
import { curl } from '@/ui/origin';
import { Page } from '@/ui/page';
import { RangeFilter } from '@/ui/range-filter';
import { DataTable } from '@/ui/table';
import { columnsFor } from './columns';
import './dead-letters.css';
import { RunBar } from './run-bar';
import { deadLetterSearch } from './search';
import { useAgain } from './use-again';

export default function DeadLetters() {
  const [filters, set] = useFields(deadLetterSearch);
  const { endpoint, namespace, type, q, since, until } = filters;
  const api = useApi();
  const { me } = useSession();
  const manages = useMayChange()('webhooks:manage');
  const navigate = useNavigate();
  const endpoints = useEndpointNames();
  const types = useEventTypes();
  const query = { endpoint_id: endpoint, namespace, type, q, since, until, status: 'failed' };
  const list = useList('/v1/deliveries', {
    topics: ['deliveries'],
    params: { query },
    rows: (page) => page.deliveries,
  });
  const [ticked, setTicked] = useState<ReadonlySet<string>>(new Set());
  // What was chosen belongs to the filters it was chosen under.
  // biome-ignore lint/correctness/useExhaustiveDependencies: other filters, another choice
  useEffect(() => setTicked(new Set()), [endpoint, namespace, type, q, since, until]);
  const [asking, setAsking] = useState<'chosen' | 'all' | null>(null);
  const again = useAgain();
  const save = useWrite(
    () => saveLines(api, '/v1/deliveries', query, `dead-letters-${fileStamp(new Date())}.ndjson`),
    { topics: [] },
  );

  const filtered = Boolean(endpoint || namespace || type || q || since || until);
  const total = list.page?.total ?? null;
  const clear = () =>
    set({
      endpoint: undefined,
      namespace: undefined,
      type: undefined,
      q: undefined,
      since: undefined,
      until: undefined,
    });
  const running = again.run?.state === 'running';
  const some = list.rows.length > 0;
  const what = total === null ? 'all that match' : `all ${total.toLocaleString('en')}`;

  return (
    <Page
      title="Dead letters"
      actions={
        <>
          {some && (
            <Button
              variant="default"
              leftSection={<Download size={13} />}
              loading={save.isPending}
              onClick={() => save.mutate()}
            >
              Export
            </Button>
          )}
          {manages && ticked.size > 0 && (
            <Button
              leftSection={<RotateCcw size={13} />}
              disabled={running}
              onClick={() => setAsking('chosen')}
            >
              Retry {ticked.size.toLocaleString('en')} selected
            </Button>
          )}
          {manages && some && ticked.size === 0 && (
            <Button leftSection={<RotateCcw size={13} />} disabled={running} onClick={() => setAsking('all')}>
              Retry {what}
            </Button>
          )}
        </>
      }
    >
      <Filters any={filtered} onClear={clear}>
        <TextFilter
          label="Id of a delivery or event"
          placeholder="Id begins with"
          value={q}
          onChange={(value) => set({ q: value })}
          width={150}
          focusKey
        />
        <Select
          aria-label="Endpoint"
          placeholder="Endpoint"
          data={[...endpoints].map(([value, label]) => ({ value, label }))}
          value={endpoint ?? null}
          onChange={(value) => set({ endpoint: value ?? undefined })}
          searchable
          clearable
          w={210}
        />
        <TextFilter
          label="Type"
          placeholder="Type, such as purchase.*"
          value={type}
          onChange={(value) => set({ type: value })}
          options={types}
          width={180}
        />
        {!me.namespace && (
          <TextFilter
            label="Namespace"
            value={namespace}
            onChange={(value) => set({ namespace: value })}
            width={120}
          />
        )}
        <RangeFilter value={{ since, until }} onChange={set} />
      </Filters>
      {again.run && <RunBar run={again.run} onStop={again.stop} onClose={again.clear} />}
      <DataTable
        label="Dead letters"
        columns={columnsFor(endpoints)}
        rows={list.rows}
        rowKey={(delivery) => delivery.id}
        rowLabel={(delivery) => `${delivery.event} ${delivery.id}`}
        onOpen={(delivery) => void navigate({ to: `/deliveries/${delivery.id}` as never })}
        list={list}
        count={
          total === null
            ? undefined
            : `${total.toLocaleString('en')} dead ${total === 1 ? 'letter' : 'letters'}`
        }
        ticked={ticked}
        onTick={manages ? setTicked : undefined}
        empty={
          filtered ? (
            <Empty
              title="No dead letter like this"
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
            <Empty title="No dead letters" command={curl('/v1/deliveries?status=failed')}>
              A delivery that failed after its last retry stays here until it is sent again, or is older than
              what the server keeps. The same list by the API:
            </Empty>
          )
        }
      />
      {asking === 'chosen' && (
        <Confirm
          title={`Retry ${ticked.size.toLocaleString('en')} dead ${ticked.size === 1 ? 'letter' : 'letters'}?`}
          action="Retry them"
          danger={false}
          onConfirm={async () => {
            void again.chosen([...ticked]);
            setTicked(new Set());
          }}
          onClose={() => setAsking(null)}
        >
          Each is sent again now, its attempts counted anew. What fails for good comes back here.
        </Confirm>
      )}
      {asking === 'all' && (
        <Confirm
          title={`Retry ${what}?`}
          action="Retry them"
          danger={false}
          onConfirm={async () => {
            const ends = until ?? new Date().toISOString();
            void again.all({ endpoint, namespace, type, q, since, until: ends }, total);
          }}
          onClose={() => setAsking(null)}
        >
          {filtered
            ? 'Every dead letter that the filters find, on all pages, is sent again now. '
            : 'Every dead letter of every endpoint is sent again now. '}
          Each endpoint’s limits hold. What fails for good comes back here.
        </Confirm>
      )}
    </Page>
  );
}
