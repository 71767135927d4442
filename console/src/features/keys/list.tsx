/** The keys that are good: who may do what, since when and until when. */
import { Button } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { Plus } from 'lucide-react';
import { useMemo } from 'react';
import { useList } from '@/api/hooks';
import { useNamespaces } from '@/app/names';
import { useFields } from '@/app/search';
import { useMayChange, useSession } from '@/app/session';
import { ClearFilters, Empty } from '@/ui/empty';
import { Filters, TextFilter } from '@/ui/filters';
import { curl } from '@/ui/origin';
import { Page } from '@/ui/page';
import { DataTable } from '@/ui/table';
import { columnsFor } from './columns';
import { CreateKey } from './create';
import { KeyPanel } from './panel';
import { keySearch } from './search';
import './keys.css';

export default function Keys() {
  const [{ namespace, open }, set] = useFields(keySearch);
  const { me } = useSession();
  const [creating, create] = useDisclosure(false);
  const list = useList('/v1/keys', {
    topics: ['keys'],
    params: { query: { namespace } },
    rows: (page) => page.keys,
  });
  const namespaces = useNamespaces();
  const columns = useMemo(() => columnsFor(me.key_id), [me.key_id]);
  const clear = () => set({ namespace: undefined });
  const close = () => set({ open: undefined }, { keepCursor: true });
  const mayChange = useMayChange()('keys:manage');

  return (
    <Page
      title="Keys"
      about="A key names who asks, and says what it may do. Its secret is shown once, when it is made."
      actions={
        mayChange && (
          <Button leftSection={<Plus size={13} />} onClick={create.open}>
            Create key
          </Button>
        )
      }
    >
      {!me.namespace && (
        <Filters any={Boolean(namespace)} onClear={clear}>
          <TextFilter
            label="Namespace"
            value={namespace}
            onChange={(value) => set({ namespace: value })}
            options={namespaces}
            width={190}
            focusKey
          />
        </Filters>
      )}
      <div className="bw-split" data-open={open ? true : undefined}>
        <DataTable
          label="Keys"
          columns={columns}
          rows={list.rows}
          rowKey={(key) => key.id}
          rowLabel={(key) => `${key.name}, ${key.kind} key`}
          onOpen={(key) => set({ open: key.id }, { keepCursor: true })}
          chosen={open}
          list={list}
          empty={
            <Empty
              title={namespace ? `No keys of ${namespace}` : 'No keys yet'}
              command={curl('/v1/keys', {
                body: {
                  name: 'worker',
                  kind: 'scoped',
                  namespace: namespace ?? me.namespace ?? 'customer-acme',
                },
              })}
              action={namespace && <ClearFilters onClick={clear} />}
            >
              A scoped key sees one namespace and nothing else. Make one here, or with a command:
            </Empty>
          }
        />
        {open && (
          <KeyPanel
            apiKey={list.rows.find((key) => key.id === open)}
            loading={list.loading}
            mayChange={mayChange}
            onClose={close}
          />
        )}
      </div>
      {creating && <CreateKey namespaces={namespaces} initialNamespace={namespace} onClose={create.close} />}
    </Page>
  );
}
