/** What the draft would have decided about what was asked for before. */
import { Button, Select, Text } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { type FormEvent, useState } from 'react';
import { useWrite } from '@/api/hooks';
import type { components } from '@/api/schema';
import { useApi } from '@/api/scope';
import { Stat, Stats } from '@/ui/facts';
import { Money } from '@/ui/money';
import { Section } from '@/ui/page';
import { ProblemAlert } from '@/ui/problem-alert';
import { StatusBadge, type Tone } from '@/ui/status';
import { type Column, DataTable } from '@/ui/table';
import { Time } from '@/ui/time';
import { bodyWith } from './draft';
import type { TryProps } from './dry-run';
import { send } from './send';
import { useWallets } from './wallets';

type Report = components['schemas']['PolicyReport'];
type Flip = components['schemas']['PolicyFlip'];
type Example = components['schemas']['PolicyFlipExample'];

const SPANS = [
  { value: '24h', label: 'The last 24 h' },
  { value: '7d', label: 'The last 7 days' },
  { value: '30d', label: 'The last 30 days' },
  { value: '90d', label: 'The last 90 days' },
];

export function Replay({ policyId, rules, otherwise }: TryProps) {
  const api = useApi();
  const { wallets, known } = useWallets();
  const [since, setSince] = useState('7d');
  const [wallet, setWallet] = useState<string | null>(null);
  const run = useWrite((body: string) => send<Report>(api, 'POST', `/v1/policies/${policyId}/replay`, body), {
    topics: [],
    quiet: true,
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (rules === null) return;
    run.mutate(bodyWith(rules, { since, wallet_id: wallet ?? undefined, default: otherwise }));
  };
  return (
    <>
      <form onSubmit={submit} aria-label="What to replay">
        <div className="bw-rule-fields">
          <Select
            label="Since"
            data={SPANS}
            value={since}
            onChange={(value) => value && setSince(value)}
            allowDeselect={false}
          />
          {known && (
            <Select
              label="Wallet"
              placeholder="what it is attached to"
              searchable
              clearable
              limit={30}
              data={wallets.map(({ id, name }) => ({ value: id, label: name }))}
              value={wallet}
              onChange={setWallet}
            />
          )}
        </div>
        <Button type="submit" variant="default" mt="sm" loading={run.isPending} disabled={rules === null}>
          Replay
        </Button>
      </form>
      {run.error && (
        <div className="bw-verdict">
          <ProblemAlert error={run.error} />
        </div>
      )}
      {run.data && !run.error && <Outcome report={run.data} />}
    </>
  );
}

function Outcome({ report }: { report: Report }) {
  const changed = report.requests - report.unchanged;
  return (
    <div role="status" aria-label="What would have come of it">
      <div className="bw-replay-stats">
        <Stats>
          <Stat
            label="Requests"
            value={report.requests.toLocaleString('en')}
            hint={<Money usd={String(report.amount_usd)} round />}
          />
          <Stat label="As before" value={report.unchanged.toLocaleString('en')} />
          <Stat
            label="Otherwise"
            value={changed.toLocaleString('en')}
            tone={changed > 0 ? 'warn' : undefined}
          />
        </Stats>
      </div>
      {report.truncated && <Text c="dimmed">There were more: the newest of them were not looked at.</Text>}
      {report.requests === 0 && (
        <Text c="dimmed">
          Nothing was asked for where it is attached. Choose a wallet to replay it as if it were attached
          there.
        </Text>
      )}
      {report.flips.length > 0 && (
        <>
          <DataTable
            label="What would differ"
            columns={FLIPS}
            rows={report.flips}
            rowKey={({ from, to }) => `${from} ${to}`}
            keys={false}
            empty={null}
          />
          <Section title="Examples">
            <DataTable
              label="Requests that would differ"
              columns={EXAMPLES}
              rows={report.examples}
              rowKey={({ at, wallet_id, transaction_id, vendor }) =>
                `${at} ${wallet_id} ${transaction_id} ${vendor}`
              }
              keys={false}
              count={changed > report.examples.length && `The first ${report.examples.length} of ${changed}`}
              empty={null}
            />
          </Section>
        </>
      )}
    </div>
  );
}

const TONES: Record<string, Tone> = { allowed: 'ok', denied: 'bad', approval: 'wait' };
const WORDS: Record<string, string> = { allowed: 'allowed', denied: 'denied', approval: 'asked' };

function Was({ what }: { what: string }) {
  return <StatusBadge status={what} label={WORDS[what] ?? what} tone={TONES[what] ?? 'off'} />;
}

const FLIPS: readonly Column<Flip>[] = [
  { id: 'from', header: 'Was', cell: ({ from }) => <Was what={from} /> },
  { id: 'to', header: 'Would be', cell: ({ to }) => <Was what={to} /> },
  {
    id: 'count',
    header: 'Requests',
    width: 84,
    align: 'right',
    cell: ({ count }) => count.toLocaleString('en'),
  },
  {
    id: 'amount',
    header: 'Amount',
    width: 120,
    align: 'right',
    cell: ({ amount_usd }) => <Money usd={String(amount_usd)} />,
  },
];

const EXAMPLES: readonly Column<Example>[] = [
  { id: 'at', header: 'When', width: 92, cell: ({ at }) => <Time at={at} /> },
  {
    id: 'vendor',
    header: 'Vendor, deciding rule',
    cell: ({ vendor, wallet_id, rule }) => (
      <span className="bw-wrap">
        <Link to={'/wallets/$walletId' as never} params={{ walletId: wallet_id } as never}>
          {vendor}
        </Link>{' '}
        <code className="bw-none">{rule}</code>
      </span>
    ),
  },
  {
    id: 'amount',
    header: 'Amount',
    width: 96,
    align: 'right',
    cell: ({ amount_usd }) => <Money usd={String(amount_usd)} />,
  },
  { id: 'from', header: 'Was', width: 92, from: 'sm', cell: ({ from }) => <Was what={from} /> },
  { id: 'to', header: 'Would be', width: 92, cell: ({ to }) => <Was what={to} /> },
];
