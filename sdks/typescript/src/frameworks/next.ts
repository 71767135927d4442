/**
 * Route handlers of Next, and everything else that answers a `Request` with a `Response`: Workers, Deno, Bun.
 *
 * ```ts
 * // app/api/bellwire/route.ts
 * export const POST = webhook({ secret: process.env.BELLWIRE_SECRET ?? '' }, async (event) => { … });
 * ```
 */
import {
  type ApprovalOptions,
  type ApprovalRequest,
  ApprovalWebhook,
  type FetchHandler,
} from '../approvals/webhook.js';
import { type ReceiverOptions, receive, respond } from '../receiver.js';
import type { WebhookEvent } from '../webhooks/event.js';

/** Verifies deliveries and hands their events over. */
export function webhook(options: ReceiverOptions, handle: (event: WebhookEvent) => unknown): FetchHandler {
  return (request) => respond(request, options.bytesMax, (incoming) => receive(incoming, options, handle));
}

/** Receives `approval.requested`. */
export function approvals(
  options: ApprovalOptions,
  handle: (approval: ApprovalRequest) => unknown,
): FetchHandler {
  return ApprovalWebhook.handler(options, handle);
}
