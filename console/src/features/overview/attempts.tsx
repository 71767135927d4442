/**
 * The attempts of each minute, what failed on top of what did not. Sixty bars need no library of charts, and this is part
 * of the first view.
 */
import { VisuallyHidden } from '@mantine/core';
import { localText } from '@/ui/clock';
import { ceilingOf, type Minute } from './figures';

/** Minutes between two labels of the time. */
const LABEL_EVERY = 10;

export function AttemptBars({ minutes, label }: { minutes: readonly Minute[]; label: string }) {
  const ceiling = ceilingOf(Math.max(0, ...minutes.map(({ succeeded, failed }) => succeeded + failed)));
  // One that failed among thousands is seen.
  const share = (count: number) => (count === 0 ? '0' : `max(2px, ${(count / ceiling) * 100}%)`);
  return (
    <figure className="bw-attempts">
      <div className="bw-attempts-scale" aria-hidden>
        <span>{ceiling.toLocaleString('en')}</span>
        <span>{ceiling % 2 === 0 && (ceiling / 2).toLocaleString('en')}</span>
        <span>0</span>
      </div>
      <div className="bw-attempts-bars" role="img" aria-label={label}>
        {minutes.map(({ at, succeeded, failed }) => (
          <div key={at} title={`${clock(at)} · ${count(succeeded)} succeeded · ${count(failed)} failed`}>
            <span data-tone="bad" style={{ height: share(failed) }} />
            <span data-tone="ok" style={{ height: share(succeeded) }} />
          </div>
        ))}
      </div>
      <div className="bw-attempts-times" aria-hidden>
        {minutes.map(({ at }) => (
          <span key={at}>{new Date(at).getMinutes() % LABEL_EVERY === 0 && clock(at)}</span>
        ))}
      </div>
      <div className="bw-legend" aria-hidden>
        {(['ok', 'bad'] as const).map((tone) => (
          <span key={tone}>
            <i data-tone={tone} /> {tone === 'ok' ? 'succeeded' : 'failed'}
          </span>
        ))}
      </div>
      <VisuallyHidden>
        <table>
          <caption>{label}</caption>
          <thead>
            <tr>
              <th>Minute</th>
              <th>succeeded</th>
              <th>failed</th>
            </tr>
          </thead>
          <tbody>
            {minutes.map(({ at, succeeded, failed }) => (
              <tr key={at}>
                <td>{clock(at)}</td>
                <td>{succeeded}</td>
                <td>{failed}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </VisuallyHidden>
    </figure>
  );
}

/** `14:05`. */
function clock(at: string): string {
  return localText(new Date(at)).slice(11, 16);
}

function count(of: number): string {
  return of.toLocaleString('en');
}
