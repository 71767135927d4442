/** One purchase beside its wallet: all that is known of it, what it led to, and a way to end or refund it. */
import { Button, Group, Skeleton, Text } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { useGet } from '@/api/hooks';
import type { components } from '@/api/schema';
import { useMay } from '@/app/session';
import { Id } from '@/ui/copy';
import { Facts } from '@/ui/facts';
import { JsonView } from '@/ui/json-view';
import { Money } from '@/ui/money';
import { parseUsd } from '@/ui/nanos';
import { Section } from '@/ui/page';
import { ProblemAlert } from '@/ui/problem-alert';
import { SidePanel } from '@/ui/side-panel';
import { StatusBadge } from '@/ui/status';
import { Countdown, Time } from '@/ui/time';
import { CaptureDialog, FailDialog, VoidDialog } from './end-hold';
import { useManages } from './may';
import { RefundDialog, refundable } from './refund';

type Purchase = components['schemas']['PurchaseWithRefunds'];
type Asking = 'capture' | 'void' | 'fail' | 'refund' | null;

export function PurchasePanel({ id, onClose }: { id: string; onClose: () => void }) {
  const purchase = useGet('/v1/purchases/{purchase_id}', {
    topics: ['wallets', 'approvals'],
    params: { path: { purchase_id: id } },
  });
  return (
    <SidePanel
      title={purchase.data ? <Heading purchase={purchase.data} /> : 'Purchase'}
      label="The purchase that is open"
      onClose={onClose}
    >
      {purchase.error && !purchase.data && (
        <ProblemAlert error={purchase.error} retry={() => void purchase.refetch()} />
      )}
      {purchase.isPending && !purchase.error && <Skeleton h={220} />}
      {purchase.data && <Detail key={id} purchase={purchase.data} />}
    </SidePanel>
  );
}

function Heading({ purchase }: { purchase: Purchase }) {
  return (
    <>
      <Money usd={purchase.amount_usd} /> to {purchase.vendor}
    </>
  );
}

function Detail({ purchase }: { purchase: Purchase }) {
  const back = parseUsd(purchase.refunded_usd) ?? 0n;
  return (
    <>
      <Actions purchase={purchase} />
      <Facts
        facts={[
          ['Status', <StatusBadge key="status" status={purchase.status} />],
          ['Amount', <Money key="amount" usd={purchase.amount_usd} />],
          ['Held', purchase.held_usd && <Money key="held" usd={purchase.held_usd} />],
          [
            'Captured',
            purchase.hold_id && purchase.status === 'succeeded' && (
              <Money key="captured" usd={purchase.captured_usd} />
            ),
          ],
          ['Refunded', back > 0n && <Money key="refunded" usd={purchase.refunded_usd} />],
          ['Vendor', purchase.vendor],
          ['What for', purchase.description || null],
          ['Category', purchase.category],
          ['Agent', purchase.agent_id],
          ['Run', purchase.run_id && <code key="run">{purchase.run_id}</code>],
          ['Rail', purchase.rail],
          ['Memo', purchase.memo],
          ['Namespace', purchase.namespace],
          ['Error', purchase.error_code && <code key="error">{purchase.error_code}</code>],
          ['Why', purchase.error_message],
          ['Approval', purchase.approval && <ApprovalLink key="approval" purchase={purchase} />],
          ['Asked for', <Time key="created" at={purchase.created_at} as="exact" />],
          [
            'Releases in',
            purchase.status === 'held' && purchase.expires_at && (
              <Countdown key="expires" until={purchase.expires_at} over="any moment" />
            ),
          ],
          ['Ended', purchase.ended_at && <Time key="ended" at={purchase.ended_at} as="exact" />],
          ['Id', <Id key="id" id={purchase.id} />],
          ['Hold', purchase.hold_id && <Id key="hold" id={purchase.hold_id} />],
          ['Money', purchase.sandbox && 'play money'],
        ]}
      />
      {purchase.refunds.length > 0 && <Refunds purchase={purchase} />}
      {purchase.metadata && (
        <Section title="Metadata">
          <JsonView value={purchase.metadata} label="Metadata" />
        </Section>
      )}
      <Told purchase={purchase} />
    </>
  );
}

