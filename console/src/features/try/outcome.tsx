/** Where a delivery is, in a few words: answered, waiting for its next attempt, given up. */

import { latency } from '@/ui/clock';
import { StatusBadge } from '@/ui/status';
import { Countdown } from '@/ui/time';
import type { Delivery } from './feed';

export function Outcome({ delivery }: { delivery: Delivery | undefined }) {
  if (delivery === undefined) return <span className="bw-none">not sent</span>;
  const { status, status_code, attempts, next_attempt_at, delivered_at, created_at } = delivery;
  const code = status_code ?? (attempts > 0 ? 'no answer' : '');
  if (status === 'success') {
    const took = delivered_at ? Date.parse(delivered_at) - Date.parse(created_at) : null;
    const again = attempts > 1 ? `, attempt ${attempts}` : took === null ? '' : ` in ${latency(took)}`;
    return <StatusBadge status="success" label={`${code}${again}`} />;
  }
  if (status === 'failed') {
    return <StatusBadge status="failed" label={`${code}, gave up after ${attempts}`} />;
  }
  if (attempts === 0) return <StatusBadge status="pending" label={delivery.replay ? 'again' : 'sending'} />;
  return (
    <span className="try-waiting">
      <StatusBadge status="pending" tone="warn" label={String(code)} />
      <span className="bw-num">
        {next_attempt_at ? (
          <>
            again in <Countdown until={next_attempt_at} over="0 s" />
          </>
        ) : (
          'waits its turn'
        )}
      </span>
    </span>
  );
}
