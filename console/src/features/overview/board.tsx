/** The figures. What is null is not for this key, and left out. */
import { Text } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { latency } from '@/ui/clock';
import { Stat, Stats } from '@/ui/facts';
import { Money } from '@/ui/money';
import { Section } from '@/ui/page';
import { Countdown, Time } from '@/ui/time';
import { AttemptBars } from './attempts';
import { countText, type Overview, rateText, type Spend, shareText, vendorBars } from './figures';

export function Board({ overview }: { overview: Overview }) {
  const { deliveries, open_circuits, spend_today, alerts } = overview;
  return (
    <>
      <Figures overview={overview} />
      {deliveries && <Attempts minutes={deliveries.minutes} />}
      <div className="bw-overview-columns">
        {spend_today && (
          <div>
            <SpentToday spend={spend_today} />
          </div>
        )}
        {(open_circuits || alerts) && (
          <div>
            {open_circuits && <Circuits circuits={open_circuits} />}
            {alerts && <Alerts alerts={alerts} />}
          </div>
        )}
      </div>
    </>
  );
}

function Figures({ overview }: { overview: Overview }) {
  const { deliveries, approvals_pending, spend_today } = overview;
  return (
    <Stats>
      {deliveries && (
        <>
          <Stat label="Deliveries/s" value={rateText(deliveries.per_second)} hint="last minute" />
          <Stat
            label="Success rate"
            value={shareText(deliveries.success_rate)}
            hint="last hour"
            tone={(deliveries.success_rate ?? 1) < 0.9 ? 'bad' : undefined}
          />
          <Stat label="Latency p50" value={bound(deliveries.latency_p50_ms)} hint="last hour" />
          <Stat label="Latency p95" value={bound(deliveries.latency_p95_ms)} hint="last hour" />
          <Stat label="Backlog" value={countText(deliveries.backlog)} hint="owed now" />
          <Stat
            label="Dead letters"
            value={to('/dead-letters', countText(deliveries.dead_letters))}
            hint="given up"
            tone={deliveries.dead_letters > 0 ? 'bad' : undefined}
          />
        </>
      )}
      {spend_today && (
        <Stat
          label="Spent today"
          value={<Money usd={spend_today.total_usd} round />}
          hint="since 00:00 UTC"
        />
      )}
      {approvals_pending !== null && approvals_pending !== undefined && (
        <Stat
          label="Pending approvals"
          value={to('/approvals', countText(approvals_pending))}
          hint="wait for people"
          tone={approvals_pending > 0 ? 'warn' : undefined}
        />
      )}
    </Stats>
  );
}

function to(path: string, text: string): ReactNode {
  return text === '0' ? text : <Link to={path as never}>{text}</Link>;
}

/** Latencies are counted in buckets: what is known is that they are less. */
function bound(ms: number | null | undefined): string {
  return ms === null || ms === undefined ? '–' : `< ${latency(ms)}`;
}

function Attempts({ minutes }: { minutes: NonNullable<Overview['deliveries']>['minutes'] }) {
  const sum = (of: 'succeeded' | 'failed') => minutes.reduce((all, minute) => all + minute[of], 0);
  const said = `${sum('succeeded').toLocaleString('en')} succeeded, ${sum('failed').toLocaleString('en')} failed`;
  return (
    <Section title="Attempts of the last hour" aside={<Text c="dimmed">{said}</Text>}>
      <AttemptBars minutes={minutes} label={`Attempts of each minute of the last hour: ${said}`} />
    </Section>
  );
}

function SpentToday({ spend }: { spend: Spend }) {
  const { bars, others } = vendorBars(spend);
  return (
    <Section
      title="Spent today by vendor"
      aside={
        <Text component="span">
          <Money usd={spend.total_usd} /> <span className="bw-none">in all</span>
        </Text>
      }
    >
      {bars.length === 0 ? (
        <Text c="dimmed">Nothing since midnight, UTC.</Text>
      ) : (
        <ul className="bw-vendors" aria-label="Vendors">
          {bars.map(({ vendor, usd, percent }) => (
            <li key={vendor}>
              <span title={vendor}>{vendor || 'no vendor'}</span>
              <span className="bw-bar" aria-hidden>
                <span data-tone="wait" style={{ width: `${percent}%` }} />
              </span>
              <Money usd={usd} />
            </li>
          ))}
          {others !== null && (
            <li>
              <span className="bw-none">others</span>
              <span />
              <Money usd={others} />
            </li>
          )}
        </ul>
      )}
    </Section>
  );
}

function Circuits({ circuits }: { circuits: NonNullable<Overview['open_circuits']> }) {
  return (
    <Section title="Open circuits">
      {circuits.length === 0 ? (
        <Text c="dimmed">None: every endpoint is sent to.</Text>
      ) : (
        <ul className="bw-rows" aria-label="Endpoints whose circuit is open">
          {circuits.map(({ endpoint_id, url, open_until }) => (
            <li key={endpoint_id}>
              <span className="bw-dot" data-tone="bad" aria-hidden />
              <Link to={`/endpoints/${endpoint_id}` as never}>{url ?? endpoint_id}</Link>
              <span className="bw-row-note bw-time">
                probed <Until at={open_until} />
              </span>
            </li>
          ))}
        </ul>
      )}
    </Section>
  );
}

function Until({ at }: { at: string }) {
  return (
    <>
      in <Countdown until={at} over="a moment" />
    </>
  );
}

const BAD = new Set(['budget.exhausted', 'endpoint.disabled', 'abuse.detected']);

function Alerts({ alerts }: { alerts: NonNullable<Overview['alerts']> }) {
  return (
    <Section title="Latest alerts">
      {alerts.length === 0 ? (
        <Text c="dimmed">None. Exhausted budgets, spikes and disabled endpoints are told here.</Text>
      ) : (
        <ul className="bw-rows" aria-label="Alerts">
          {alerts.map(({ event_id, type, at, namespace, summary }) => (
            <li key={event_id}>
              <span className="bw-dot" data-tone={BAD.has(type) ? 'bad' : 'warn'} aria-hidden />
              <div>
                <Link to={`/events/${event_id}` as never}>{summary}</Link>
                <div className="bw-row-note">
                  <code>{type}</code>
                  {namespace && <> in {namespace}</>}
                </div>
              </div>
              <span className="bw-row-note">
                <Time at={at} />
              </span>
            </li>
          ))}
        </ul>
      )}
    </Section>
  );
}