function Actions({ purchase }: { purchase: Purchase }) {
  const manages = useManages();
  const [asking, setAsking] = useState<Asking>(null);
  const held = purchase.status === 'held' && manages.holds;
  const refunds = manages.wallets && refundable(purchase) > 0n;
  const close = () => setAsking(null);
  const hold = { ...purchase, id: purchase.hold_id ?? purchase.id };
  return (
    <>
      {(held || refunds) && (
        <Group gap={6} mb="sm">
          {held && (
            <>
              <Button onClick={() => setAsking('capture')}>Capture</Button>
              <Button variant="default" onClick={() => setAsking('void')}>
                Void
              </Button>
              <Button variant="default" onClick={() => setAsking('fail')}>
                Fail
              </Button>
            </>
          )}
          {refunds && (
            <Button variant="default" onClick={() => setAsking('refund')}>
              Refund
            </Button>
          )}
        </Group>
      )}
      {asking === 'capture' && <CaptureDialog hold={hold} onClose={close} />}
      {asking === 'void' && <VoidDialog hold={hold} onClose={close} />}
      {asking === 'fail' && <FailDialog hold={hold} onClose={close} />}
      {asking === 'refund' && <RefundDialog purchase={purchase} onClose={close} />}
    </>
  );
}

function ApprovalLink({ purchase }: { purchase: Purchase }) {
  const { approval } = purchase;
  if (!approval) return null;
  return (
    <>
      <Link to={'/approvals/$approvalId' as never} params={{ approvalId: approval.id } as never}>
        <code>{approval.id}</code>
      </Link>{' '}
      <StatusBadge status={approval.status} />
      {approval.reason && <Text size="xs">{approval.reason}</Text>}
    </>
  );
}

function Refunds({ purchase }: { purchase: Purchase }) {
  return (
    <Section title="Refunds">
      <ul className="bw-refunds">
        {purchase.refunds.map((refund) => (
          <li key={refund.id}>
            <Time at={refund.created_at} />
            <span>{refund.reason}</span>
            <Money usd={refund.amount_usd} />
          </li>
        ))}
      </ul>
    </Section>
  );
}

const EVENTS_MAX = 20;
/** The families that name purchases: a search through all events would go far back. */
const TELLING = 'purchase.*,approval.*,budget.*';

/** The events that name this purchase. */
function Told({ purchase }: { purchase: Purchase }) {
  const may = useMay();
  const reads = may('events:read');
  const since = new Date(new Date(purchase.created_at).getTime() - 1_000).toISOString();
  const events = useGet('/v1/events', {
    topics: ['events'],
    params: { query: { q: purchase.id, type: TELLING, since, limit: EVENTS_MAX } },
    enabled: reads,
  });
  if (!reads) return null;
  const found = events.data?.events ?? [];
  return (
    <Section
      title="Events"
      aside={
        <Link to={'/events' as never} search={{ q: purchase.id } as never}>
          All that name it
        </Link>
      }
    >
      {events.error && !events.data && <ProblemAlert error={events.error} />}
      {events.isPending && !events.error && <Skeleton h={34} />}
      {events.data && found.length === 0 && <Text c="dimmed">None of late.</Text>}
      <ul className="bw-refunds" aria-label="Events of this purchase">
        {found.map((event) => (
          <li key={event.id}>
            <Time at={event.timestamp} />
            <Link to={'/events/$eventId' as never} params={{ eventId: event.id } as never}>
              <code>{event.type}</code>
            </Link>
          </li>
        ))}
      </ul>
    </Section>
  );
}
