/**
 * Which dialect a body is written in.
 *
 * In the flat dialects the members of `data` stand at the top, under names that whoever posted the event
 * chose: a body in `trove` may look like one in `standard` to the byte. So it goes by what the caller says, by
 * headers that only the server sets, and by members that data cannot add or take away: `trove` and `paygraph`
 * always have a `timestamp` of their own on top, `trovefiles` and `cloudevents` have no place for one. Where only
 * the headers of Standard Webhooks were handed over, it is the `standard` dialect if it can be.
 */
import { type HeadersLike, headerValues } from './claim.js';
import type { Dialect, Scheme } from './scheme.js';

/** A JSON object. */
export type Json = Record<string, unknown>;

/** What is known of a delivery beside its body. */
export interface Seen {
  /** What the caller says that it is. */
  dialect: Dialect | undefined;
  /** The scheme whose signature was verified. */
  scheme: Scheme;
  headers: HeadersLike;
}

export const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The headers that the server adds in one dialect, or two, and in no other. */
const OWN: readonly (readonly [header: string, read: (body: Json) => Dialect])[] = [
  // `timestamp` is ours in the one, whatever data holds, and is not in the other.
  ['x-trove-signature', (body) => ('timestamp' in body ? 'trove' : 'trovefiles')],
  ['x-paygraph-signature', () => 'paygraph'],
  ['x-pacspace-signature', () => 'pacspace'],
  ['x-webhook-signature', () => 'keystore'],
];

const isFiles = (body: Json) => 'api_version' in body && 'created_at' in body && !('timestamp' in body);

/** By the headers that came; null if they do not say. */
function byHeaders(body: Json, headers: HeadersLike): Dialect | null {
  const has = (name: string) => headerValues(headers, name).length > 0;
  const found = OWN.filter(([header]) => has(header));
  if (found[0]) return found[0][1](body);
  // With every delivery: if it is missing, others may be too.
  if (!has('bellwire-event')) return null;
  return 'specversion' in body && !('timestamp' in body) ? 'cloudevents' : 'standard';
}

/** By the members that come with a dialect. */
function byMembers(body: Json): Dialect {
  if (!('type' in body)) {
    if ('approval_id' in body && !('event' in body)) return 'paygraph';
    return 'tenantId' in body ? 'pacspace' : 'keystore';
  }
  if (isFiles(body)) return 'trovefiles';
  if ('specversion' in body && !('timestamp' in body)) return 'cloudevents';
  return 'workspace_id' in body && 'data' in body ? 'standard' : 'trove';
}

/** Among those that `t=…,v1=…` signs, all of which have one form. */
function stamped(body: Json): Dialect | null {
  if (!('type' in body)) return 'approval_id' in body ? 'paygraph' : null;
  if ('timestamp' in body) return 'trove';
  return isFiles(body) ? 'trovefiles' : null;
}

/** Which dialect it is; null if it is none of those that the signature belongs to. */
export function shapeOf(body: Json, { dialect, scheme, headers }: Seen): Dialect | null {
  if (dialect) return dialect;
  if (scheme === 'keystore') return 'keystore';
  if (scheme !== 'standard') return stamped(body);
  return byHeaders(body, headers) ?? byMembers(body);
}
