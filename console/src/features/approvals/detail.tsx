/** One approval: what is asked, why people are asked, who agreed, how it ended. */
import { Skeleton, Text } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useGet } from '@/api/hooks';
import { BudgetBar } from '@/ui/bars';
import { Id } from '@/ui/copy';
import { Facts } from '@/ui/facts';
import { JsonView } from '@/ui/json-view';
import { Money } from '@/ui/money';
import { Section } from '@/ui/page';
import { ProblemAlert } from '@/ui/problem-alert';
import { StatusBadge } from '@/ui/status';
import { Countdown, Time } from '@/ui/time';
import './approvals.css';
import { Receipt } from './receipt';
import { usd, type Whole, walletOf, who } from './words';

export function ApprovalDetail({ id, whole = false }: { id: string; whole?: boolean }) {
  const approval = useGet('/v1/approvals/{approval_id}', {
    topics: ['approvals'],
    params: { path: { approval_id: id } },
  });
  if (approval.error && !approval.data) {
    return <ProblemAlert error={approval.error} retry={() => void approval.refetch()} />;
  }
  if (!approval.data) return <Skeleton h={220} />;
  const it = approval.data;
  return (
    <>
      <div className="bw-ask">
        <Text fw={600} className="bw-ask-title">
          {it.title}
        </Text>
        {it.transaction && (
          <div className="bw-ask-amount">
            <Money usd={usd(it.transaction.amount_usd)} />
          </div>
        )}
      </div>
      <Outcome it={it} />
      <Facts facts={asked(it)} />
      {it.policy && (
        <Section title="Why people are asked">
          <Facts facts={because(it)} />
        </Section>
      )}
      <Section title="Who decides">
        <Facts
          facts={[
            ['Approvers', it.approvers.length > 0 ? it.approvers.map(who).join(', ') : 'whoever may decide'],
            ['Agreed', `${it.votes.length} of ${it.quorum}`],
            [
              'Asked through',
              it.channels.length > 0 ? <Channels key="channels" channels={it.channels} /> : 'nowhere',
            ],
          ]}
        />
        <Votes it={it} />
      </Section>
      {(!it.transaction || whole) && Object.keys(it.details).length > 0 && (
        <Section title="Details">
          <JsonView value={it.details} label="Details" />
        </Section>
      )}
      <Section title="Bound to">
        <Facts
          facts={[
            ['Approval', <Id key="id" id={it.id} />],
            ['Digest', <Id key="digest" id={it.action_digest} />],
            [
              'Approved digest',
              it.approved_digest && it.approved_digest !== it.action_digest ? (
                <Id key="approved" id={it.approved_digest} />
              ) : null,
            ],
          ]}
        />
      </Section>
      {it.receipt && <Receipt id={it.id} receipt={it.receipt} />}
    </>
  );
}

type Fact = readonly [string, ReactNode];

function asked(it: Whole): Fact[] {
  const wallet = walletOf(it);
  return [
    ['Why', it.transaction?.memo ?? null],
    ['Vendor', it.transaction?.vendor ?? null],
    ['Category', it.transaction?.category ?? null],
    ['Rail', it.transaction?.rail ?? null],
    ['Action', it.transaction ? null : <code key="action">{it.action}</code>],
    ['Agent', it.agent.id ?? null],
    ['Run', it.agent.run_id ? <code key="run">{it.agent.run_id}</code> : null],
    ['Operator', it.agent.operator ?? null],
    ['Asked by', who(it.requested_by)],
    ['Asked', <Time key="asked" at={it.created_at} as="second" />],
    [
      'Wallet',
      wallet && (
        <Link key="wallet" to={'/wallets/$walletId' as never} params={{ walletId: wallet } as never}>
          <code>{wallet}</code>
        </Link>
      ),
    ],
    ['Purchase', it.transaction_id ? <Id key="purchase" id={it.transaction_id} /> : null],
    ['Namespace', it.namespace ?? null],
  ];
}

function because({ policy }: Whole): Fact[] {
  if (!policy) return [];
  const spent = usd(policy.daily_spent_usd);
  const cap = usd(policy.daily_cap_usd);
  return [
    ['Rule', <code key="rule">{policy.rule}</code>],
    [
      'Asks above',
      policy.threshold_usd === null || policy.threshold_usd === undefined ? null : (
        <Money key="above" usd={usd(policy.threshold_usd)} />
      ),
    ],
    [
      'Policy',
      <span key="policy">
        <Link to={'/policies/$policyId' as never} params={{ policyId: policy.policy_id } as never}>
          <code>{policy.policy_id}</code>
        </Link>
        , version {policy.policy_version}
      </span>,
    ],
    [
      'Granted today',
      spent === null ? null : (
        <div key="today" className="bw-today">
          <span>
            <Money usd={spent} />
            {cap !== null && (
              <>
                {' '}
                of <Money usd={cap} />
              </>
            )}
          </span>
          {cap !== null && <BudgetBar spent={spent} limit={cap} label="Granted today" />}
        </div>
      ),
    ],
  ];
}

function Outcome({ it }: { it: Whole }) {
  if (it.status === 'pending') {
    return (
      <p className="bw-ask-state" role="status">
        <StatusBadge status="pending" /> <Countdown until={it.expires_at} over="time is up" /> left, until{' '}
        <Time at={it.expires_at} as="second" />; then silence is a no.
      </p>
    );
  }
  const asked = usd(it.transaction?.amount_usd);
  const allowed = usd(it.approved_usd);
  return (
    <div className="bw-ask-state" role="status">
      <StatusBadge status={it.status} />{' '}
      {it.decided_by.length > 0 && <>by {it.decided_by.map(who).join(', ')} </>}
      <Time at={it.decided_at} as="second" />
      {it.reason && <blockquote>{it.reason}</blockquote>}
      <Facts
        facts={[
          [
            'Allowed',
            allowed === null ? null : (
              <span key="allowed">
                <Money usd={allowed} />
                {asked !== null && asked !== allowed && (
                  <span className="bw-none">
                    {' '}
                    of <Money usd={asked} /> asked for
                  </span>
                )}
              </span>
            ),
          ],
          [
            'Allowed details',
            it.approved_details ? (
              <JsonView key="details" value={it.approved_details} label="Allowed details" />
            ) : null,
          ],
          ['Used', it.consumed_at ? <Time key="used" at={it.consumed_at} as="second" /> : null],
          [
            'Usable until',
            it.not_after && !it.consumed_at ? <Time key="until" at={it.not_after} as="second" /> : null,
          ],
        ]}
      />
    </div>
  );
}

function Channels({ channels }: { channels: readonly string[] }) {
  return channels.map((channel, index) => (
    <span key={channel}>
      {index > 0 && ', '}
      {channel.startsWith('whk_') ? (
        <Link to={'/endpoints/$endpointId' as never} params={{ endpointId: channel } as never}>
          <code>{channel}</code>
        </Link>
      ) : (
        channel
      )}
    </span>
  ));
}

function Votes({ it }: { it: Whole }) {
  if (it.votes.length === 0) return null;
  return (
    <ul className="bw-votes" aria-label="Who agreed">
      {it.votes.map((vote) => (
        <li key={vote.approver}>
          <b>{who(vote.approver)}</b> agreed <Time at={vote.at} />
          {usd(vote.amount_usd) !== null && (
            <>
              , at most <Money usd={usd(vote.amount_usd)} />
            </>
          )}
          : {vote.reason}
        </li>
      ))}
    </ul>
  );
}
