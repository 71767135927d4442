/** All questions that wait, soonest to expire first. The API lists newest first, so all of them are needed. */
import { useMemo } from 'react';
import { useAll } from '@/api/hooks';
import { bySilence } from './words';

export function usePending() {
  const all = useAll('/v1/approvals', {
    topics: ['approvals'],
    params: { query: { status: 'pending' } },
    rows: (page) => page.approvals,
    // As many as may wait at once, and one page more.
    rowsMax: 1_200,
  });
  const rows = useMemo(() => bySilence(all.rows), [all.rows]);
  return { ...all, rows };
}
