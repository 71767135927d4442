/**
 * Handlers of Express, and of whatever else hands over Node's request and response.
 *
 * ```ts
 * app.post('/hook', webhook({ secret }, async (event) => { … }));
 * ```
 *
 * They read the raw body themselves, so no body parser may come before them; `express.raw` may.
 */
import { type ApprovalOptions, type ApprovalRequest, approvalReceiver } from '../approvals/webhook.js';
import { type Answer, type Incoming, type ReceiverOptions, readBody, receive } from '../receiver.js';
import { bytesOf } from '../webhooks/bytes.js';
import type { WebhookEvent } from '../webhooks/event.js';

/** What is used of a request. */
interface RequestLike extends AsyncIterable<Uint8Array> {
  headers: Record<string, string | string[] | undefined>;
  body?: unknown;
  readableEnded?: boolean;
}

/** What is used of a response. */
interface ResponseLike {
  statusCode: number;
  end(): unknown;
}

type Handler<Request, Response> = (
  request: Request,
  response: Response,
  next: (error?: unknown) => void,
) => void;

async function rawBody(request: RequestLike, bytesMax: number | undefined) {
  const { body } = request;
  if (typeof body === 'string' || ArrayBuffer.isView(body)) return bytesOf(body);
  if (request.readableEnded) {
    throw new TypeError('a body parser came first, and signatures are over raw bytes: mount this before it');
  }
  return readBody(request, bytesMax);
}

function handler<Request extends RequestLike, Response extends ResponseLike>(
  bytesMax: number | undefined,
  answer: (incoming: Incoming, request: Request) => Promise<Answer>,
): Handler<Request, Response> {
  return (request, response, next) => {
    const run = async () => {
      const body = await rawBody(request, bytesMax);
      const { status } =
        body === null ? { status: 413 } : await answer({ body, headers: request.headers }, request);
      response.statusCode = status;
      response.end();
    };
    run().catch(next);
  };
}

/** Verifies deliveries and hands their events over. */
export function webhook<Request extends RequestLike, Response extends ResponseLike>(
  options: ReceiverOptions,
  handle: (event: WebhookEvent, request: Request) => unknown,
): Handler<Request, Response> {
  return handler(options.bytesMax, (incoming, request) =>
    receive(incoming, options, (event) => handle(event, request)),
  );
}

/** Receives `approval.requested`. */
export function approvals<Request extends RequestLike, Response extends ResponseLike>(
  options: ApprovalOptions,
  handle: (approval: ApprovalRequest) => unknown,
): Handler<Request, Response> {
  const receiver = approvalReceiver(options, handle);
  return handler(undefined, receiver);
}
