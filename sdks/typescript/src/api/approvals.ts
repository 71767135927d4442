import { checkDecision } from '../approvals/decide.js';
import type * as m from '../generated/models.js';
import type { Query } from './core.js';

import { durationMs, waiting } from './events.js';
import { ApprovalPending, notGiven } from './problems.js';
import { SpendMethods } from './spend.js';
import type { CallOptions } from './transport.js';

const approval = (approvalId: string) => ({ path: { approval_id: approvalId } });
const policy = (policyId: string) => ({ path: { policy_id: policyId } });

/** How long one look at an approval waits. */
const LOOK_MS = 30_000;

/** Approvals and policies. */
export class ApprovalMethods extends SpendMethods {
  /** Asks people whether something may be done. */
  requestApproval(form: m.ApprovalForm, options?: CallOptions): Promise<m.Approval> {
    return this.request('POST /v1/approvals', { body: form }, options);
  }

  /** Approvals, newest first. */
  listApprovals(query: Query<'GET /v1/approvals'> = {}, options?: CallOptions) {
    return this.pages('GET /v1/approvals', 'approvals', { query }, options);
  }

  /** An approval; with `wait`, when it is decided or the wait is over. */
  getApproval(
    approvalId: string,
    query: Query<'GET /v1/approvals/{approval_id}'> = {},
    options: CallOptions = {},
  ): Promise<m.ApprovalWhole> {
    const given = { ...approval(approvalId), query };
    return this.request('GET /v1/approvals/{approval_id}', given, waiting(query?.wait, options));
  }

  /**
   * Waits until an approval has ended: as long as that takes, since each has an end of its own, or as long as
   * `wait` says (`10m`).
   *
   * @throws {ApprovalNotGiven} if it ended as anything but approved: `ApprovalDenied`, `ApprovalExpired`,
   * `ApprovalUndeliverable` or `ApprovalCancelled`
   * @throws {ApprovalPending} the wait is over, and it has not ended
   */
  async waitForApproval(
    approvalId: string,
    options: CallOptions & { wait?: string | undefined } = {},
  ): Promise<m.ApprovalWhole> {
    const { wait, ...call } = options;
    const limitMs = wait === undefined ? Number.POSITIVE_INFINITY : durationMs(wait);
    if (limitMs === null) throw new TypeError('`wait` must be a duration such as 30s, 10m or 1h30m');
    const until = Date.now() + limitMs;
    for (;;) {
      const look = Math.ceil(Math.max(0, Math.min(LOOK_MS, until - Date.now())) / 1000);
      const found = await this.getApproval(approvalId, { wait: `${look}s` }, call);
      if (found.status === 'approved') return found;
      if (found.status !== 'pending') throw notGiven(found);
      if (Date.now() >= until) throw new ApprovalPending(approvalId);
    }
  }

  /**
   * Decides. The first decision counts; a later one that differs is `AlreadyDecided`.
   *
   * @throws {TypeError} the reason is blank, which the server would take for a no: nothing was sent
   */
  async decideApproval(
    approvalId: string,
    decision: m.DecisionForm & { decision: 'approve' | 'deny' },
    options?: CallOptions,
  ): Promise<m.Approval> {
    checkDecision(decision.decision, decision.reason);
    const given = { ...approval(approvalId), body: decision };
    return this.request('POST /v1/approvals/{approval_id}', given, options);
  }

  /** Takes a question back. */
  cancelApproval(approvalId: string, form: m.CancelForm = {}, options?: CallOptions): Promise<m.Approval> {
    const given = { ...approval(approvalId), body: form };
    return this.request('POST /v1/approvals/{approval_id}/cancel', given, options);
  }

  /**
   * Uses an approval, once, right before doing exactly what was approved. If this throws, do not do it.
   *
   * @throws {ApprovalNotGiven} if it ended as anything but approved
   * @throws {ApprovalUnusable} if it is pending, was used before, or is about something else
   */
  async consumeApproval(approvalId: string, form: m.ConsumeForm, options?: CallOptions): Promise<m.Approval> {
    const given = { ...approval(approvalId), body: form };
    return this.request('POST /v1/approvals/{approval_id}/consume', given, options);
  }

  /** Makes a policy. */
  createPolicy(form: m.PolicyForm, options?: CallOptions): Promise<m.Policy> {
    return this.request('POST /v1/policies', { body: form }, options);
  }

  /** Policies, newest first. */
  listPolicies(query: Query<'GET /v1/policies'> = {}, options?: CallOptions) {
    return this.pages('GET /v1/policies', 'policies', { query }, options);
  }

  /** A policy in its newest version. */
  getPolicy(policyId: string, options?: CallOptions): Promise<m.Policy> {
    return this.request('GET /v1/policies/{policy_id}', policy(policyId), options);
  }

  /** Replaces all of a policy, as a new version. */
  replacePolicy(policyId: string, form: m.PolicyForm, options?: CallOptions): Promise<m.Policy> {
    return this.request('PUT /v1/policies/{policy_id}', { ...policy(policyId), body: form }, options);
  }

  /** Changes a policy, as a new version; absent fields keep what is there. */
  updatePolicy(policyId: string, change: m.PolicyChange, options?: CallOptions): Promise<m.Policy> {
    return this.request('PATCH /v1/policies/{policy_id}', { ...policy(policyId), body: change }, options);
  }

  /** Removes a policy that is attached to nothing. */
  async deletePolicy(policyId: string, options?: CallOptions): Promise<void> {
    await this.request('DELETE /v1/policies/{policy_id}', policy(policyId), options);
  }

  /** The versions of a policy, newest first. */
  policyVersions(
    policyId: string,
    query: Query<'GET /v1/policies/{policy_id}/versions'> = {},
    options?: CallOptions,
  ) {
    return this.pages(
      'GET /v1/policies/{policy_id}/versions',
      'versions',
      { ...policy(policyId), query },
      options,
    );
  }

  /** What a policy would say of a request that is made up. */
  evaluatePolicy(
    policyId: string,
    request: m.PolicyEvaluate,
    options?: CallOptions,
  ): Promise<m.PolicyDecision> {
    const given = { ...policy(policyId), body: request };
    return this.request('POST /v1/policies/{policy_id}/evaluate', given, options);
  }

  /** What a policy would have made of what was asked for since. */
  replayPolicy(policyId: string, form: m.PolicyReplay, options?: CallOptions): Promise<m.PolicyReport> {
    return this.request('POST /v1/policies/{policy_id}/replay', { ...policy(policyId), body: form }, options);
  }
}
