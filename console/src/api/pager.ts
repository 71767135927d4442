/** Paging by cursor, one page at a time, with the place in the URL. */
import { useNavigate, useSearch } from '@tanstack/react-router';

export interface Pager {
  /** Whether this is the first, newest page. */
  first: boolean;
  hasOlder: boolean;
  older: () => void;
  newest: () => void;
  /** The page that one came from. */
  back: () => void;
}

export function usePager(param: string): {
  value: string | undefined;
  pager: (next: string | null) => Pager;
} {
  const navigate = useNavigate();
  const search: Record<string, unknown> = useSearch({ strict: false });
  const value = typeof search[param] === 'string' ? (search[param] as string) : undefined;
  const go = (cursor: string | undefined) =>
    void navigate({
      to: '.',
      search: ((before: Record<string, unknown>) => ({ ...before, [param]: cursor })) as never,
    });
  return {
    value,
    pager: (next) => ({
      first: value === undefined,
      hasOlder: next !== null,
      older: () => next !== null && go(next),
      newest: () => go(undefined),
      back: () => window.history.back(),
    }),
  };
}
