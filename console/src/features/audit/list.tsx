/** Who did what. Newest first, with the state of the chain above it. */
import { Button } from '@mantine/core';
import { Download } from 'lucide-react';
import { useEffect, useState } from 'react';
import { useList, useWrite } from '@/api/hooks';
import { useApi } from '@/api/scope';
import { useFields } from '@/app/search';
import { useSession } from '@/app/session';
import { saveLines } from '@/ui/download';
import { ClearFilters, Empty } from '@/ui/empty';
import { Filters, TextFilter } from '@/ui/filters';
import { Page } from '@/ui/page';
import { DataTable } from '@/ui/table';
import { ChainStatus } from './chain';
import { columns } from './columns';
import { ACTIONS, type Entry } from './entry';
import { EntryPanel } from './panel';
import { auditSearch } from './search';
import './audit.css';

const BACK = ['1h', '24h', '7d', '30d'];

export default function Audit() {
  const [{ open, ...filters }, set] = useFields(auditSearch);
  const { action, subject, actor, namespace, since, until } = filters;
  const { me } = useSession();
  const api = useApi();
  const selection = { action, subject, actor, namespace, since, until };
  const list = useList('/v1/audit', {
    topics: ['audit'],
    params: { query: selection },
    rows: (page) => page.entries,
  });
  const filtered = Object.values(selection).some(Boolean);
  // What `bellwire audit verify` checks.
  const download = useWrite(
    () => saveLines(api, '/v1/audit', selection, filtered ? 'audit-selection.ndjson' : 'audit.ndjson'),
    { topics: ['audit'] },
  );
  const entry = useOpen(open, list.rows);
  const clear = () =>
    set({
      action: undefined,
      subject: undefined,
      actor: undefined,
      namespace: undefined,
      since: undefined,
      until: undefined,
    });

  return (
    <Page
      title="Audit"
      about="Whatever decides something, or changes who may do what. Nothing in it is ever changed or removed."
      actions={
        <Button
          variant="default"
          leftSection={<Download size={13} />}
          loading={download.isPending}
          onClick={() => download.mutate()}
        >
          {filtered ? 'Export the selection' : 'Export'}
        </Button>
      }
    >
      {!me.namespace && <ChainStatus some={filtered} />}
      <Filters any={filtered} onClear={clear}>
        <TextFilter
          label="Action"
          value={action}
          onChange={(value) => set({ action: value })}
          placeholder="Action, such as key.create"
          options={ACTIONS}
          width={200}
          focusKey
        />
        <TextFilter
          label="Who"
          value={actor}
          onChange={(value) => set({ actor: value })}
          placeholder="Who: person:…, key:…"
          width={200}
        />
        <TextFilter
          label="To what"
          value={subject}
          onChange={(value) => set({ subject: value })}
          placeholder="To what: an id"
          width={200}
        />
        {!me.namespace && (
          <TextFilter
            label="Namespace"
            value={namespace}
            onChange={(value) => set({ namespace: value })}
            width={130}
          />
        )}
        <TextFilter
          label="Since"
          value={since}
          onChange={(value) => set({ since: value })}
          placeholder="Since: 24h, a time"
          options={BACK}
          width={150}
        />
        <TextFilter
          label="Until"
          value={until}
          onChange={(value) => set({ until: value })}
          placeholder="Until: 1h, a time"
          options={BACK}
          width={150}
        />
      </Filters>
      <div className="bw-split" data-open={open ? true : undefined}>
        <DataTable
          label="Audit log"
          columns={columns}
          rows={list.rows}
          rowKey={(row) => String(row.seq)}
          rowLabel={(row) => `${row.seq}, ${row.action}, ${row.actor}`}
          onOpen={(row) => set({ open: String(row.seq) }, { keepCursor: true })}
          chosen={open}
          list={list}
          empty={
            <Empty
              title={filtered ? 'No entry like this' : 'No entries yet'}
              action={filtered && <ClearFilters onClick={clear} />}
            >
              {filtered
                ? 'Action, who and to what are compared whole, not in part.'
                : 'The first key, endpoint or decision in this namespace is recorded here.'}
            </Empty>
          }
        />
        {open && <EntryPanel entry={entry} onClose={() => set({ open: undefined }, { keepCursor: true })} />}
      </div>
    </Page>
  );
}

/** The entry that is open; it stays when newer ones push it off the page. */
function useOpen(open: string | undefined, rows: readonly Entry[]): Entry | undefined {
  const [kept, setKept] = useState<Entry>();
  const found = rows.find((row) => String(row.seq) === open);
  useEffect(() => {
    if (found) setKept(found);
  }, [found]);
  return found ?? (String(kept?.seq) === open ? kept : undefined);
}
