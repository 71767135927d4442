/**
 * Asking from a component.
 *
 *     const endpoint = useGet('/v1/webhooks/{endpoint_id}', {
 *       topics: ['endpoints'],
 *       params: { path: { endpoint_id: id } },
 *     });
 *     const list = useList('/v1/events', { topics: ['events'], params: { query }, rows: (page) => page.events });
 *     const all = useAll('/v1/wallets', { topics: ['wallets'], rows: (page) => page.wallets, rowsMax: 1_000 });
 *     const pause = useWrite((id: string) => answer(api.http.PATCH(…)), { topics: ['endpoints'], said: 'Paused' });
 *
 * `topics` are what live.ts listens for: the query is fetched again when one of them changed.
 */
import { notifications } from '@mantine/notifications';
import {
  keepPreviousData,
  type UseMutationResult,
  type UseQueryResult,
  useMutation,
  useQuery,
} from '@tanstack/react-query';
import type { ParamsOption } from 'openapi-fetch';
import type { PathsWithMethod, ResponseObjectMap, SuccessResponse } from 'openapi-typescript-helpers';
import { type Api, answer } from './client';
import type { Topic } from './live';
import { type Pager, usePager } from './pager';
import { type ApiError, asApiError } from './problem';
import type { paths } from './schema';
import { useApi, useLive } from './scope';

export type GetPath = PathsWithMethod<paths, 'get'>;
// biome-ignore lint/suspicious/noExplicitAny: as the types of openapi-typescript-helpers ask
type AnyOperation = Record<string | number, any>;
type Operation<P extends GetPath> = paths[P] extends { get: infer O extends AnyOperation } ? O : never;
/** What a GET answers with 2xx. */
export type Answer<P extends GetPath> = SuccessResponse<ResponseObjectMap<Operation<P>>, 'application/json'>;
type Params<P extends GetPath> = ParamsOption<Operation<P>>['params'];

export interface GetOptions<P extends GetPath> {
  topics: readonly Topic[];
  params?: Params<P>;
  enabled?: boolean;
  /** Also without being told, such as the progress of a job. */
  everyMs?: number | false;
}

export function useGet<P extends GetPath>(
  path: P,
  options: GetOptions<P>,
): UseQueryResult<Answer<P>, ApiError> {
  const api = useApi();
  return useQuery<Answer<P>, ApiError>({
    queryKey: ['GET', path, options.params ?? null],
    queryFn: ({ signal }) => get(api, path, options.params, signal),
    meta: { topics: options.topics },
    enabled: options.enabled ?? true,
    refetchInterval: options.everyMs ?? false,
  });
}

function get<P extends GetPath>(
  api: Api,
  path: P,
  params: Params<P>,
  signal: AbortSignal,
): Promise<Answer<P>> {
  // The one place where the types of openapi-fetch are too general to follow.
  const call = api.http.GET as unknown as (
    path: P,
    init: { params?: Params<P>; signal: AbortSignal },
  ) => Promise<{ data?: Answer<P>; error?: unknown; response: Response }>;
  return answer(call(path, { params, signal }));
}

/** A GET of a route that is not in openapi.json. */
export function useRaw<T>(
  path: string,
  options: {
    topics: readonly Topic[];
    query?: Record<string, string | number | boolean | null | undefined>;
    enabled?: boolean;
    everyMs?: number | false;
  },
): UseQueryResult<T, ApiError> {
  const api = useApi();
  return useQuery<T, ApiError>({
    queryKey: ['RAW', path, options.query ?? null],
    queryFn: ({ signal }) => api.raw<T>('GET', path, { query: options.query, signal }),
    meta: { topics: options.topics },
    enabled: options.enabled ?? true,
    refetchInterval: options.everyMs ?? false,
  });
}

export interface ListOptions<P extends GetPath, Row> extends GetOptions<P> {
  rows: (page: Answer<P>) => Row[];
  /** The search parameter that holds the cursor; lists beyond a page's first need their own. */
  cursorParam?: string;
}

export interface ListResult<P extends GetPath, Row> {
  rows: Row[];
  /** The page as answered, for `total` and the like. */
  page: Answer<P> | undefined;
  /** Nothing to show yet. */
  loading: boolean;
  error: ApiError | null;
  /** These are still the rows of the filters before. */
  stale: boolean;
  refetch: () => void;
  pager: Pager;
}

