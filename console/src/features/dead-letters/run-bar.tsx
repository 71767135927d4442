/** How far a bulk retry is. */
import { Button } from '@mantine/core';
import { ProgressBar } from '@/ui/bars';
import type { Run } from './use-again';

export function RunBar({ run, onStop, onClose }: { run: Run; onStop: () => void; onClose: () => void }) {
  return (
    <div className="bw-run" role="status">
      <strong>{title(run)}</strong>
      <ProgressBar done={run.done} total={Math.max(run.total ?? 0, run.done)} label="Bulk retry" />
      {run.state === 'running' ? (
        <Button variant="default" onClick={onStop}>
          Stop
        </Button>
      ) : (
        <Button variant="default" onClick={onClose}>
          Dismiss
        </Button>
      )}
    </div>
  );
}

function title({ state, done, failed }: Run): string {
  const refused = failed > 0 ? `, ${failed.toLocaleString('en')} refused` : '';
  const count = `${done.toLocaleString('en')} due again${refused}`;
  if (state === 'running') return 'Retrying';
  return state === 'done' ? `Done: ${count}` : `Stopped: ${count}`;
}
