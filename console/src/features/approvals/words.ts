/** What approvals are called, in words. Pure. */
import type { components } from '@/api/schema';
import { formatUsd, parseUsd } from '@/ui/nanos';

export type Approval = components['schemas']['Approval'];
export type Whole = components['schemas']['ApprovalWhole'];
type AuditEntry = components['schemas']['AuditEntry'];

/** Amounts are text once they were read (api/exact.ts); the types of openapi.json know numbers. */
export function usd(amount: unknown): string | null {
  return amount === null || amount === undefined ? null : String(amount);
}

/** The amount in dollars, for people. */
export function money(amount: unknown): string {
  const nanos = parseUsd(usd(amount) ?? '');
  return nanos === null ? '–' : formatUsd(nanos);
}

/** What would be done, as short as a row needs it. */
export function subject(approval: Approval): { what: string; why: string | null } {
  const { transaction } = approval;
  if (!transaction) return { what: approval.title, why: approval.action };
  return { what: transaction.vendor, why: transaction.memo ?? null };
}

/** `$1,850.00 to AWS`, or the question itself. */
export function question(approval: Approval): string {
  const { transaction } = approval;
  return transaction ? `${money(transaction.amount_usd)} to ${transaction.vendor}` : approval.title;
}

/** `person:ana` is Ana; the ids of keys and endpoints say what they are by themselves. */
export function who(actor: string): string {
  return actor.replace(/^(person|key|endpoint):/, '').replace(':', ' ');
}

/** The agent's name if it has one, else the key that asked. */
export function asker(approval: Approval): string {
  return approval.agent.id ?? who(approval.requested_by);
}

/** The wallet that would pay. */
export function walletOf(approval: Approval): string | null {
  const id: unknown = (approval.details as Record<string, unknown>).wallet_id;
  return approval.transaction && typeof id === 'string' ? id : null;
}

/** Soonest to expire first: that one is lost first. */
export function bySilence(approvals: readonly Approval[]): Approval[] {
  return [...approvals].sort((a, b) => a.expires_at.localeCompare(b.expires_at) || a.id.localeCompare(b.id));
}

/** Where the eye goes when a row is gone: to the next one that is still there, else to the one before. */
export function neighbour(keys: readonly string[], gone: string, there: ReadonlySet<string>): string | null {
  const at = keys.indexOf(gone);
  const isThere = (key: string) => key !== gone && there.has(key);
  return keys.slice(at + 1).find(isThere) ?? keys.slice(0, Math.max(at, 0)).findLast(isThere) ?? null;
}

export type Entry = Pick<AuditEntry, 'action' | 'actor'> & { detail: object };

/** What an entry of the audit log tells of an approval. */
export function said({ action, detail, actor }: Entry): string {
  const of = detail as Record<string, unknown>;
  const text = (name: string) => (typeof of[name] === 'string' ? (of[name] as string) : '');
  const reason = text('reason') === '' ? '' : `: ${text('reason')}`;
  switch (action) {
    case 'approval.request':
      return `${who(actor)} asked`;
    case 'approval.attempt':
      return attempt(of);
    case 'approval.vote': {
      const less = text('amount_usd') === '' ? '' : `, at most ${money(text('amount_usd'))}`;
      return `${who(actor)} agreed${less}${reason}`;
    }
    case 'approval.approve':
      return `Approved${text('approved_usd') === '' ? '' : `, ${money(text('approved_usd'))}`}`;
    case 'approval.deny':
      return `${who(actor)} denied${reason}`;
    case 'approval.ambiguous':
      return `${who(actor)} sent what nobody understands: ${text('problem')}`;
    case 'approval.expire':
      return 'Expired: nobody answered in time';
    case 'approval.cancel':
      return `${who(actor)} took it back${reason}`;
    case 'approval.undeliverable':
      return 'Nobody could be asked';
    case 'approval.consume':
      return `${who(actor)} used it`;
    default:
      return action;
  }
}

function attempt(of: Record<string, unknown>): string {
  const to = `${String(of.channel)}`;
  const what = of.saying === 'decided' ? 'the decision' : 'the question';
  const answered = typeof of.status_code === 'number' ? `answered ${of.status_code}` : null;
  const error = typeof of.error === 'string' && of.error !== '' ? of.error : null;
  const came = [answered, error].filter(Boolean).join(', ');
  const next = { success: '', retry: '; it is tried again', failed: '; given up' }[String(of.result)] ?? '';
  const tells = of.result === 'success' ? 'was told' : 'could not be told';
  return `${to} ${tells} ${what} (attempt ${String(of.attempt)}${came === '' ? '' : `: ${came}`})${next}`;
}

/** The claims of a compact JSON Web Signature; null if it is none. Nothing is verified by this. */
export function claimsOf(receipt: string): Record<string, unknown> | null {
  const part = receipt.split('.')[1];
  if (!part) return null;
  try {
    const bytes = Uint8Array.from(atob(part.replaceAll('-', '+').replaceAll('_', '/')), (char) =>
      char.charCodeAt(0),
    );
    const claims: unknown = JSON.parse(new TextDecoder().decode(bytes));
    return claims !== null && typeof claims === 'object' ? (claims as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}
