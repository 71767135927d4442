/** Receiving questions and deciding them, without a key. */
export { AlreadyDecided } from '../api/problems.js';
export { type DuplicateStore, MemoryStore } from '../receiver.js';
export {
  type Action,
  actionDigest,
  canonical,
  type Receipt,
  ReceiptError,
  verifyReceipt,
} from './binding.js';
export {
  DECISION_SCHEDULE,
  type Decision,
  type DecisionTransport,
  decide,
  type Narrowing,
} from './decide.js';
export {
  type ApprovalOptions,
  type ApprovalPayload,
  ApprovalRequest,
  ApprovalWebhook,
  type FetchHandler,
} from './webhook.js';
