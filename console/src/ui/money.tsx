import { formatUsd, parseUsd } from './nanos';

/** An amount of US dollars. `round` shows whole cents and tells the exact amount on hover. */
export function Money({
  usd,
  round = false,
  sign = false,
}: {
  usd: string | null | undefined;
  round?: boolean;
  sign?: boolean;
}) {
  const nanos = usd === null || usd === undefined ? null : parseUsd(usd);
  if (nanos === null) return <span className="bw-none">–</span>;
  const exact = formatUsd(nanos, { sign });
  const shown = round ? formatUsd(nanos, { round, sign }) : exact;
  return (
    <span className="bw-num" title={shown === exact ? undefined : exact}>
      {shown}
    </span>
  );
}
