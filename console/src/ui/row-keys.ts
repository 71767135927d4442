/** j and k walk the rows of a table, wherever the focus is, as long as nobody types. */
import { type RefObject, useEffect } from 'react';

interface RowKeys {
  enabled: boolean;
  count: number;
  body: RefObject<HTMLElement | null>;
  at: number;
  focusRow: (index: number) => void;
}

export function useRowKeys({ enabled, count, body, at, focusRow }: RowKeys): void {
  useEffect(() => {
    if (!enabled || count === 0) return undefined;
    const onKey = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
      const step =
        event.key === 'j' || event.key === 'ArrowDown'
          ? 1
          : event.key === 'k' || event.key === 'ArrowUp'
            ? -1
            : 0;
      const inside = body.current?.contains(document.activeElement) ?? false;
      // The arrows belong to the page unless a row has the focus.
      if (step === 0 || (event.key.startsWith('Arrow') && !inside)) return;
      const target = event.target as HTMLElement;
      if (target.isContentEditable || ['INPUT', 'TEXTAREA', 'SELECT'].includes(target.tagName)) return;
      if (document.querySelector('[aria-modal="true"]')) return;
      event.preventDefault();
      focusRow(inside ? Math.max(0, Math.min(count - 1, at + step)) : Math.min(at, count - 1));
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, [enabled, count, body, at, focusRow]);
}
