import { duration, localText, relative, utcText } from './clock';
import { useNow } from './now';

/**
 * A time, in the local zone, with UTC on hover. `relative` (the default) says how long ago; `exact` the time
 * of day to the millisecond; `second` to the second.
 */
export function Time({
  at,
  as = 'relative',
}: {
  at: string | null | undefined;
  as?: 'relative' | 'exact' | 'second';
}) {
  if (!at) return <span className="bw-none">–</span>;
  const date = new Date(at);
  if (Number.isNaN(date.getTime())) return <span>{at}</span>;
  const utc = utcText(date);
  return (
    <time
      dateTime={date.toISOString()}
      className="bw-num bw-time"
      title={as === 'relative' ? `${localText(date, true)} local\n${utc}` : utc}
    >
      {as === 'relative' ? <Relative date={date} /> : localText(date, as === 'exact')}
    </time>
  );
}

function Relative({ date }: { date: Date }) {
  return relative(date, new Date(useNow()));
}

/** How long until then: `4 min 09 s`; `over` when it is over. */
export function Countdown({ until, over = 'over' }: { until: string; over?: string }) {
  const left = new Date(until).getTime() - useNow();
  return (
    <span className="bw-num" title={utcText(new Date(until))}>
      {left > 0 ? duration(left) : over}
    </span>
  );
}
