/**
 * Handlers of Hono.
 *
 * ```ts
 * const options = { secret: (c: Context<{ Bindings: Env }>) => c.env.BELLWIRE_SECRET };
 * app.post('/hook', webhook(options, async (event, c) => { … }));
 * ```
 */
import { type ApprovalOptions, type ApprovalRequest, approvalReceiver } from '../approvals/webhook.js';
import { MemoryStore, type ReceiverOptions, receive, respond } from '../receiver.js';
import type { WebhookEvent } from '../webhooks/event.js';

/** What is used of Hono's context. */
interface ContextLike {
  req: { raw: Request };
}

/** On edge runtimes a secret comes with the request; elsewhere it is just there. */
type Secret<Context> = string | readonly string[] | ((context: Context) => string | readonly string[]);

const secretOf = <Context>(secret: Secret<Context>, context: Context) =>
  typeof secret === 'function' ? secret(context) : secret;

/** Verifies deliveries and hands their events over. */
export function webhook<Context extends ContextLike>(
  options: Omit<ReceiverOptions, 'secret'> & { secret: Secret<Context> },
  handle: (event: WebhookEvent, context: Context) => unknown,
): (context: Context) => Promise<Response> {
  return (context) => {
    const known = { ...options, secret: secretOf(options.secret, context) };
    return respond(context.req.raw, options.bytesMax, (incoming) =>
      receive(incoming, known, (event) => handle(event, context)),
    );
  };
}

/** Receives `approval.requested`. */
export function approvals<Context extends ContextLike>(
  options: Omit<ApprovalOptions, 'secret'> & { secret: Secret<Context> },
  handle: (approval: ApprovalRequest, context: Context) => unknown,
): (context: Context) => Promise<Response> {
  const store = options.store ?? new MemoryStore();
  return (context) => {
    const known = { ...options, store, secret: secretOf(options.secret, context) };
    return respond(
      context.req.raw,
      undefined,
      approvalReceiver(known, (approval) => handle(approval, context)),
    );
  };
}
