/** What was spent from a wallet and those below it: over time with spikes marked, and by vendor. */
import { Button, Menu, SegmentedControl, Skeleton, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { Link } from '@tanstack/react-router';
import { Download } from 'lucide-react';
import { lazy, Suspense } from 'react';
import { asApiError } from '@/api/problem';
import { useApi } from '@/api/scope';
import { saveAs } from '@/ui/download';
import { Money } from '@/ui/money';
import { plotUsd, usdText } from '@/ui/nanos';
import { Section } from '@/ui/page';
import { ProblemAlert } from '@/ui/problem-alert';
import { Time } from '@/ui/time';
import { useBelow } from './load';
import { SPANS, type Span } from './search';
import { BUCKETS, type Point, useSpending } from './spend';
import { marksOf, type Spike, useSpikes } from './spikes';
import type { Wallet } from './tree';
import { VendorBars } from './vendors';

const Chart = lazy(() => import('@/ui/chart'));

const SPAN_NAMES: Record<Span, string> = { '1h': '1 h', '6h': '6 h', '24h': '24 h', '30d': '30 d' };
const CHART_PX = 190;

export function SpendingSection({
  wallet,
  span,
  onSpan,
}: {
  wallet: Wallet;
  span: Span;
  onSpan: (span: Span) => void;
}) {
  const below = useBelow(wallet.id);
  if (wallet.sandbox) {
    return (
      <Section title="Spending">
        <Text c="dimmed">Play money is in no analytics. What was bought is below.</Text>
      </Section>
    );
  }
  return (
    <Section
      title="Spending"
      aside={
        <>
          <SegmentedControl
            aria-label="How far back"
            data={SPANS.map((value) => ({ value, label: SPAN_NAMES[value] }))}
            value={span}
            onChange={(value) => onSpan(value as Span)}
          />
          <ExportMenu wallet={wallet} span={span} />
        </>
      }
    >
      {below.error && <ProblemAlert error={below.error} retry={() => void below.refetch()} />}
      {below.data === undefined && !below.error && <Skeleton h={CHART_PX + 40} />}
      {below.data !== undefined && (
        <Spending
          ids={[wallet.id, ...(below.data ?? [])]}
          span={span}
          note={
            below.data === null
              ? 'From this wallet itself: there are too many below it to add up here.'
              : below.data.length > 0
                ? `With ${below.data.length === 1 ? 'the wallet' : `the ${below.data.length} wallets`} below.`
                : null
          }
        />
      )}
    </Section>
  );
}

function Spending({ ids, span, note }: { ids: readonly string[]; span: Span; note: string | null }) {
  const spending = useSpending(ids, span);
  const spikes = useSpikes(ids, span);
  if (spending.error && !spending.data) {
    return <ProblemAlert error={spending.error} retry={() => void spending.refetch()} />;
  }
  if (!spending.data) return <Skeleton h={CHART_PX + 40} />;
  const { points, vendors, total, count } = spending.data;
  if (count === 0 && total === 0n && spikes.length === 0) {
    return <Text c="dimmed">Nothing was spent in this time. {note}</Text>;
  }
  return (
    <>
      <Text c="dimmed" mb={8}>
        <Money usd={usdText(total)} round /> in {count.toLocaleString('en')}{' '}
        {count === 1 ? 'purchase' : 'purchases'}, less what came back. {note}
      </Text>
      <div className="bw-spending">
        <div>
          <OverTime points={points} span={span} spikes={spikes} />
          <Spikes spikes={spikes} />
        </div>
        <VendorBars vendors={vendors} />
      </div>
    </>
  );
}

function OverTime({
  points,
  span,
  spikes,
}: {
  points: readonly Point[];
  span: Span;
  spikes: readonly Spike[];
}) {
  const bucket = BUCKETS[span];
  return (
    <Suspense fallback={<Skeleton h={CHART_PX} />}>
      <Chart
        label={`Spent in each ${bucket}`}
        height={CHART_PX}
        at={points.map(({ at }) => at)}
        series={[
          {
            label: `per ${bucket}`,
            tone: 'wait',
            kind: 'bars',
            values: points.map(({ spent }) => plotUsd(usdText(spent))),
            format: dollars,
          },
        ]}
        marks={marksOf(spikes, span)}
      />
    </Suspense>
  );
}

/** A place on the chart's scale: what is exact stands in the table below. */
function dollars(value: number): string {
  return `$${value.toLocaleString('en', { maximumFractionDigits: value < 10 && value % 1 !== 0 ? 4 : 2 })}`;
}

const SPIKES_SHOWN = 4;
const RULES: Record<string, string> = {
  spike: 'far more than usual',
  repeat: 'the same purchase again and again',
  max_transaction_usd: 'above the limit for one purchase',
  max_per_minute_usd: 'above the limit for a minute',
  max_count_per_minute: 'more purchases than a minute may have',
};
const ACTIONS: Record<string, string> = { deny: 'refused', freeze: 'wallet frozen' };

/** What the marks mean, with a way to the event. */
function Spikes({ spikes }: { spikes: readonly Spike[] }) {
  if (spikes.length === 0) return null;
  return (
    <ul className="bw-spikes" aria-label="Spikes">
      {spikes.slice(0, SPIKES_SHOWN).map((spike) => (
        <li key={spike.id}>
          <Link to={'/events/$eventId' as never} params={{ eventId: spike.id } as never}>
            <Time at={spike.at} />
          </Link>{' '}
          <strong>
            <Money usd={spike.spentUsd} round />
          </strong>{' '}
          in {spike.seconds} s, {RULES[spike.rule] ?? spike.rule}
          {spike.vendor && <>, mostly {spike.vendor}</>}
          {ACTIONS[spike.action] && <>: {ACTIONS[spike.action]}</>}
        </li>
      ))}
      {spikes.length > SPIKES_SHOWN && <li>and {spikes.length - SPIKES_SHOWN} more</li>}
    </ul>
  );
}

const EXPORTS = [
  { path: '/v1/spend/by-vendor', label: 'By vendor', name: 'vendors' },
  { path: '/v1/spend/by-category', label: 'By category', name: 'categories' },
  { path: '/v1/spend/by-agent', label: 'By agent', name: 'agents' },
  { path: '/v1/spend/timeseries', label: 'Over time', name: 'time' },
] as const;

/** The same as CSV, as the server writes it. */
function ExportMenu({ wallet, span }: { wallet: Wallet; span: Span }) {
  const api = useApi();
  const save = async ({ path, name }: (typeof EXPORTS)[number]) => {
    try {
      const bucket = path.endsWith('timeseries') ? `&bucket=${BUCKETS[span]}` : '';
      const url = `${path}?wallet_id=${encodeURIComponent(wallet.id)}&since=${span}${bucket}`;
      const response = await api.fetch(url, { headers: { Accept: 'text/csv' } });
      saveAs(await response.blob(), `spend-${name}-${span}-${wallet.id}.csv`);
    } catch (error) {
      const problem = asApiError(error);
      notifications.show({ title: problem.title, message: problem.detail, color: 'red' });
    }
  };
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <Button variant="default" leftSection={<Download size={13} />}>
          CSV
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>From this wallet itself, {SPAN_NAMES[span]}</Menu.Label>
        {EXPORTS.map((kind) => (
          <Menu.Item key={kind.path} onClick={() => void save(kind)}>
            {kind.label}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
