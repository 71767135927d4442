/** What a logged-in browser knows of itself. */
import type { components } from './schema';

export type Me = components['schemas']['Me'];

export interface Session {
  csrf_token: string;
  expires_at: string;
  /** Opened by a portal link: one namespace's Endpoints, Events and Deliveries, nothing else. */
  portal: boolean;
  /** It changes nothing, whatever the key may do. */
  read_only: boolean;
  me: Me;
}

export type Permission =
  | 'events:write'
  | 'events:report'
  | 'events:impersonate'
  | 'events:read'
  | 'webhooks:manage'
  | 'wallets:manage'
  | 'wallets:spend'
  | 'approvals:request'
  | 'approvals:decide'
  | 'policies:manage'
  | 'files:read'
  | 'files:write'
  | 'exec'
  | 'ledger:write'
  | 'ledger:read'
  | 'gateway:use'
  | 'gateway:manage'
  | 'reactor:manage'
  | 'keys:manage'
  | 'audit:read';
