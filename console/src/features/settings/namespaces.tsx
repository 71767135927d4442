/** The namespaces: a portal for whoever it belongs to, and its end. */
import { ActionIcon, Menu, Text } from '@mantine/core';
import { Ellipsis, ExternalLink, Trash2 } from 'lucide-react';
import { useState } from 'react';
import { answer } from '@/api/client';
import { useList, useWrite } from '@/api/hooks';
import type { components } from '@/api/schema';
import { useApi } from '@/api/scope';
import { useMayChange, useSession } from '@/app/session';
import { Confirm } from '@/ui/confirm';
import { Empty } from '@/ui/empty';
import { curl } from '@/ui/origin';
import { Section } from '@/ui/page';
import { type Column, DataTable } from '@/ui/table';
import { Time } from '@/ui/time';
import { PortalDialog } from './portal';

type Namespace = components['schemas']['NamespaceView'];
type Asked = { what: 'portal' | 'delete'; name: string } | null;

export function Namespaces() {
  const { me } = useSession();
  const may = useMayChange();
  const [asked, setAsked] = useState<Asked>(null);
  const list = useList('/v1/namespaces', {
    topics: ['keys', 'endpoints', 'wallets', 'events'],
    params: { query: { limit: 100 } },
    rows: (page) => page.namespaces,
    cursorParam: 'namespaces_cursor',
  });
  const mayPortal = may('keys:manage') && may('events:read') && may('webhooks:manage');
  const mayDelete = may('keys:manage') && !me.namespace;
  const mayAct = mayPortal || mayDelete;
  const columns: Column<Namespace>[] = [
    { id: 'name', header: 'Name', cell: ({ name }) => <span title={name}>{name}</span> },
    { id: 'created', header: 'Created', width: 110, cell: ({ created_at }) => <Time at={created_at} /> },
  ];
  if (mayAct) {
    columns.push({
      id: 'actions',
      header: '',
      width: 56,
      align: 'right',
      cell: ({ name }) => (
        <Menu position="bottom-end" width={190}>
          <Menu.Target>
            <ActionIcon aria-label={`Actions for ${name}`}>
              <Ellipsis size={15} />
            </ActionIcon>
          </Menu.Target>
          <Menu.Dropdown>
            {mayPortal && (
              <Menu.Item
                leftSection={<ExternalLink size={14} />}
                onClick={() => setAsked({ what: 'portal', name })}
              >
                Make a portal link
              </Menu.Item>
            )}
            {mayDelete && (
              <Menu.Item
                color="red"
                leftSection={<Trash2 size={14} />}
                onClick={() => setAsked({ what: 'delete', name })}
              >
                Delete
              </Menu.Item>
            )}
          </Menu.Dropdown>
        </Menu>
      ),
    });
  }
  return (
    <Section title={me.namespace ? 'Namespace' : 'Namespaces'}>
      <DataTable
        label="Namespaces"
        columns={columns}
        rows={list.rows}
        rowKey={({ name }) => name}
        list={list}
        empty={
          <Empty
            title="No namespaces yet"
            command={curl('/v1/keys', {
              body: { name: 'acme agents', kind: 'scoped', namespace: 'customer-acme' },
            })}
          >
            A namespace keeps one customer apart from the others. It is there as soon as something is in it,
            such as a key:
          </Empty>
        }
      />
      {mayPortal && list.rows.length > 0 && (
        <Text c="dimmed" size="xs" mt={8}>
          A portal link shows a customer the endpoints, events and deliveries of its namespace, and nothing
          else.
        </Text>
      )}
      {asked?.what === 'portal' && <PortalDialog namespace={asked.name} onClose={() => setAsked(null)} />}
      {asked?.what === 'delete' && <DeleteNamespace name={asked.name} onClose={() => setAsked(null)} />}
    </Section>
  );
}

function DeleteNamespace({ name, onClose }: { name: string; onClose: () => void }) {
  const api = useApi();
  const write = useWrite(
    () => answer(api.http.DELETE('/v1/namespaces/{namespace}', { params: { path: { namespace: name } } })),
    { topics: ['keys', 'endpoints', 'audit'], said: `${name} is deleted`, quiet: true },
  );
  return (
    <Confirm
      title={`Delete the namespace ${name}?`}
      action="Delete the namespace"
      onConfirm={() => write.mutateAsync()}
      onClose={onClose}
    >
      <p>
        Its endpoints are removed with what they are still owed, and its keys are revoked: sessions and
        portals of the customer end at once. It cannot be taken back.
      </p>
      <p>What it did stays in the audit log.</p>
    </Confirm>
  );
}
