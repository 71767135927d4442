/** What is out of the ordinary with an endpoint, and the way out of it. */
import { Button } from '@mantine/core';
import { type ReactNode, useState } from 'react';
import { answer } from '@/api/client';
import { useWrite } from '@/api/hooks';
import { useApi } from '@/api/scope';
import { useMayChange } from '@/app/session';
import { Confirm } from '@/ui/confirm';
import { Countdown, Time } from '@/ui/time';
import { type Endpoint, newSecretWhen } from './form';
import type { EndpointStats } from './health';

export function Note({
  tone,
  children,
  action,
}: {
  tone?: 'warn' | 'bad';
  children: ReactNode;
  action?: ReactNode;
}) {
  return (
    <div className="bw-ep-note" data-tone={tone} role="status">
      <div>{children}</div>
      {action}
    </div>
  );
}

export function Notes({ endpoint, stats }: { endpoint: Endpoint; stats: EndpointStats | undefined }) {
  return (
    <>
      {endpoint.status === 'disabled' && (
        <Note tone="bad">
          <strong>Disabled{endpoint.status_reason ? `: ${endpoint.status_reason}` : ''}.</strong> It collects
          nothing. After it is active again, a replay with what it missed brings that.
        </Note>
      )}
      {endpoint.status === 'paused' && (
        <Note tone="warn">
          <strong>Paused.</strong> Deliveries are collected and sent when it is resumed, oldest first.
        </Note>
      )}
      {endpoint.status === 'active' && stats?.breaker === 'open' && (
        <Note tone="bad">
          <strong>The circuit is open</strong> after {stats.consecutive_failures} failures in a row: nothing
          is sent and no attempt is used up.
          {stats.breaker_open_until && (
            <>
              {' '}
              Probed in <Countdown until={stats.breaker_open_until} over="a moment" />.
            </>
          )}
        </Note>
      )}
      <Rotation endpoint={endpoint} />
    </>
  );
}

function Rotation({ endpoint }: { endpoint: Endpoint }) {
  const api = useApi();
  const manages = useMayChange()('webhooks:manage');
  const [asking, setAsking] = useState(false);
  const finish = useWrite(
    () =>
      answer(
        api.http.POST('/v1/webhooks/{endpoint_id}/rotate-secret/finish', {
          params: { path: { endpoint_id: endpoint.id } },
        }),
      ),
    { topics: ['endpoints'], said: 'Only the new secret signs now', quiet: true },
  );
  if (!endpoint.rotation_ends_at) return null;
  return (
    <Note
      tone="warn"
      action={
        manages && (
          <Button variant="default" onClick={() => setAsking(true)}>
            Finish the rotation
          </Button>
        )
      }
    >
      <strong>Two secrets sign</strong> until <Time at={endpoint.rotation_ends_at} as="second" />.{' '}
      {newSecretWhen(endpoint.dialect) === 'finish'
        ? 'The dialect’s own header is signed with the older one until then: change the handler’s secret when you finish.'
        : 'Give the handler the new secret before that.'}
      {asking && (
        <Confirm
          title="Finish the rotation?"
          action="Retire the old secret"
          onConfirm={() => finish.mutateAsync()}
          onClose={() => setAsking(false)}
        >
          From now on only the new secret signs. A handler that still has the old one refuses what it is sent.
        </Confirm>
      )}
    </Note>
  );
}
