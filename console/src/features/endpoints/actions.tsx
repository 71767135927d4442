/** What can be done with an endpoint. */
import { ActionIcon, Button, Menu } from '@mantine/core';
import { Link, useNavigate } from '@tanstack/react-router';
import { Code, Ellipsis, KeyRound, Pause, Pencil, Play, RotateCcw, Send, Trash2 } from 'lucide-react';
import { useState } from 'react';
import { answer } from '@/api/client';
import { useWrite } from '@/api/hooks';
import type { components } from '@/api/schema';
import { useApi } from '@/api/scope';
import { nameOf } from '@/app/names';
import { useMayChange } from '@/app/session';
import { latency } from '@/ui/clock';
import { Confirm } from '@/ui/confirm';
import { EditEndpoint } from './edit';
import type { Endpoint } from './form';
import { HandlerDialog } from './handler-dialog';
import type { EndpointStats } from './health';
import { ReplayDialog } from './replay';
import { RotateSecret } from './rotate';

type Dialog = 'edit' | 'rotate' | 'delete' | 'replay' | 'retry' | 'handler';

export function EndpointActions({
  endpoint,
  stats,
}: {
  endpoint: Endpoint;
  stats: EndpointStats | undefined;
}) {
  const manages = useMayChange()('webhooks:manage');
  const [dialog, setDialog] = useState<Dialog | null>(null);
  const close = () => setDialog(null);
  if (!manages) {
    return (
      <>
        <Button variant="default" leftSection={<Code size={13} />} onClick={() => setDialog('handler')}>
          Handler code
        </Button>
        {dialog && <HandlerDialog endpoint={endpoint} onClose={close} />}
      </>
    );
  }
  const dead = stats?.deliveries.failed ?? 0;
  return (
    <>
      <TestButton endpoint={endpoint} />
      <PauseButton endpoint={endpoint} />
      <Button variant="default" leftSection={<RotateCcw size={13} />} onClick={() => setDialog('replay')}>
        Replay
      </Button>
      <Menu position="bottom-end">
        <Menu.Target>
          <ActionIcon variant="default" size={30} aria-label="More actions">
            <Ellipsis size={15} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item leftSection={<Pencil size={13} />} onClick={() => setDialog('edit')}>
            Edit
          </Menu.Item>
          <Menu.Item leftSection={<KeyRound size={13} />} onClick={() => setDialog('rotate')}>
            Rotate the secret
          </Menu.Item>
          <Menu.Item leftSection={<Code size={13} />} onClick={() => setDialog('handler')}>
            Handler code
          </Menu.Item>
          {dead > 0 && (
            <Menu.Item leftSection={<RotateCcw size={13} />} onClick={() => setDialog('retry')}>
              Retry the dead letters
            </Menu.Item>
          )}
          <Menu.Divider />
          <Menu.Item color="red" leftSection={<Trash2 size={13} />} onClick={() => setDialog('delete')}>
            Delete
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      {dialog === 'edit' && <EditEndpoint endpoint={endpoint} onClose={close} />}
      {dialog === 'rotate' && <RotateSecret endpoint={endpoint} onClose={close} />}
      {dialog === 'handler' && <HandlerDialog endpoint={endpoint} onClose={close} />}
      {dialog === 'replay' && <ReplayDialog endpoint={endpoint} onClose={close} />}
      {dialog === 'retry' && <RetryDead endpoint={endpoint} dead={dead} onClose={close} />}
      {dialog === 'delete' && <DeleteEndpoint endpoint={endpoint} stats={stats} onClose={close} />}
    </>
  );
}

type Tested = components['schemas']['TestAnswer'];

function TestButton({ endpoint }: { endpoint: Endpoint }) {
  const api = useApi();
  const test = useWrite(
    () =>
      answer(
        api.http.POST('/v1/webhooks/{endpoint_id}/test', { params: { path: { endpoint_id: endpoint.id } } }),
      ),
    { topics: ['deliveries', 'endpoints'] },
  );
  return (
    <>
      {test.data && <TestResult tested={test.data} />}
      <Button
        variant="default"
        leftSection={<Send size={13} />}
        loading={test.isPending}
        onClick={() => test.mutate()}
      >
        Send test event
      </Button>
    </>
  );
}

function TestResult({ tested }: { tested: Tested }) {
  const { ok, status, error, latency_ms: ms } = tested;
  const said = status ? `answered ${status}` : (error ?? (ok ? 'waits to be pulled' : 'no answer'));
  return (
    <span className="bw-ep-tested" data-tone={ok ? 'ok' : 'bad'} role="status">
      <Link to={'/deliveries/$deliveryId' as never} params={{ deliveryId: tested.delivery_id } as never}>
        Test {said}
        {ms !== null && ms !== undefined && status ? ` in ${latency(ms)}` : ''}
      </Link>
    </span>
  );
}

function PauseButton({ endpoint }: { endpoint: Endpoint }) {
  const api = useApi();
  const active = endpoint.status === 'active';
  const write = useWrite(
    () =>
      answer(
        api.http.PATCH('/v1/webhooks/{endpoint_id}', {
          params: { path: { endpoint_id: endpoint.id } },
          body: { status: active ? 'paused' : 'active' },
        }),
      ),
    { topics: ['endpoints', 'deliveries'], said: active ? 'Paused' : 'Active again' },
  );
  return (
    <Button
      variant="default"
      leftSection={active ? <Pause size={13} /> : <Play size={13} />}
      loading={write.isPending}
      onClick={() => write.mutate()}
    >
      {active ? 'Pause' : endpoint.status === 'disabled' ? 'Enable' : 'Resume'}
    </Button>
  );
}

function RetryDead({ endpoint, dead, onClose }: { endpoint: Endpoint; dead: number; onClose: () => void }) {
  const api = useApi();
  const retry = useWrite(
    () =>
      answer(api.http.POST('/v1/deliveries/retry', { body: { endpoint_id: endpoint.id, status: 'failed' } })),
    {
      topics: ['deliveries', 'endpoints'],
      quiet: true,
      said: ({ retried }) =>
        `${retried.toLocaleString('en')} ${retried === 1 ? 'delivery is' : 'deliveries are'} due again`,
    },
  );
  return (
    <Confirm
      title={`Retry ${dead.toLocaleString('en')} dead ${dead === 1 ? 'letter' : 'letters'}?`}
      action="Retry them"
      danger={false}
      onConfirm={() => retry.mutateAsync()}
      onClose={onClose}
    >
      Each is sent again now, its attempts counted anew.
    </Confirm>
  );
}

function DeleteEndpoint({
  endpoint,
  stats,
  onClose,
}: {
  endpoint: Endpoint;
  stats: EndpointStats | undefined;
  onClose: () => void;
}) {
  const api = useApi();
  const navigate = useNavigate();
  const remove = useWrite(
    () =>
      answer(
        api.http.DELETE('/v1/webhooks/{endpoint_id}', { params: { path: { endpoint_id: endpoint.id } } }),
      ),
    { topics: ['endpoints', 'deliveries'], said: 'Endpoint deleted', quiet: true },
  );
  const total = stats?.deliveries.total ?? 0;
  return (
    <Confirm
      title="Delete this endpoint?"
      action="Delete the endpoint"
      onConfirm={async () => {
        await remove.mutateAsync();
        await navigate({ to: '/endpoints' as never });
      }}
      onClose={onClose}
    >
      <strong>{nameOf(endpoint)}</strong> and its{' '}
      {total === 1 ? 'delivery' : `${total.toLocaleString('en')} deliveries`} are removed, those that are
      still owed too. The events stay. This cannot be undone.
    </Confirm>
  );
}
