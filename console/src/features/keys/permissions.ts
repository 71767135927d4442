/** What keys may do, in words, and who may give what. Pure; the server decides in the end. */
import type { Me, Permission } from '@/api/session';

export type Kind = 'admin' | 'workspace' | 'scoped';

/** Every permission, in the order of the documentation. */
export const PERMISSIONS: readonly { name: Permission; about: string }[] = [
  { name: 'events:write', about: 'Post events of its own types' },
  { name: 'events:report', about: 'Post what agents and hooks report' },
  { name: 'events:impersonate', about: 'Post built-in types; they are marked with it' },
  { name: 'events:read', about: 'List, poll and stream events' },
  { name: 'webhooks:manage', about: 'Manage endpoints and their deliveries' },
  { name: 'wallets:manage', about: 'Manage wallets, budgets and refunds' },
  { name: 'wallets:spend', about: 'Buy from wallets' },
  { name: 'approvals:request', about: 'Ask people for approval' },
  { name: 'approvals:decide', about: 'Decide what was asked' },
  { name: 'policies:manage', about: 'Manage policies' },
  { name: 'files:read', about: 'Read files' },
  { name: 'files:write', about: 'Write files' },
  { name: 'exec', about: 'Run commands' },
  { name: 'ledger:write', about: 'Report usage' },
  { name: 'ledger:read', about: 'Read receipts and periods' },
  { name: 'gateway:use', about: 'Call model providers' },
  { name: 'gateway:manage', about: 'Manage agents and providers' },
  { name: 'reactor:manage', about: 'Manage sources and rules' },
  { name: 'keys:manage', about: 'Create and revoke keys' },
  { name: 'audit:read', about: 'Read the audit log' },
];

const NOT_OF_ADMINS: readonly Permission[] = ['files:read', 'files:write', 'exec', 'events:impersonate'];
const OF_WORKERS: readonly Permission[] = [
  'events:write',
  'events:report',
  'events:read',
  'wallets:spend',
  'approvals:request',
  'files:read',
  'files:write',
  'exec',
  'ledger:write',
  'ledger:read',
  'gateway:use',
];

/** What a key of this kind may do when nothing else is said. */
export function usual(kind: Kind): Permission[] {
  const all = PERMISSIONS.map(({ name }) => name);
  return all.filter((name) => (kind === 'admin' ? !NOT_OF_ADMINS.includes(name) : OF_WORKERS.includes(name)));
}

/** A key gives what it has; the owner and a whole admin could take the rest anyway. */
export function mayGive(me: Me, permission: Permission): boolean {
  const whole = me.kind === 'admin' && usual('admin').every((name) => me.permissions.includes(name));
  return me.kind === 'owner' || whole || me.permissions.includes(permission);
}

/** The kinds that somebody may make. */
export function kindsFor(me: Me): Kind[] {
  if (me.namespace) return ['scoped'];
  return me.kind === 'owner' || me.kind === 'admin'
    ? ['scoped', 'workspace', 'admin']
    : ['scoped', 'workspace'];
}

/** Whether somebody may revoke it: the owner key stays, and admins are above others. */
export function mayRevoke(me: Me, kind: string): boolean {
  if (kind === 'owner') return false;
  return kind !== 'admin' || me.kind === 'owner' || me.kind === 'admin';
}

/** What is sent: nothing where the kind says it already, so that the server's word counts. */
export function asSent(kind: Kind, chosen: ReadonlySet<string>): Permission[] | null {
  const wanted = PERMISSIONS.map(({ name }) => name).filter((name) => chosen.has(name));
  return wanted.join() === usual(kind).join() ? null : wanted;
}
