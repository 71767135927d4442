/** Bars that say how much of something: of a budget, of a time. Each has its text. */
import { latency } from './clock';
import { formatUsd, parseUsd, percentOf } from './nanos';

export interface BudgetBarProps {
  spent: string;
  /** Reserved, not spent yet. */
  held?: string;
  limit: string | null;
  label?: string;
}

/** What of a budget is spent and held. */
export function BudgetBar({ spent, held = '0', limit, label = 'Budget' }: BudgetBarProps) {
  const whole = limit === null ? null : parseUsd(limit);
  const used = parseUsd(spent) ?? 0n;
  const kept = parseUsd(held) ?? 0n;
  if (whole === null) return <span className="bw-none">no limit</span>;
  const percent = percentOf(used, whole) ?? (used > 0n ? 100 : 0);
  const percentHeld = Math.min(percentOf(kept, whole) ?? 0, Math.max(0, 100 - percent));
  const tone = percent >= 100 ? 'bad' : percent >= 80 ? 'warn' : 'wait';
  const text = `${formatUsd(used, { round: true })} of ${formatUsd(whole, { round: true })}`;
  return (
    <div
      className="bw-bar"
      title={kept > 0n ? `${text}, ${formatUsd(kept)} held` : text}
      role="meter"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.min(100, percent)}
      aria-valuetext={text}
    >
      <span data-tone={tone} style={{ width: `${Math.min(100, percent)}%` }} />
      <span data-tone="off" style={{ width: `${percentHeld}%` }} />
    </div>
  );
}

/** How far a job is. */
export function ProgressBar({ done, total, label }: { done: number; total: number; label: string }) {
  const percent = total === 0 ? 100 : Math.min(100, Math.floor((done / total) * 100));
  return (
    <div className="bw-progress">
      <div
        className="bw-bar"
        role="progressbar"
        aria-label={label}
        aria-valuemin={0}
        aria-valuemax={total}
        aria-valuenow={done}
      >
        <span data-tone="wait" style={{ width: `${percent}%` }} />
      </div>
      <span className="bw-num">
        {done.toLocaleString('en')} of {total.toLocaleString('en')}
      </span>
    </div>
  );
}

export interface Timing {
  dns_ms?: number | null;
  connect_ms?: number | null;
  first_byte_ms?: number | null;
  total_ms: number;
}

/** The parts of a request one after the other; `scaleMs` makes several bars comparable. */
export function TimingBar({ timing, scaleMs }: { timing: Timing; scaleMs?: number }) {
  const scale = Math.max(scaleMs ?? timing.total_ms, timing.total_ms, 0.001);
  const parts = timingParts(timing);
  const text = parts.map(({ name, ms }) => `${name} ${latency(ms)}`).join(', ');
  return (
    <div
      className="bw-timing"
      title={parts.length ? `${text}; ${latency(timing.total_ms)} in all` : undefined}
    >
      <div className="bw-timing-bar" role="img" aria-label={`${text}, ${latency(timing.total_ms)} in all`}>
        {parts.map(({ name, ms }) => (
          <span key={name} data-part={name} style={{ width: `${Math.max((ms / scale) * 100, 0.5)}%` }} />
        ))}
      </div>
      <span className="bw-num">{latency(timing.total_ms)}</span>
    </div>
  );
}

export function TimingLegend() {
  return (
    <div className="bw-legend">
      {['lookup', 'connect', 'wait', 'read'].map((part) => (
        <span key={part}>
          <i data-part={part} aria-hidden /> {part}
        </span>
      ))}
    </div>
  );
}

/** Each part by itself; parts that were not measured fall to the next that was. */
export function timingParts({
  dns_ms,
  connect_ms,
  first_byte_ms,
  total_ms,
}: Timing): { name: string; ms: number }[] {
  const spans = [
    { name: 'lookup', ms: dns_ms },
    { name: 'connect', ms: connect_ms },
    { name: 'wait', ms: first_byte_ms },
  ];
  const parts: { name: string; ms: number }[] = [];
  let sum = 0;
  for (const { name, ms } of spans) {
    if (ms === null || ms === undefined || ms <= 0) continue;
    parts.push({ name, ms });
    sum += ms;
  }
  const rest = total_ms - sum;
  if (rest > 0) parts.push({ name: first_byte_ms ? 'read' : 'wait', ms: rest });
  return parts;
}
