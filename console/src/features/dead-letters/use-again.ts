import { notifications } from '@mantine/notifications';
import { useEffect, useMemo, useRef, useState } from 'react';
import { answer } from '@/api/client';
import { asApiError } from '@/api/problem';
import type { components } from '@/api/schema';
import { useApi, useLive } from '@/api/scope';
import { type DeadLetterFilter, type Door, type Progress, retryAll, retryChosen } from './again';

type DeliveryList = components['schemas']['DeliveryList'];

export interface Run extends Progress {
  state: 'running' | 'done' | 'stopped';
}

/** Bulk retries of this page, one at a time. Leaving the page stops what is not sent yet. */
export function useAgain() {
  const api = useApi();
  const live = useLive();
  const [run, setRun] = useState<Run | null>(null);
  const stop = useRef<AbortController | null>(null);
  useEffect(() => () => stop.current?.abort(), []);

  const door: Door = useMemo(
    () => ({
      retry: async (id) => {
        await answer(
          api.http.POST('/v1/deliveries/{delivery_id}/retry', { params: { path: { delivery_id: id } } }),
        );
      },
      retryOf: async (id, { namespace, since, until }) => {
        const { retried } = await answer(
          api.http.POST('/v1/deliveries/retry', {
            body: { endpoint_id: id, status: 'failed', since, until },
            headers: namespace ? { 'X-Namespace': namespace } : {},
          }),
        );
        return retried;
      },
      endpoints: async (cursor) => {
        const page = await answer(
          api.http.GET('/v1/webhooks', { params: { query: { limit: 200, cursor } } }),
        );
        return { ids: page.endpoints.map(({ id }) => id), next: page.next_cursor ?? null };
      },
      deadLetters: async ({ endpoint, ...filter }, cursor) => {
        const query = { ...filter, endpoint_id: endpoint, status: 'failed', limit: 200, cursor };
        const page = await api.raw<DeliveryList>('GET', '/v1/deliveries', { query });
        return { ids: page.deliveries.map(({ id }) => id), next: page.next_cursor ?? null };
      },
    }),
    [api],
  );

  const start = async (
    work: (tell: (progress: Progress) => void, stopped: AbortSignal) => Promise<Progress>,
    total: number | null,
  ) => {
    const control = new AbortController();
    stop.current = control;
    setRun({ state: 'running', done: 0, failed: 0, total });
    const tell = (progress: Progress) => setRun({ ...progress, state: 'running' });
    try {
      const ended = await work(tell, control.signal);
      setRun({ ...ended, state: control.signal.aborted ? 'stopped' : 'done' });
    } catch (error) {
      setRun((run) => run && { ...run, state: 'stopped' });
      notifications.show({ color: 'red', title: 'Not all were retried', message: asApiError(error).message });
    }
    live.changed(['deliveries', 'endpoints']);
  };

  return {
    run,
    chosen: (ids: readonly string[]) =>
      start((tell, stopped) => retryChosen(door, ids, tell, stopped), ids.length),
    all: (filter: DeadLetterFilter, total: number | null) =>
      start((tell, stopped) => retryAll(door, filter, total, tell, stopped), total),
    stop: () => stop.current?.abort(),
    clear: () => setRun(null),
  };
}
