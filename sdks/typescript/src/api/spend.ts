import type * as m from '../generated/models.js';
import type { Query } from './core.js';
import type { CallOptions } from './transport.js';
import { WebhookMethods } from './webhooks.js';

const wallet = (walletId: string) => ({ path: { wallet_id: walletId } });
const hold = (holdId: string) => ({ path: { hold_id: holdId } });

/** Wallets, purchases, holds, and what was spent. Amounts are decimal strings. */
export class SpendMethods extends WebhookMethods {
  /** Makes a wallet. */
  createWallet(form: m.WalletForm, options?: CallOptions): Promise<m.Wallet> {
    return this.request('POST /v1/wallets', { body: form }, options);
  }

  /** Wallets, newest first. */
  listWallets(query: Query<'GET /v1/wallets'> = {}, options?: CallOptions) {
    return this.pages('GET /v1/wallets', 'wallets', { query }, options);
  }

  /** A wallet, as it stands now. */
  getWallet(walletId: string, options?: CallOptions): Promise<m.Wallet> {
    return this.request('GET /v1/wallets/{wallet_id}', wallet(walletId), options);
  }

  /** Changes budget, limits, status …; wants a `reason`. */
  updateWallet(walletId: string, change: m.WalletChange, options?: CallOptions): Promise<m.Wallet> {
    return this.request('PATCH /v1/wallets/{wallet_id}', { ...wallet(walletId), body: change }, options);
  }

  /** How a wallet stands, and what is left along its tree. */
  walletBalance(walletId: string, options?: CallOptions): Promise<m.Balance> {
    return this.request('GET /v1/wallets/{wallet_id}/balance', wallet(walletId), options);
  }

  /**
   * Buys. Where a policy wants people to be asked, the answer has an `approval` and waits; `Wallet.purchase`
   * waits for it.
   *
   * @throws {BudgetExhausted} if a budget is short
   * @throws {PolicyDenied} if a policy denies
   */
  createPurchase(
    walletId: string,
    form: m.PurchaseForm,
    options?: CallOptions,
  ): Promise<m.Purchase | m.PurchaseAsked> {
    return this.request(
      'POST /v1/wallets/{wallet_id}/purchases',
      { ...wallet(walletId), body: form },
      options,
    );
  }

  /** Purchases of all wallets, newest first. */
  listPurchases(query: Query<'GET /v1/purchases'> = {}, options?: CallOptions) {
    return this.pages('GET /v1/purchases', 'purchases', { query }, options);
  }

  /** The purchases of a wallet, newest first. */
  walletPurchases(
    walletId: string,
    query: Query<'GET /v1/wallets/{wallet_id}/purchases'> = {},
    options?: CallOptions,
  ) {
    const given = { ...wallet(walletId), query };
    return this.pages('GET /v1/wallets/{wallet_id}/purchases', 'purchases', given, options);
  }

  /** A purchase, with its refunds and the approval it waited for. */
  getPurchase(purchaseId: string, options?: CallOptions): Promise<m.PurchaseWithRefunds> {
    return this.request('GET /v1/purchases/{purchase_id}', { path: { purchase_id: purchaseId } }, options);
  }

  /** Gives all or some of a purchase back. */
  refundPurchase(purchaseId: string, form: m.RefundForm, options?: CallOptions): Promise<m.Refund> {
    const given = { path: { purchase_id: purchaseId }, body: form };
    return this.request('POST /v1/purchases/{purchase_id}/refund', given, options);
  }

  /** Sets an amount aside, until it is captured, voided or failed, or releases itself. */
  createHold(walletId: string, form: m.HoldForm, options?: CallOptions): Promise<m.Hold | m.PurchaseAsked> {
    return this.request('POST /v1/wallets/{wallet_id}/holds', { ...wallet(walletId), body: form }, options);
  }

  /** The holds of a wallet, newest first. */
  walletHolds(
    walletId: string,
    query: Query<'GET /v1/wallets/{wallet_id}/holds'> = {},
    options?: CallOptions,
  ) {
    return this.pages('GET /v1/wallets/{wallet_id}/holds', 'holds', { ...wallet(walletId), query }, options);
  }

  /** A hold. */
  getHold(holdId: string, options?: CallOptions): Promise<m.Hold> {
    return this.request('GET /v1/holds/{hold_id}', hold(holdId), options);
  }

  /** Spends a hold, all of it or `amount_usd`; the rest is let go. */
  captureHold(holdId: string, form: m.CaptureForm = {}, options?: CallOptions): Promise<m.Hold> {
    return this.request('POST /v1/holds/{hold_id}/capture', { ...hold(holdId), body: form }, options);
  }

  /** Lets a hold go. */
  voidHold(holdId: string, form: m.VoidForm = {}, options?: CallOptions): Promise<m.Hold> {
    return this.request('POST /v1/holds/{hold_id}/void', { ...hold(holdId), body: form }, options);
  }

  /** Lets a hold go, because the vendor or the network failed. */
  failHold(holdId: string, form: m.FailForm, options?: CallOptions): Promise<m.Hold> {
    return this.request('POST /v1/holds/{hold_id}/fail', { ...hold(holdId), body: form }, options);
  }

  /** What was spent, by vendor, most first. */
  spendByVendor(query: Query<'GET /v1/spend/by-vendor'> = {}, options?: CallOptions): Promise<m.SpendSplit> {
    return this.request('GET /v1/spend/by-vendor', { query }, options);
  }

  /** What was spent, by wallet. */
  spendByWallet(query: Query<'GET /v1/spend/by-wallet'> = {}, options?: CallOptions): Promise<m.SpendSplit> {
    return this.request('GET /v1/spend/by-wallet', { query }, options);
  }

  /** What was spent, by agent. */
  spendByAgent(query: Query<'GET /v1/spend/by-agent'> = {}, options?: CallOptions): Promise<m.SpendSplit> {
    return this.request('GET /v1/spend/by-agent', { query }, options);
  }

  /** What was spent, by category. */
  spendByCategory(
    query: Query<'GET /v1/spend/by-category'> = {},
    options?: CallOptions,
  ): Promise<m.SpendSplit> {
    return this.request('GET /v1/spend/by-category', { query }, options);
  }

  /** What was spent, by minute, hour or day. */
  spendTimeseries(
    query: Query<'GET /v1/spend/timeseries'> = {},
    options?: CallOptions,
  ): Promise<m.SpendSeries> {
    return this.request('GET /v1/spend/timeseries', { query }, options);
  }
}
