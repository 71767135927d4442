/**
 * A write whose answer holds a secret. It is kept by the component that asked, and gone with it; what `useWrite` is
 * answered stays in a cache for minutes after its dialog was closed.
 *
 *     const made = useOnce((body: Body) => answer(api.http.POST('/v1/keys', { body })), ['keys']);
 */
import { useState } from 'react';
import type { Topic } from './live';
import { type ApiError, asApiError } from './problem';
import { useLive } from './scope';

export interface Once<T, V> {
  /** What was answered; null before. */
  answer: T | null;
  error: ApiError | null;
  busy: boolean;
  ask: (given: V) => Promise<void>;
}

export function useOnce<T, V>(write: (given: V) => Promise<T>, topics: readonly Topic[]): Once<T, V> {
  const live = useLive();
  const [answer, setAnswer] = useState<T | null>(null);
  const [error, setError] = useState<ApiError | null>(null);
  const [busy, setBusy] = useState(false);
  const ask = async (given: V) => {
    setBusy(true);
    setError(null);
    try {
      setAnswer(await write(given));
      live.changed(topics);
    } catch (problem) {
      setError(asApiError(problem));
    } finally {
      setBusy(false);
    }
  };
  return { answer, error, busy, ask };
}
