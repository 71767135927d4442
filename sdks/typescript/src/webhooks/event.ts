/** An event, whichever dialect it came in. */
import type { EventData, EventType } from '../generated/events.js';
import { parseJson } from '../json.js';
import { type Bytes, toHex } from './bytes.js';
import { WebhookSignatureError } from './errors.js';
import type { Dialect } from './scheme.js';
import { isObject, type Json, type Seen, shapeOf } from './shape.js';

/** What a body says, before it is an event. */
interface Envelope {
  id?: unknown;
  type?: unknown;
  timestamp?: unknown;
  workspaceId?: unknown;
  namespace?: unknown;
  data?: unknown;
}

/** An event that was delivered and verified. */
export class WebhookEvent<Data = Json> {
  constructor(
    /**
     * What to recognise it by: the same on every attempt. In `keystore`, whose body holds no id, the hash
     * of the body, unless the Standard Webhooks headers were verified.
     */
    readonly id: string,
    /** `purchase.succeeded` … */
    readonly type: string,
    /** When it happened; null where the dialect does not say. */
    readonly timestamp: string | null,
    /** Null where the dialect does not say. */
    readonly workspaceId: string | null,
    /**
     * Whose it is; null for events of the whole workspace. Null too in `trove`, `paygraph`, `pacspace` and
     * `keystore`, whose bodies have no place for it.
     */
    readonly namespace: string | null,
    /** What happened, as the dialect writes it: with camelCase names in `pacspace` and `keystore`. */
    readonly data: Data,
    /** How it looked on the wire. */
    readonly dialect: Dialect,
    /** The whole body, parsed. Amounts are decimal strings. */
    readonly body: Json,
  ) {}

  /** Whether it is of this type; if so, `data` is typed. For the dialects with snake_case names. */
  is<Type extends EventType>(type: Type): this is WebhookEvent<EventData[Type]> {
    return this.type === type;
  }
}

/** Members of `data` stand beside ours, under whatever names the poster chose: none of them is ours. */
function flat(body: Json): Envelope {
  const { id, type, timestamp, ...data } = body;
  return { id, type, timestamp, data };
}

/** An approval's payload, which is the whole body and names no type of its own. */
function approval(body: Json): Envelope {
  const type = 'decided_at' in body || !('callback_url' in body) ? 'approval.decided' : 'approval.requested';
  return { id: body.approval_id, type, timestamp: body.decided_at ?? body.created_at, data: body };
}

const READERS: Record<Dialect, (body: Json) => Envelope> = {
  standard: (body) => ({ ...body, workspaceId: body.workspace_id }),
  cloudevents: (body) => ({
    ...body,
    timestamp: body.time,
    workspaceId: String(body.source ?? '').replace(/^\/workspaces\//, ''),
    namespace: body.subject,
  }),
  trove: flat,
  trovefiles: (body) => ({ ...body, timestamp: body.created_at, workspaceId: body.workspace_id }),
  paygraph: (body) => ('type' in body ? flat(body) : approval(body)),
  pacspace: (body) => ({
    id: body.id,
    type: body.event,
    timestamp: body.createdAt,
    workspaceId: body.tenantId,
    data: body.data,
  }),
  keystore: (body) => ({ type: body.event, timestamp: body.timestamp, data: body.data }),
};

const text = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null);

function unreadable(why: string): WebhookSignatureError {
  return new WebhookSignatureError('malformed_body', `the body is signed, but ${why}`);
}

/** Reads a body that was verified. `signedId` is the id that the signature covers, if it covers one. */
export async function readEvent(bytes: Bytes, seen: Seen, signedId: string | null) {
  let body: unknown;
  try {
    body = parseJson(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw unreadable('no JSON');
  }
  if (!isObject(body)) throw unreadable('no JSON object');
  const dialect = shapeOf(body, seen);
  if (!dialect) throw unreadable('no event in a dialect that this signature belongs to: pass `dialect`');
  const envelope = READERS[dialect](body);
  const type = text(envelope.type);
  if (!type) throw unreadable(`no event in the dialect ${dialect}`);
  const hash = async () => `sha256:${toHex(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)))}`;
  return new WebhookEvent(
    signedId ?? text(envelope.id) ?? (await hash()),
    type,
    text(envelope.timestamp),
    text(envelope.workspaceId),
    text(envelope.namespace),
    isObject(envelope.data) ? envelope.data : {},
    dialect,
    body,
  );
}
