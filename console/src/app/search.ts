/**
 * The fields that a page keeps in the URL. What is in a URL was typed by anybody, so each field says what it
 * takes, and anything else is as if absent. Empty fields are left out, so that a link stays short.
 *
 *     export const eventSearch = fields({ type: text(), since: oneOf('15m', '1h', '24h') });
 *     const [filters, setFilters] = useFields(eventSearch);
 *     setFilters({ type: 'purchase.*' });    // the rest stays; the cursors are dropped
 */
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useCallback } from 'react';

type Field<T> = (raw: unknown) => T | undefined;
export type SearchFields = Readonly<Record<string, Field<unknown>>>;
export type SearchValues<F extends SearchFields> = { [K in keyof F]?: Exclude<ReturnType<F[K]>, undefined> };

const TEXT_CHARS_MAX = 500;

export function text(): Field<string> {
  return (raw) => {
    const value = typeof raw === 'number' || typeof raw === 'boolean' ? String(raw) : raw;
    return typeof value === 'string' && value !== '' ? value.slice(0, TEXT_CHARS_MAX) : undefined;
  };
}

export function oneOf<const T extends string>(...values: T[]): Field<T> {
  return (raw) => values.find((value) => value === raw);
}

/** Present or absent. */
export function flag(): Field<true> {
  return (raw) => (raw === true || raw === 'true' || raw === 1 || raw === '1' ? true : undefined);
}

export function fields<F extends SearchFields>(given: F): F {
  return given;
}

/** What of a URL's search a page reads; cursors belong to every page that has a list. */
export function readFields<F extends SearchFields>(given: F, raw: Record<string, unknown>): SearchValues<F> {
  const values: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(given)) {
    const value = field(raw[name]);
    if (value !== undefined) values[name] = value;
  }
  for (const [name, value] of Object.entries(raw)) {
    if (isCursor(name) && typeof value === 'string') values[name] = value;
  }
  return values as SearchValues<F>;
}

function isCursor(name: string): boolean {
  return name === 'cursor' || name.endsWith('_cursor');
}

export type SetFields<F extends SearchFields> = (
  change: { [K in keyof F]?: SearchValues<F>[K] | undefined },
  how?: { keepCursor?: boolean; push?: boolean },
) => void;

/** The fields, and a way to change some. Filters drop the cursor, since they make another list. */
export function useFields<F extends SearchFields>(given: F): [SearchValues<F>, SetFields<F>] {
  const raw: Record<string, unknown> = useSearch({ strict: false });
  const navigate = useNavigate();
  const set: SetFields<F> = useCallback(
    (change, how = {}) => {
      void navigate({
        to: '.',
        replace: !how.push,
        resetScroll: false,
        search: ((before: Record<string, unknown>) => {
          const kept = Object.entries({ ...before, ...change }).filter(
            ([name, value]) =>
              value !== undefined && value !== '' && (how.keepCursor || name in change || !isCursor(name)),
          );
          return Object.fromEntries(kept);
        }) as never,
      });
    },
    [navigate],
  );
  return [readFields(given, raw), set];
}
