/** Decisions, signed with the secret of the endpoint that was asked: no key is needed. */
import { ApiError, TransportError } from '../api/problems.js';
import { problemFrom } from '../api/transport.js';
import { compare, type Decimal } from '../decimal.js';
import type { Approval, DecisionForm } from '../generated/models.js';
import { parseJson } from '../json.js';
import { signWebhook } from '../webhooks/sign.js';

/** When a decision that did not get through is sent again, in seconds after the try before. */
export const DECISION_SCHEDULE = [1, 5, 30, 120, 600] as const;
const TRY_MS = 10_000;
/** A server that asks for more patience than that is asked again sooner. */
const RETRY_AFTER_MAX_S = 3600;

/** How decisions are sent; for tests and odd networks. */
export interface DecisionTransport {
  /** Used in place of the global `fetch`. */
  fetch?: typeof fetch | undefined;
  /** Waits; `setTimeout` if absent. */
  sleep?: ((ms: number) => Promise<unknown>) | undefined;
}

/** What may be allowed less than what was asked for. */
export interface Narrowing {
  /** Allow at most so much. */
  amountUsd?: Decimal | undefined;
  /** Allow these details instead: the same, whole numbers lowered or elements left out. */
  details?: Record<string, unknown> | undefined;
  /** A note, not an identity. */
  approver?: string | undefined;
}

/** A decision on an approval. */
export interface Decision extends Narrowing, DecisionTransport {
  /** The secret of the endpoint that was asked, `whsec_…`; of several, one that is live. */
  secret: string;
  approvalId: string;
  /** As the event has it. */
  callbackUrl: string;
  decision: 'approve' | 'deny';
  /** Why; must not be blank. */
  reason: string;
}

/** Why a reason or a decision would not be understood; the server takes that for a no. @internal */
export function checkDecision(decision: unknown, reason: unknown): void {
  if (decision !== 'approve' && decision !== 'deny') {
    throw new TypeError("`decision` must be 'approve' or 'deny': anything else would count as a no");
  }
  // As the server sees it, for which U+0085 is blank too.
  if (typeof reason !== 'string' || /^[\s\u0085]*$/.test(reason)) {
    throw new TypeError('`reason` must not be blank: without one the decision would count as a no');
  }
}

function check({ decision, reason, callbackUrl, amountUsd }: Decision): void {
  checkDecision(decision, reason);
  // Throws if it is no decimal.
  if (amountUsd !== undefined) compare(amountUsd, '0');
  if (!/^https?:/.test(callbackUrl) || !URL.canParse(callbackUrl)) {
    throw new TypeError('`callbackUrl` must be the URL that the event has as `callback_url`');
  }
}

async function post(decision: Decision): Promise<Approval> {
  const { approvalId, callbackUrl, amountUsd, details, approver } = decision;
  const form: DecisionForm = {
    decision: decision.decision,
    reason: decision.reason,
    approval_id: approvalId,
    ...(amountUsd === undefined ? {} : { amount_usd: amountUsd }),
    ...(details === undefined ? {} : { details }),
    ...(approver === undefined ? {} : { approver }),
  };
  const body = JSON.stringify(form);
  const signed = await signWebhook({ secret: decision.secret, id: approvalId, body });
  const headers = { 'content-type': 'application/json', ...signed };
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(new Error(`no answer within ${TRY_MS} ms`)), TRY_MS);
  try {
    const send = decision.fetch ?? fetch;
    const options = { method: 'POST', headers, body, signal: abort.signal, redirect: 'manual' as const };
    const response = await send(callbackUrl, options);
    if (!response.ok) throw await problemFrom(response);
    return parseJson(await response.text()) as Approval;
  } catch (error) {
    if (error instanceof ApiError) throw error;
    // Also an answer that broke off: whether it counts, the same decision sent again is told.
    throw new TransportError(`the decision on ${approvalId} did not get through`, { cause: error });
  } finally {
    clearTimeout(timer);
  }
}

/** In how many seconds at the earliest the same may be understood; null for never. */
function passing(error: unknown): number | null {
  if (error instanceof TransportError) return 0;
  if (!(error instanceof ApiError)) return null;
  const { status, retryAfter } = error;
  if (status < 500 && status !== 429 && status !== 408) return null;
  return Math.min(retryAfter ?? 0, RETRY_AFTER_MAX_S);
}

/**
 * Decides. Sent again after 1 s, 5 s, 30 s, 2 min and 10 min where it does not get through, or later if the
 * server asks for that.
 *
 * @returns the approval as it is recorded
 * @throws {AlreadyDecided} if somebody decided otherwise before, or it ended; `approval` says how
 * @throws {TypeError} the reason is blank, or something else would not be understood: nothing was sent
 */
export async function decide(decision: Decision): Promise<Approval> {
  check(decision);
  const sleep = decision.sleep ?? ((ms: number) => new Promise((resolve) => setTimeout(resolve, ms)));
  for (const seconds of DECISION_SCHEDULE) {
    let floor: number | null;
    try {
      return await post(decision);
    } catch (error) {
      floor = passing(error);
      if (floor === null) throw error;
    }
    await sleep(Math.max(seconds, floor) * 1000);
  }
  return post(decision);
}
