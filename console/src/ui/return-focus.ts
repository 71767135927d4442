/** Where the focus was before a dialog goes back there with it, if that is still on the page. */
import { useEffect, useState } from 'react';

/** For dialogs that are made when they open and gone when they close: Mantine's own waits for `opened` to change. */
export function useReturnFocus(): void {
  // Asked while rendering: an effect would come after the dialog took the focus.
  const [opener] = useState(() => document.activeElement);
  useEffect(
    () => () => {
      window.setTimeout(() => {
        const open = document.querySelector('[aria-modal="true"]');
        if (!open && opener instanceof HTMLElement && opener.isConnected) opener.focus();
      });
    },
    [opener],
  );
}
