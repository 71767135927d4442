import type { ReactNode } from 'react';

/** Names and values, side by side; a value of null is left out. */
export function Facts({ facts }: { facts: readonly (readonly [string, ReactNode])[] }) {
  return (
    <dl className="bw-facts">
      {facts
        .filter(([, value]) => value !== null && value !== undefined && value !== false)
        .map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  );
}

/** One number that matters, with its name and what to compare it with. */
export function Stat({
  label,
  value,
  hint,
  tone,
}: {
  label: string;
  value: ReactNode;
  hint?: ReactNode;
  tone?: 'ok' | 'bad' | 'warn';
}) {
  return (
    <div className="bw-stat" data-tone={tone}>
      <div className="bw-stat-label">{label}</div>
      <div className="bw-stat-value bw-num">{value}</div>
      {hint && <div className="bw-stat-hint">{hint}</div>}
    </div>
  );
}

/** `Stat`s in a row that breaks. */
export function Stats({ children }: { children: ReactNode }) {
  return <div className="bw-stats">{children}</div>;
}
