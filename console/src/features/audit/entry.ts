/** What an entry says, for people. Pure. */
import type { components } from '@/api/schema';

export type Entry = components['schemas']['AuditEntry'];

/** Actions that Bellwire records, for suggestions: others may come. */
export const ACTIONS: readonly string[] = [
  'approval.approve',
  'approval.attempt',
  'approval.cancel',
  'approval.consume',
  'approval.deny',
  'approval.expire',
  'approval.request',
  'approval.vote',
  'audit.export',
  'endpoint.create',
  'endpoint.delete',
  'endpoint.disable',
  'endpoint.finish_rotation',
  'endpoint.rotate_secret',
  'endpoint.update',
  'key.create',
  'key.revoke',
  'namespace.delete',
  'policy.create',
  'policy.delete',
  'policy.update',
  'session.create',
  'session.delete',
  'session_link.create',
  'slack.give_up',
  'wallet.create',
  'wallet.freeze',
  'wallet.update',
  'workspace.create',
];

/** How it came in: `console`; null if an API key was sent. */
export function viaOf(entry: Entry): string | null {
  const { via } = entry.detail as { via?: unknown };
  return typeof via === 'string' ? via : null;
}

const PLACES: Record<string, string> = {
  evt_: '/events/',
  whk_: '/endpoints/',
  dlv_: '/deliveries/',
  wal_: '/wallets/',
  apr_: '/approvals/',
  pol_: '/policies/',
};

/** The page about an id, if there is one. */
export function placeOf(id: string): { to: string; search?: Record<string, string> } | null {
  if (id.startsWith('key_')) return { to: '/keys', search: { open: id } };
  const path = PLACES[id.slice(0, 4)];
  return path ? { to: path + id } : null;
}

export interface Change {
  field: string;
  before: string;
  after: string;
}

/** The fields of `before` and `after` that differ, nested ones by their path; null without both. */
export function changesOf(detail: unknown): Change[] | null {
  const { before, after } = (detail ?? {}) as { before?: unknown; after?: unknown };
  if (!isRecord(before) || !isRecord(after)) return null;
  return differences('', before, after);
}

function differences(
  path: string,
  before: Record<string, unknown>,
  after: Record<string, unknown>,
): Change[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return names.flatMap((name) => {
    const [was, is] = [before[name], after[name]];
    const field = path === '' ? name : `${path}.${name}`;
    if (isRecord(was) && isRecord(is)) return differences(field, was, is);
    const [one, other] = [said(was), said(is)];
    return one === other ? [] : [{ field, before: one, after: other }];
  });
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function said(value: unknown): string {
  if (value === undefined) return '–';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** What was done, in one line: the fields of the detail that are short. */
export function gistOf(entry: Entry): string {
  const changes = changesOf(entry.detail);
  if (changes) return changes.map(({ field, before, after }) => `${field} ${before} → ${after}`).join(' · ');
  return Object.entries(entry.detail as Record<string, unknown>)
    .filter(([name, value]) => name !== 'via' && value !== null && typeof value !== 'object')
    .map(([name, value]) => `${name} ${String(value)}`)
    .join(' · ');
}