/** One page of a list; its cursor is in the URL. */
export function useList<P extends GetPath, Row>(path: P, options: ListOptions<P, Row>): ListResult<P, Row> {
  const api = useApi();
  const cursor = usePager(options.cursorParam ?? 'cursor');
  const given = (options.params ?? {}) as { query?: Record<string, unknown> };
  const params = {
    ...given,
    query: { ...given.query, ...(cursor.value ? { cursor: cursor.value } : {}) },
  } as Params<P>;
  const query = useQuery<Answer<P>, ApiError>({
    queryKey: ['GET', path, params ?? null],
    queryFn: ({ signal }) => get(api, path, params, signal),
    meta: { topics: options.topics },
    enabled: options.enabled ?? true,
    refetchInterval: options.everyMs ?? false,
    placeholderData: keepPreviousData,
  });
  const next = (query.data as { next_cursor?: string | null } | undefined)?.next_cursor ?? null;
  return {
    rows: query.data === undefined ? [] : options.rows(query.data),
    page: query.data,
    loading: query.data === undefined && query.error === null,
    error: query.error,
    stale: query.isPlaceholderData,
    refetch: () => void query.refetch(),
    pager: cursor.pager(next),
  };
}

/** The server's largest page. */
const PAGE_MAX = 200;
/** The same each time: who depends on the rows is not run again while there are none. */
const NONE: never[] = [];

export interface AllOptions<P extends GetPath, Row> extends GetOptions<P> {
  rows: (page: Answer<P>) => Row[];
  /** No page is asked for after so many rows. */
  rowsMax: number;
  /** How long an answer is good while no topic changes. */
  staleMs?: number;
}

export interface AllResult<Row> {
  rows: Row[];
  /** There are no more of them. */
  whole: boolean;
  /** The rows were answered, and are not merely none yet. */
  known: boolean;
  loading: boolean;
  fetching: boolean;
  error: ApiError | null;
  /** These are still the rows of what was asked for before. */
  stale: boolean;
  refetch: () => void;
}

/** All pages of a list, where what is shown is seen whole or not at all. */
export function useAll<P extends GetPath, Row>(path: P, options: AllOptions<P, Row>): AllResult<Row> {
  const api = useApi();
  const { rowsMax } = options;
  const query = useQuery<{ rows: Row[]; whole: boolean }, ApiError>({
    queryKey: ['ALL', path, options.params ?? null, rowsMax],
    queryFn: async ({ signal }) => {
      const given = (options.params ?? {}) as { query?: Record<string, unknown> };
      const rows: Row[] = [];
      let cursor: string | undefined;
      do {
        const params = { ...given, query: { ...given.query, limit: PAGE_MAX, cursor } } as Params<P>;
        const page = await get(api, path, params, signal);
        rows.push(...options.rows(page));
        cursor = (page as { next_cursor?: string | null }).next_cursor ?? undefined;
      } while (cursor !== undefined && rows.length < rowsMax);
      return { rows, whole: cursor === undefined };
    },
    meta: { topics: options.topics },
    enabled: options.enabled ?? true,
    refetchInterval: options.everyMs ?? false,
    ...(options.staleMs === undefined ? {} : { staleTime: options.staleMs }),
    placeholderData: keepPreviousData,
  });
  return {
    rows: query.data?.rows ?? NONE,
    whole: query.data?.whole ?? true,
    known: query.data !== undefined,
    loading: query.data === undefined && query.error === null,
    fetching: query.isFetching,
    error: query.error,
    stale: query.isPlaceholderData,
    refetch: () => void query.refetch(),
  };
}

export interface WriteOptions<T, V> {
  /** Fetched again at once, without waiting to be told. */
  topics: readonly Topic[];
  /** Said when it is done. */
  said?: string | ((answer: T, given: V) => string);
  done?: (answer: T, given: V) => void;
  /** Set where the error is shown beside the form (`ProblemAlert error={write.error}`). */
  quiet?: boolean;
}

/** Something that changes the world. Never tried twice by itself. */
export function useWrite<T, V = void>(
  write: (given: V) => Promise<T>,
  options: WriteOptions<T, V>,
): UseMutationResult<T, ApiError, V> {
  const live = useLive();
  return useMutation<T, ApiError, V>({
    mutationFn: (given) =>
      write(given).catch((error: unknown) => {
        throw asApiError(error);
      }),
    onSuccess: (result, given) => {
      live.changed(options.topics);
      const said = typeof options.said === 'function' ? options.said(result, given) : options.said;
      if (said) notifications.show({ message: said, color: 'teal' });
      options.done?.(result, given);
    },
    onError: (error) => {
      if (!options.quiet) notifications.show({ title: error.title, message: error.detail, color: 'red' });
    },
  });
}
