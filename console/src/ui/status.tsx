/** How something is, in one word and one colour; never in colour alone. */
export type Tone = 'ok' | 'bad' | 'warn' | 'wait' | 'off';

const TONES: Record<string, Tone> = {
  active: 'ok',
  success: 'ok',
  succeeded: 'ok',
  approved: 'ok',
  closed: 'ok',
  captured: 'ok',
  intact: 'ok',
  done: 'ok',
  failed: 'bad',
  denied: 'bad',
  disabled: 'bad',
  open: 'bad',
  broken: 'bad',
  revoked: 'bad',
  expired: 'off',
  frozen: 'warn',
  exhausted: 'warn',
  refused: 'warn',
  paused: 'warn',
  half_open: 'warn',
  pending: 'wait',
  held: 'wait',
  running: 'wait',
  pending_approval: 'wait',
  cancelled: 'off',
  voided: 'off',
  refunded: 'off',
};

export function StatusBadge({ status, label, tone }: { status: string; label?: string; tone?: Tone }) {
  const shade = tone ?? TONES[status] ?? 'off';
  return (
    <span className="bw-status" data-tone={shade} data-status={status}>
      <span className="bw-dot" data-tone={shade} aria-hidden />
      {label ?? status.replaceAll('_', ' ')}
    </span>
  );
}
