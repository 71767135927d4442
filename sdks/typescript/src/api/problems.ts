/** What the API refuses with (RFC 9457), as errors that name what happened. */
import type { Decimal } from '../decimal.js';
import { BellwireError } from '../errors.js';
import type { Approval, FieldError, Problem, PurchaseAsked } from '../generated/models.js';

/** The body of an error, with whatever members its code has beside the common ones. */
export type ProblemBody = Problem & Record<string, unknown>;

/** No answer came: the connection failed or a try took too long. What was asked may have been done. */
export class TransportError extends BellwireError {
  override name = 'TransportError';
  /**
   * The key that the request was sent with, if it had one: sent again with the same key, it is done once,
   * however many of its tries got through.
   */
  readonly idempotencyKey: string | null;

  constructor(message: string, options: ErrorOptions & { idempotencyKey?: string | undefined } = {}) {
    super(message, options);
    this.idempotencyKey = options.idempotencyKey ?? null;
  }
}

/** The server answered with an error. */
export class ApiError extends BellwireError {
  override name = 'ApiError';
  /** The HTTP status. */
  readonly status: number;
  /** Which error of the API it is: `not_found`, `budget_exceeded` … */
  readonly code: string;
  readonly title: string;
  /** A sentence that helps. */
  readonly detail: string;
  /** The request, as the server's logs know it. */
  readonly requestId: string | null;
  /** Every fault, field by field. */
  readonly errors: readonly FieldError[];

  constructor(
    /** The whole body. Amounts are decimal strings. */
    readonly problem: ProblemBody,
    /** In how many seconds to ask again, if the server said so. */
    readonly retryAfter: number | null = null,
  ) {
    super(`${problem.status} ${problem.code}: ${problem.detail}`);
    this.status = problem.status;
    this.code = problem.code;
    this.title = problem.title;
    this.detail = problem.detail;
    this.requestId = problem.request_id ?? null;
    this.errors = Array.isArray(problem.errors) ? problem.errors : [];
  }

  protected text(name: string): string {
    return String(this.problem[name] ?? '');
  }

  protected optional(name: string): string | null {
    const value = this.problem[name];
    return value === undefined || value === null ? null : String(value);
  }
}

/** 400, 413: the request cannot be read, or is too large. */
export class BadRequest extends ApiError {
  override name = 'BadRequest';
}

/** 422: well formed and impossible. `errors` names every fault. */
export class Invalid extends ApiError {
  override name = 'Invalid';
}

/** 401: the key is missing or wrong. */
export class Unauthorized extends ApiError {
  override name = 'Unauthorized';
}

/** 403: the key is known and may not. */
export class Forbidden extends ApiError {
  override name = 'Forbidden';
}

/** 404: there is no such thing, as far as this key can see. */
export class NotFound extends ApiError {
  override name = 'NotFound';
}

/** 409: the state, or an idempotency key, is in the way. */
export class Conflict extends ApiError {
  override name = 'Conflict';
}

/** 429: too fast, also after all retries. */
export class RateLimited extends ApiError {
  override name = 'RateLimited';
}

/** 5xx: a fault on the server's side, also after all retries. */
export class ServerError extends ApiError {
  override name = 'ServerError';
}

/** 503, 507: not now, also after all retries. Nothing was written. */
export class Unavailable extends ServerError {
  override name = 'Unavailable';
}

/** 402: a budget is short. Nothing was spent, and trying again does not help before `resetsAt`. */
export class BudgetExhausted extends ApiError {
  override name = 'BudgetExhausted';
  /** The wallet that was to pay. */
  readonly walletId = this.text('wallet_id');
  /** The one whose budget is short: it, or one above it. */
  readonly blockingWalletId = this.text('blocking_wallet_id');
  readonly budgetLimitUsd: Decimal = this.text('budget_limit_usd');
  readonly spentUsd: Decimal = this.text('spent_usd');
  readonly heldUsd: Decimal = this.text('held_usd');
  readonly requestedUsd: Decimal = this.text('requested_usd');
  readonly availableUsd: Decimal = this.text('available_usd');
  /** When the budget starts anew; null if never. */
  readonly resetsAt = this.optional('resets_at');
}

/** 403: a policy does not allow it. */
export class PolicyDenied extends Forbidden {
  override name = 'PolicyDenied';
  readonly policyId = this.text('policy_id');
  readonly policyVersion = Number(this.problem.policy_version ?? 0);
  /** The rule that denies, or `default`. */
  readonly rule = this.text('rule');
  readonly walletId = this.optional('wallet_id');
}

/** 403: a limit of a wallet refuses it. */
export class LimitExceeded extends Forbidden {
  override name = 'LimitExceeded';
  readonly limitedWalletId = this.text('limited_wallet_id');
  readonly rule = this.text('rule');
}

/** 423: the wallet, or one above it, is frozen. */
export class WalletFrozen extends ApiError {
  override name = 'WalletFrozen';
  readonly walletId = this.text('wallet_id');
  readonly frozenWalletId = this.text('frozen_wallet_id');
  readonly reason = this.optional('reason');
}

