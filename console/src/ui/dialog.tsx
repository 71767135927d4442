/** A dialog that is made when it opens and gone when it closes. */
import { Modal, type ModalProps } from '@mantine/core';
import { useReturnFocus } from './return-focus';

export function Dialog(props: Omit<ModalProps, 'opened'>) {
  useReturnFocus();
  return <Modal opened {...props} />;
}
