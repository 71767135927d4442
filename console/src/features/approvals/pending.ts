/** All questions that wait, soonest to expire first. The API lists newest first, so all of them are needed. */
import { useQuery } from '@tanstack/react-query';
import { answer } from '@/api/client';
import { type ApiError, asApiError } from '@/api/problem';
import { useApi } from '@/api/scope';
import { type Approval, bySilence } from './words';

const PAGE = 200;
/** As many as may wait at once, and one page more. */
const PAGES_MAX = 6;

export function usePending() {
  const api = useApi();
  const query = useQuery<Approval[], ApiError>({
    queryKey: ['GET', '/v1/approvals', 'all pending'],
    queryFn: async ({ signal }) => {
      const all: Approval[] = [];
      let cursor: string | undefined;
      for (let page = 0; page < PAGES_MAX; page++) {
        const params = { query: { status: 'pending', limit: PAGE, cursor } };
        const { approvals, next_cursor } = await answer(
          api.http.GET('/v1/approvals', { params, signal }),
        ).catch((error: unknown) => {
          throw asApiError(error);
        });
        all.push(...approvals);
        if (!next_cursor) break;
        cursor = next_cursor;
      }
      return bySilence(all);
    },
    meta: { topics: ['approvals'] },
  });
  return {
    rows: query.data ?? [],
    loading: query.data === undefined && query.error === null,
    error: query.error,
    refetch: () => void query.refetch(),
  };
}
