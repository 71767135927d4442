/** A dialog that is made when it opens and gone when it closes. */
import { Modal, type ModalProps } from '@mantine/core';
import { useLayoutEffect, useRef } from 'react';
import { useReturnFocus } from './return-focus';

export function Dialog({ children, ...props }: Omit<ModalProps, 'opened'>) {
  useReturnFocus();
  return (
    <Modal opened {...props}>
      {children}
      <FocusNow />
    </Modal>
  );
}

/** Part of every dialog. Mantine moves the focus a moment after the dialog is there: what is typed in between would be lost. */
export function FocusNow() {
  const here = useRef<HTMLSpanElement>(null);
  useLayoutEffect(() => {
    here.current?.closest('[role="dialog"]')?.querySelector<HTMLElement>('[data-autofocus]')?.focus();
  }, []);
  return <span ref={here} hidden />;
}
