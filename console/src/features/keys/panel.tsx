/** One key beside the list, and its end. */
import { Button, Skeleton, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { answer } from '@/api/client';
import { useWrite } from '@/api/hooks';
import { useApi } from '@/api/scope';
import { useSession } from '@/app/session';
import { Confirm } from '@/ui/confirm';
import { Id } from '@/ui/copy';
import { Facts } from '@/ui/facts';
import { Section } from '@/ui/page';
import { SidePanel } from '@/ui/side-panel';
import { Time } from '@/ui/time';
import type { Key } from './columns';
import { mayRevoke, PERMISSIONS } from './permissions';

export interface KeyPanelProps {
  apiKey: Key | undefined;
  loading: boolean;
  mayChange: boolean;
  onClose: () => void;
}

export function KeyPanel({ apiKey, loading, mayChange, onClose }: KeyPanelProps) {
  const { me } = useSession();
  const [revoking, revoke] = useDisclosure(false);
  const revocable = mayChange && apiKey !== undefined && mayRevoke(me, apiKey.kind);
  return (
    <SidePanel
      title={apiKey?.name ?? 'Key'}
      label="The key that is open"
      onClose={onClose}
      actions={
        revocable && (
          <Button variant="default" size="compact-xs" onClick={revoke.open}>
            Revoke
          </Button>
        )
      }
    >
      {apiKey ? (
        <KeyFacts apiKey={apiKey} />
      ) : loading ? (
        <Skeleton h={180} />
      ) : (
        <Text c="dimmed">It is not on this page of the list, or it was revoked.</Text>
      )}
      {revoking && apiKey && <Revoke apiKey={apiKey} onDone={onClose} onClose={revoke.close} />}
    </SidePanel>
  );
}

function KeyFacts({ apiKey }: { apiKey: Key }) {
  const granted = new Set(apiKey.permissions);
  return (
    <>
      <Facts
        facts={[
          ['Id', <Id key="id" id={apiKey.id} />],
          ['Begins with', <code key="prefix">{apiKey.prefix}…</code>],
          ['Kind', apiKey.kind],
          ['Namespace', apiKey.namespace ?? <span className="bw-none">every one</span>],
          ['Person', apiKey.person ?? null],
          ['Agent', apiKey.agent_id ? <span key="agent">{apiKey.agent_id}</span> : null],
          ['Created', <Time key="created" at={apiKey.created_at} as="second" />],
          [
            'Last used',
            apiKey.last_used_at ? <Time key="used" at={apiKey.last_used_at} as="second" /> : 'never',
          ],
          ['Expires', apiKey.expires_at ? <Time key="end" at={apiKey.expires_at} as="second" /> : 'never'],
        ]}
      />
      {apiKey.kind === 'owner' && (
        <Text c="dimmed" mt="md">
          The owner key cannot be revoked: nobody could get in any more.
        </Text>
      )}
      <Section title={`What it may do (${granted.size})`}>
        <ul className="bw-may">
          {PERMISSIONS.filter(({ name }) => granted.has(name)).map(({ name, about }) => (
            <li key={name}>
              <code>{name}</code> <span className="bw-none">{about}</span>
            </li>
          ))}
        </ul>
      </Section>
    </>
  );
}

function Revoke({ apiKey, onDone, onClose }: { apiKey: Key; onDone: () => void; onClose: () => void }) {
  const api = useApi();
  const { me } = useSession();
  const own = apiKey.id === me.key_id;
  const write = useWrite(
    () => answer(api.http.DELETE('/v1/keys/{key_id}', { params: { path: { key_id: apiKey.id } } })),
    { topics: ['keys', 'audit'], said: `${apiKey.name} is revoked`, quiet: true, done: onDone },
  );
  return (
    <Confirm
      title={`Revoke ${apiKey.name}?`}
      action="Revoke the key"
      onConfirm={() => write.mutateAsync()}
      onClose={onClose}
    >
      <p>
        The next request with <code>{apiKey.prefix}…</code> is refused. Sessions of the console that were
        opened with it end at once, and so do its event streams. It cannot be taken back.
      </p>
      {own && (
        <p className="bw-warning">
          It is the key of this session: you will be logged out, and need another one to get in again.
        </p>
      )}
    </Confirm>
  );
}
