import type { ApprovalMethods } from './api/approvals.js';
import { ApprovalRequired } from './api/problems.js';
import type { CallOptions } from './api/transport.js';
import type * as m from './generated/models.js';
import { Hold } from './hold.js';

/** How to buy. */
export interface PurchaseOptions extends CallOptions {
  /**
   * Where a policy asks people first: `true` waits for them as long as they have, a duration (`10m`) so long.
   * If absent, `ApprovalRequired` is thrown at once; they are asked all the same.
   */
  wait?: boolean | string | undefined;
}

/** A budget to spend from. */
export class Wallet {
  constructor(
    private readonly client: ApprovalMethods,
    /** `wal_…` */
    readonly id: string,
  ) {}

  /** How it stands. */
  balance(options?: CallOptions): Promise<m.Balance> {
    return this.client.walletBalance(this.id, options);
  }

  /** Its purchases, newest first. */
  purchases(query?: Parameters<ApprovalMethods['walletPurchases']>[1], options?: CallOptions) {
    return this.client.walletPurchases(this.id, query, options);
  }

  /** Changes budget, limits, status …; wants a `reason`. */
  update(change: m.WalletChange, options?: CallOptions): Promise<m.Wallet> {
    return this.client.updateWallet(this.id, change, options);
  }

  /**
   * Buys: returns when the money is spent, and else throws.
   *
   * @throws {BudgetExhausted} a budget is short
   * @throws {PolicyDenied} a policy denies
   * @throws {ApprovalRequired} people are being asked; with `wait` it waits for them instead
   * @throws {ApprovalNotGiven} it waited for them, and it was not approved
   * @throws {ApprovalPending} it waited for them as long as it was to, and nobody has decided
   */
  async purchase(form: m.PurchaseForm, options: PurchaseOptions = {}): Promise<m.Purchase> {
    const { wait: _wait, ...call } = options;
    const answer = await this.client.createPurchase(this.id, form, call);
    if (!('approval' in answer)) return answer;
    await this.#approved(answer, options);
    return this.client.getPurchase(answer.purchase.id, { signal: call.signal });
  }

  /**
   * Sets an amount aside. `withHold` and `await using` see to its end; they differ in what becomes of it if
   * nobody said.
   *
   * @throws the same as `purchase`
   */
  async hold(form: m.HoldForm, options: PurchaseOptions = {}): Promise<Hold> {
    const { wait: _wait, ...call } = options;
    const answer = await this.client.createHold(this.id, form, call);
    if (!('approval' in answer)) return new Hold(this.client, answer);
    await this.#approved(answer, options);
    const holdId = answer.hold?.id ?? answer.purchase.hold_id ?? '';
    return new Hold(this.client, await this.client.getHold(holdId, { signal: call.signal }));
  }

  async #approved(asked: m.PurchaseAsked, { wait, signal }: PurchaseOptions): Promise<void> {
    const required = new ApprovalRequired(asked);
    if (wait === undefined || wait === false) throw required;
    const limit = wait === true ? undefined : wait;
    await this.client.waitForApproval(required.approvalId, { signal, wait: limit });
  }
}
