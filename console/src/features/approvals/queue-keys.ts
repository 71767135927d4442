/** `a` approves and `d` denies the question that has the focus, or the one that is open. */
import { useEffect, useRef } from 'react';
import { isModalOpen, isTyping } from '@/app/shortcuts';
import type { Verdict } from './decide';

/** `g a` and `g d` go to pages: a letter after `g` is none of ours. */
const SEQUENCE_MS_MAX = 1_200;

export function useQueueKeys(enabled: boolean, decide: (verdict: Verdict) => void): void {
  const latest = useRef(decide);
  latest.current = decide;
  useEffect(() => {
    if (!enabled) return undefined;
    let armedUntil = 0;
    const onKey = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target) || isModalOpen()) return;
      const armed = performance.now() < armedUntil;
      armedUntil = event.key === 'g' ? performance.now() + SEQUENCE_MS_MAX : 0;
      if (armed || event.defaultPrevented) return;
      const verdict = event.key === 'a' ? 'approve' : event.key === 'd' ? 'deny' : null;
      if (verdict === null) return;
      event.preventDefault();
      latest.current(verdict);
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, [enabled]);
}

/** The row of the list that has the focus, by its key. */
export function focusedRow(list: HTMLElement | null): string | null {
  const row = document.activeElement?.closest<HTMLElement>('tr[data-row]');
  return row && list?.contains(row) ? (row.dataset.row ?? null) : null;
}

/** Moves the focus to a row, or to the page if the row is not there. */
export function focusRow(list: HTMLElement | null, key: string | null): void {
  const row = key === null ? null : list?.querySelector<HTMLElement>(`tr[data-row="${CSS.escape(key)}"]`);
  (row ?? document.getElementById('main'))?.focus();
}
