import { useGet } from '@/api/hooks';

const SHOWN_MAX = 50;

/** How many questions wait. */
export function PendingBadge() {
  const pending = useGet('/v1/approvals', {
    topics: ['approvals'],
    params: { query: { status: 'pending', limit: SHOWN_MAX } },
  });
  const count = pending.data?.approvals.length ?? 0;
  if (count === 0) return null;
  const text = pending.data?.next_cursor ? `${SHOWN_MAX}+` : String(count);
  return (
    <span className="bw-num" role="status" aria-label={`${text} waiting`}>
      {text}
    </span>
  );
}