/** 409: the idempotency key was used for another request, or the first one with it is still under way. */
export class IdempotencyConflict extends Conflict {
  override name = 'IdempotencyConflict';
}

/** 409: the hold was captured, voided or failed before, or has expired. */
export class HoldEnded extends Conflict {
  override name = 'HoldEnded';
}

/** 409: somebody decided otherwise before, or the approval ended. What counts is in `approval`. */
export class AlreadyDecided extends Conflict {
  override name = 'AlreadyDecided';
  readonly approval = (this.problem.approval ?? null) as Approval | null;
}

/**
 * 409: the approval cannot be used for this: it is pending, was used before, was given too long ago, or for
 * something else. `code` says which.
 */
export class ApprovalUnusable extends Conflict {
  override name = 'ApprovalUnusable';
}

/** 403: people were asked, and there is no yes. Silence is not consent: do not try again. */
export class ApprovalNotGiven extends Forbidden {
  override name = 'ApprovalNotGiven';
  readonly approvalId = this.optional('approval_id');
  /** Why, in the words of who decided. */
  readonly reason = this.optional('reason');
}

/** Somebody said no. */
export class ApprovalDenied extends ApprovalNotGiven {
  override name = 'ApprovalDenied';
}

/** Nobody answered in time. */
export class ApprovalExpired extends ApprovalNotGiven {
  override name = 'ApprovalExpired';
}

/** Nobody could be asked. */
export class ApprovalUndeliverable extends ApprovalNotGiven {
  override name = 'ApprovalUndeliverable';
}

/** Whoever asked took it back. */
export class ApprovalCancelled extends ApprovalNotGiven {
  override name = 'ApprovalCancelled';
}

/**
 * A policy asks people first. Nothing was bought; the amount is set aside until they decide. Pass `wait` to
 * wait for them, or wait later with `waitForApproval(error.approvalId)`.
 */
export class ApprovalRequired extends BellwireError {
  override name = 'ApprovalRequired';
  readonly approvalId: string;
  /** The purchase that waits. */
  readonly purchaseId: string;
  /** When silence becomes a no. */
  readonly expiresAt: string;

  constructor(
    /** What the server answered. */
    readonly answer: PurchaseAsked,
  ) {
    const { approval, purchase } = answer;
    super(`people have to approve this until ${approval.expires_at}: ${approval.id}`);
    this.approvalId = approval.id;
    this.purchaseId = purchase.id;
    this.expiresAt = approval.expires_at;
  }
}

/** The wait is over and nobody has decided yet. The approval goes on: wait again. */
export class ApprovalPending extends BellwireError {
  override name = 'ApprovalPending';

  constructor(readonly approvalId: string) {
    super(`approval ${approvalId} is still pending`);
  }
}

/** By code. A map: the code is whatever was answered, and may be the name of what every object has. */
const BY_CODE: ReadonlyMap<string, typeof ApiError> = new Map<string, typeof ApiError>([
  ['policy_denied', PolicyDenied],
  ['limit_exceeded', LimitExceeded],
  ['approval_denied', ApprovalDenied],
  ['approval_expired', ApprovalExpired],
  ['approval_undeliverable', ApprovalUndeliverable],
  ['approval_cancelled', ApprovalCancelled],
  ['idempotency_conflict', IdempotencyConflict],
  ['hold_ended', HoldEnded],
  ['already_decided', AlreadyDecided],
  ['approval_pending', ApprovalUnusable],
  ['approval_mismatch', ApprovalUnusable],
  ['already_consumed', ApprovalUnusable],
  ['approval_lapsed', ApprovalUnusable],
]);

const BY_STATUS: ReadonlyMap<number, typeof ApiError> = new Map<number, typeof ApiError>([
  [400, BadRequest],
  [401, Unauthorized],
  [402, BudgetExhausted],
  [403, Forbidden],
  [404, NotFound],
  [409, Conflict],
  [413, BadRequest],
  [422, Invalid],
  [423, WalletFrozen],
  [429, RateLimited],
  [503, Unavailable],
  [507, Unavailable],
]);

/** The error that an answer is. */
export function problemOf(problem: ProblemBody, retryAfter: number | null): ApiError {
  const Kind =
    BY_CODE.get(problem.code) ??
    BY_STATUS.get(problem.status) ??
    (problem.status >= 500 ? ServerError : ApiError);
  return new Kind(problem, retryAfter);
}

/** The error that an approval is which ended without a yes. */
export function notGiven(approval: Approval): ApprovalNotGiven {
  const code = `approval_${approval.status}`;
  const problem = {
    type: 'about:blank',
    title: 'It was not approved',
    status: 403,
    code,
    detail: approval.message || `the approval is ${approval.status}`,
    approval_id: approval.approval_id ?? approval.id,
    reason: approval.reason,
  };
  const Kind = BY_CODE.get(code) ?? ApprovalNotGiven;
  const made = new Kind(problem as ProblemBody);
  return made instanceof ApprovalNotGiven ? made : new ApprovalNotGiven(problem as ProblemBody);
}
