/// <reference lib="esnext.disposable" preserve="true" />

import { HoldEnded } from './api/problems.js';
import type { SpendMethods } from './api/spend.js';
import type { CallOptions } from './api/transport.js';
import type { Decimal } from './decimal.js';
import type * as m from './generated/models.js';

/**
 * Money set aside. **With `await using`, what is not captured when it goes out of scope is let go**: the
 * language does not tell whether an exception ended the scope. `withHold` can tell, and captures what ends
 * well.
 *
 * ```ts
 * await using hold = await wallet.hold({ amount_usd: '20.00', vendor: 'aws' });
 * await order();
 * await hold.capture();
 * ```
 */
export class Hold implements AsyncDisposable {
  readonly id: string;
  #record: m.Hold;

  /** @internal */
  constructor(
    private readonly client: SpendMethods,
    record: m.Hold,
  ) {
    this.id = record.id;
    this.#record = record;
  }

  /** The hold as it was answered last. */
  get record(): m.Hold {
    return this.#record;
  }

  /** `held`, `captured`, `voided`, `failed` or `expired`, as it was answered last. */
  get status(): string {
    return this.#record.status;
  }

  /** Spends all of it, or so much; the rest is let go. */
  async capture(amountUsd?: Decimal, options?: CallOptions): Promise<m.Hold> {
    const form = amountUsd === undefined ? {} : { amount_usd: amountUsd };
    this.#record = await this.client.captureHold(this.id, form, options);
    return this.#record;
  }

  /** Lets it go. */
  async void(options?: CallOptions): Promise<m.Hold> {
    this.#record = await this.client.voidHold(this.id, {}, options);
    return this.#record;
  }

  /** Lets it go, because the vendor or the network failed. */
  async fail(errorCode: string, errorMessage: string, options?: CallOptions): Promise<m.Hold> {
    const form = { error_code: errorCode, error_message: errorMessage };
    this.#record = await this.client.failHold(this.id, form, options);
    return this.#record;
  }

  /** Lets it go unless it has ended. For `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (!isOpen(this)) return;
    try {
      await this.void();
    } catch (error) {
      // It ended otherwise meanwhile, such as by its own expiry.
      if (!(error instanceof HoldEnded)) throw error;
    }
  }
}

/** Whether it may still be captured or let go, as far as is known here. */
const isOpen = (hold: Hold): boolean => hold.status === 'held' || hold.status === 'pending';

/**
 * Passes a hold to `work`. **If that ends well, all of it is captured**, unless `work` captured a part,
 * voided or failed it: what was done is counted, so that nothing is overspent. If it throws, the hold is let
 * go.
 *
 * @throws {HoldEnded} `work` ended well, and the hold had ended otherwise, such as by its own expiry
 */
export async function withHold<Result>(
  making: Hold | Promise<Hold>,
  work: (hold: Hold) => Result | Promise<Result>,
): Promise<Result> {
  const hold = await making;
  let result: Result;
  try {
    result = await work(hold);
  } catch (error) {
    // What went wrong is what the caller is told; a hold that could not be voided releases itself.
    await hold[Symbol.asyncDispose]().catch(() => undefined);
    throw error;
  }
  if (isOpen(hold)) await hold.capture();
  return result;
}
