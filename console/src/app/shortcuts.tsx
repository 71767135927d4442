/** Keys: `g` and a letter opens a page, `/` goes to the filter, `?` tells what there is. */
import { useNavigate } from '@tanstack/react-router';
import { useEffect } from 'react';
import type { MenuEntry } from './feature';

/** How long `g` waits for its letter. */
const SEQUENCE_MS_MAX = 1_200;

/** Whether keys belong to what is focused: somebody types there. */
export function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return target.isContentEditable || ['INPUT', 'TEXTAREA', 'SELECT'].includes(target.tagName);
}

/** Whether a dialog is open that has the keys. */
export function isModalOpen(): boolean {
  return document.querySelector('[aria-modal="true"]') !== null;
}

export function useShortcuts(menu: readonly MenuEntry[], openHelp: () => void): void {
  const navigate = useNavigate();
  useEffect(() => {
    let armedUntil = 0;
    const onKey = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
      if (isTyping(event.target)) {
        if (event.key === 'Escape') (event.target as HTMLElement).blur();
        return;
      }
      if (isModalOpen()) return;
      const armed = performance.now() < armedUntil;
      armedUntil = 0;
      if (armed) {
        const entry = menu.find((candidate) => candidate.key === event.key);
        if (entry) {
          event.preventDefault();
          void navigate({ to: entry.path as never });
        }
      } else if (event.key === 'g') {
        armedUntil = performance.now() + SEQUENCE_MS_MAX;
      } else if (event.key === '?') {
        event.preventDefault();
        openHelp();
      } else if (event.key === '/') {
        const filter = document.querySelector<HTMLElement>('[data-filter]');
        if (filter) {
          event.preventDefault();
          filter.focus();
        }
      }
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, [menu, navigate, openHelp]);
}
