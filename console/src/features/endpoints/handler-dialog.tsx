import { Dialog } from '@/ui/dialog';
import type { Endpoint } from './form';
import { HandlerCode } from './secret-step';

export function HandlerDialog({ endpoint, onClose }: { endpoint: Endpoint; onClose: () => void }) {
  return (
    <Dialog onClose={onClose} title="Handler code" size="lg">
      <HandlerCode endpoint={endpoint} />
    </Dialog>
  );
}
