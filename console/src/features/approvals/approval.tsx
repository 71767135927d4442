/** One approval as a page of its own: the whole story, and a link that can be sent. */
import { Button } from '@mantine/core';
import { Link, useParams } from '@tanstack/react-router';
import { useRef, useState } from 'react';
import { answer } from '@/api/client';
import { useGet, useWrite } from '@/api/hooks';
import { useApi } from '@/api/scope';
import { useMay, useMayChange } from '@/app/session';
import { CodeBlock } from '@/ui/code-block';
import { Confirm } from '@/ui/confirm';
import { Facts } from '@/ui/facts';
import { Money } from '@/ui/money';
import { Page, Section } from '@/ui/page';
import { StatusBadge } from '@/ui/status';
import { Decide, type Verdict } from './decide';
import { ApprovalDetail } from './detail';
import { DecideButtons } from './panel';
import { useQueueKeys } from './queue-keys';
import { Story, Told } from './story';
import { question, usd } from './words';

export default function ApprovalPage() {
  const { approvalId = '' } = useParams({ strict: false }) as { approvalId?: string };
  const may = useMay();
  const mayChange = useMayChange();
  const api = useApi();
  const decides = mayChange('approvals:decide');
  const [verdict, setVerdict] = useState<Verdict | null>(null);
  const [takingBack, setTakingBack] = useState(false);
  const heading = useRef<HTMLSpanElement>(null);
  const approval = useGet('/v1/approvals/{approval_id}', {
    topics: ['approvals'],
    params: { path: { approval_id: approvalId } },
  });
  const cancel = useWrite(
    () =>
      answer(
        api.http.POST('/v1/approvals/{approval_id}/cancel', {
          params: { path: { approval_id: approvalId } },
          body: {},
        }),
      ),
    { topics: ['approvals', 'wallets'], said: 'Taken back', quiet: true },
  );
  const it = approval.data;
  const pending = it?.status === 'pending';
  useQueueKeys(decides && pending, setVerdict);
  const settle = () => {
    setVerdict(null);
    heading.current?.focus();
  };
  return (
    <Page
      title={it ? question(it) : 'Approval'}
      heading={
        <span tabIndex={-1} ref={heading} className="bw-quiet-focus">
          {it ? question(it) : 'Approval'}
        </span>
      }
      above={<Link to={'/approvals' as never}>Approvals</Link>}
      actions={
        pending && (
          <>
            {mayChange('approvals:request') && (
              <Button size="compact-sm" variant="subtle" color="gray" onClick={() => setTakingBack(true)}>
                Take back
              </Button>
            )}
            {decides && <DecideButtons onDecide={setVerdict} />}
          </>
        )
      }
    >
      <div className="bw-approval">
        <div>
          <ApprovalDetail id={approvalId} whole />
        </div>
        <div>
          {it?.transaction_id && (may('wallets:manage') || may('wallets:spend')) && (
            <Purchase id={it.transaction_id} />
          )}
          {may('audit:read') && <Story id={approvalId} />}
          {may('events:read') && <Told id={approvalId} />}
          {it?.request_body && (
            <Section title="The request that asked">
              <CodeBlock code={it.request_body} label="Request body" wrap />
            </Section>
          )}
        </div>
      </div>
      {verdict && it && (
        <Decide key={verdict} approval={it} verdict={verdict} onDone={settle} onClose={settle} />
      )}
      {takingBack && (
        <Confirm
          title="Take this question back?"
          action="Take it back"
          onConfirm={() => cancel.mutateAsync()}
          onClose={() => setTakingBack(false)}
        >
          Nobody can decide it any more, and what was set aside for it is let go. The agent is told that it
          was cancelled.
        </Confirm>
      )}
    </Page>
  );
}

/** What became of the money. */
function Purchase({ id }: { id: string }) {
  const purchase = useGet('/v1/purchases/{purchase_id}', {
    topics: ['wallets', 'approvals'],
    params: { path: { purchase_id: id } },
  });
  if (!purchase.data) return null;
  const { status, captured_usd, held_usd, wallet_id, description } = purchase.data;
  return (
    <Section title="Purchase">
      <Facts
        facts={[
          ['Status', <StatusBadge key="status" status={status} />],
          ['Set aside', held_usd ? <Money key="held" usd={usd(held_usd)} /> : null],
          ['Paid', <Money key="paid" usd={usd(captured_usd)} />],
          ['Description', description],
          [
            'Wallet',
            <Link key="wallet" to={'/wallets/$walletId' as never} params={{ walletId: wallet_id } as never}>
              <code>{wallet_id}</code>
            </Link>,
          ],
        ]}
      />
    </Section>
  );
}
