import { AlreadyDecided } from '../api/problems.js';
import type { EventData } from '../generated/events.js';
import type { Approval } from '../generated/models.js';
import {
  type Answer,
  type DuplicateStore,
  type Incoming,
  MemoryStore,
  type ReceiverOptions,
  receive,
  respond,
  turns,
} from '../receiver.js';
import type { WebhookEvent } from '../webhooks/event.js';
import type { Dialect } from '../webhooks/scheme.js';
import { isPublicKey, secretBytes } from '../webhooks/signature.js';
import { type DecisionTransport, decide, type Narrowing } from './decide.js';

/** What people are asked. */
export type ApprovalPayload = EventData['approval.requested'];

/** How approvals are received. */
export interface ApprovalOptions extends DecisionTransport {
  /**
   * The endpoint's secret, or all that are live during a rotation. Decisions are signed with the one that
   * signed the question, or, where that was a public key (`whpk_…`), with the first secret of the list.
   */
  secret: string | readonly string[];
  /**
   * Verify this dialect's own signature. If absent, the Standard Webhooks headers are, which come with every
   * dialect and with each attempt anew; never does the sender choose.
   */
  dialect?: Exclude<Dialect, 'pacspace' | 'keystore'> | undefined;
  /** What came before; this process remembers if absent. */
  store?: DuplicateStore | undefined;
}

/** What a question needs to be decided. @internal */
interface ApprovalRequestOptions extends DecisionTransport {
  secret: string;
  store: DuplicateStore;
}

/** A question to people, as it was delivered. */
export class ApprovalRequest {
  readonly approvalId: string;
  /** When silence becomes a no. */
  readonly expiresAt: string;
  /** The question in a sentence. */
  readonly title: string | null;
  /** What would be done, for programs. */
  readonly action: string | null;
  readonly details: Record<string, unknown>;
  /** Who asks. */
  readonly agent: NonNullable<ApprovalPayload['agent']> | null;
  /** What would be bought; null if it is not about money. */
  readonly transaction: NonNullable<ApprovalPayload['transaction']> | null;
  /** Which rule asks. */
  readonly policy: NonNullable<ApprovalPayload['policy']> | null;
  /** SHA-256 of exactly what was asked. */
  readonly actionDigest: string;
  /** Where the decision is posted. */
  readonly callbackUrl: string;
  readonly #options: ApprovalRequestOptions;
  readonly #claimed = new Set<string>();
  #settled: AlreadyDecided | null = null;

  /** @internal */
  constructor(
    /** The whole payload. Amounts are decimal strings. */
    readonly payload: ApprovalPayload,
    options: ApprovalRequestOptions,
  ) {
    this.#options = options;
    this.approvalId = payload.approval_id;
    this.expiresAt = payload.expires_at;
    this.title = payload.title ?? null;
    this.action = payload.action ?? null;
    this.details = payload.details ?? {};
    this.agent = payload.agent ?? null;
    this.transaction = payload.transaction ?? null;
    this.policy = payload.policy ?? null;
    this.actionDigest = payload.action_digest;
    this.callbackUrl = payload.callback_url;
  }

  /**
   * Whether it came before, by the approval's id, which is the same on every attempt, or by a key of your
   * own. The first call remembers it; if the handler then throws, it is forgotten, and asked again.
   */
  async isDuplicate(key: string = this.approvalId): Promise<boolean> {
    const isNew = await this.#options.store.add(key);
    if (isNew) this.#claimed.add(key);
    return !isNew;
  }

  /** Says yes, to all of it or to less. The approval as it is recorded, or `AlreadyDecided`. */
  approve(reason = 'approved', narrowing: Narrowing = {}): Promise<Approval> {
    return this.#decide('approve', reason, narrowing);
  }

  /** Says no. The approval as it is recorded, or `AlreadyDecided`. */
  deny(reason = 'denied'): Promise<Approval> {
    return this.#decide('deny', reason, {});
  }

  async #decide(decision: 'approve' | 'deny', reason: string, narrowing: Narrowing): Promise<Approval> {
    const { secret, fetch, sleep } = this.#options;
    const { approvalId, callbackUrl } = this;
    try {
      return await decide({ ...narrowing, fetch, sleep, secret, approvalId, callbackUrl, decision, reason });
    } catch (error) {
      if (error instanceof AlreadyDecided) this.#settled = error;
      throw error;
    }
  }

  /** Whether an error says that this very approval has ended already. @internal */
  isSettledBy(error: unknown): boolean {
    if (!(error instanceof AlreadyDecided)) return false;
    return error === this.#settled || error.approval?.approval_id === this.approvalId;
  }

  /** @internal */
  async forget(): Promise<void> {
    for (const key of this.#claimed) await this.#options.store.delete(key);
  }
}

/** What answers a `Request` of the Fetch API. */
export type FetchHandler = (request: Request) => Promise<Response>;

const isApproval = (event: WebhookEvent): event is WebhookEvent<ApprovalPayload> =>
  event.is('approval.requested');

async function ask(approval: ApprovalRequest, handle: (approval: ApprovalRequest) => unknown): Promise<void> {
  try {
    await handle(approval);
  } catch (error) {
    // Decided by somebody else meanwhile: asked again, it would end in the same way.
    if (approval.isSettledBy(error)) return;
    await approval.forget();
    throw error;
  }
}

/** What to sign decisions with: the secret that signed the question, else the first that can. */
function signingSecret(secret: string | readonly string[], verifiedBy: number): string {
  const secrets = typeof secret === 'string' ? [secret] : secret;
  const candidates = [secrets[verifiedBy] ?? '', ...secrets].filter((one) => !isPublicKey(one));
  return candidates.find((one) => one.startsWith('whsec_')) ?? candidates.find(secretBytes) ?? '';
}

/** @internal */
export function approvalReceiver(
  options: ApprovalOptions,
  handle: (approval: ApprovalRequest) => unknown,
): (incoming: Incoming) => Promise<Answer> {
  const store = options.store ?? new MemoryStore();
  return (incoming) => {
    const { secret, dialect, fetch, sleep } = options;
    const how: ReceiverOptions = { secret, dialect };
    return receive(incoming, how, async (event, secretIndex) => {
      // Whatever else the endpoint subscribed to is taken note of, and that is all.
      if (!isApproval(event)) return;
      const signing = signingSecret(secret, secretIndex);
      const approval = new ApprovalRequest(event.data, { secret: signing, store, fetch, sleep });
      await turns(store).take(approval.approvalId, () => ask(approval, handle));
    });
  };
}

/** Receives `approval.requested`, in any dialect with snake_case names, and decides. */
export const ApprovalWebhook = {
  /**
   * A handler for `approval.requested`, for whatever takes a `Request` and gives a `Response`: Next, Hono,
   * Workers, Deno. 204 when `handle` is done, 401 for what is not signed as it should be.
   */
  handler(options: ApprovalOptions, handle: (approval: ApprovalRequest) => unknown): FetchHandler {
    const receiver = approvalReceiver(options, handle);
    return (request) => respond(request, undefined, receiver);
  },
};
