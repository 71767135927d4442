/** Bellwire: signed webhooks, wallets and approvals for what AI agents do. */

export type { Arguments, ClientOptions, Query, Route } from './api/core.js';
export type { Pages } from './api/pages.js';
export {
  AlreadyDecided,
  ApiError,
  ApprovalCancelled,
  ApprovalDenied,
  ApprovalExpired,
  ApprovalNotGiven,
  ApprovalPending,
  ApprovalRequired,
  ApprovalUndeliverable,
  ApprovalUnusable,
  BadRequest,
  BudgetExhausted,
  Conflict,
  Forbidden,
  HoldEnded,
  IdempotencyConflict,
  Invalid,
  LimitExceeded,
  NotFound,
  PolicyDenied,
  type ProblemBody,
  RateLimited,
  ServerError,
  TransportError,
  Unauthorized,
  Unavailable,
  WalletFrozen,
} from './api/problems.js';
export type { CallOptions, ConnectionOptions } from './api/transport.js';
export * from './approvals/index.js';
export { AdminClient } from './client.js';
export type { Decimal } from './decimal.js';
export * as decimal from './decimal.js';
export { BellwireError } from './errors.js';
/** What is sent and answered, generated from the API's own description. */
export type * as api from './generated/models.js';
export { Hold, withHold } from './hold.js';
export { parseJson } from './json.js';
export { type AskForm, Policy, PolicyEngine, type PolicyOptions, type PolicyRules } from './policy.js';
export type { Answer, Incoming, ReceiverOptions } from './receiver.js';
export { type PurchaseOptions, Wallet } from './wallet.js';
export * from './webhooks/index.js';
