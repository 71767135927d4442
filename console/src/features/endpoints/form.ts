/** What is typed about an endpoint, and the request that it makes. Pure, so that it can be tested. */
import type { components } from '@/api/schema';

export type Endpoint = components['schemas']['Endpoint'];
export type EndpointForm = components['schemas']['EndpointForm'];
type RetryForm = components['schemas']['RetryForm'];

export const DIALECTS = [
  'standard',
  'cloudevents',
  'trove',
  'trovefiles',
  'paygraph',
  'pacspace',
  'keystore',
] as const;

/** What a dialect does to the body, in a line. */
export const DIALECT_LABELS: Readonly<Record<string, string>> = {
  standard: 'Standard Webhooks',
  cloudevents: 'CloudEvents 1.0',
  trove: 'Trove',
  trovefiles: 'Trove Files',
  paygraph: 'PayGraph',
  pacspace: 'PacSpace',
  keystore: 'KeyStore',
};

/** The presets and when they try again. */
export const PRESETS = [
  { value: 'default', label: 'default: 5 s, 30 s, 2 min, 10 min, 1 h, 6 h, 24 h' },
  { value: 'trove', label: 'trove: 15 s, 60 s, 5 min, 1 h' },
  { value: 'paygraph', label: 'paygraph: 1 s, 5 s, 30 s, 2 min, 10 min' },
  { value: 'keystore', label: 'keystore: 10 s, 60 s, 300 s' },
  { value: 'none', label: 'none: one attempt, no retry' },
] as const;

export interface Draft {
  kind: 'push' | 'pull';
  url: string;
  events: string[];
  namespace: string;
  description: string;
  filter: string;
  dialect: string;
  signing: 'hmac' | 'ed25519';
  /** A preset, `schedule`, or empty: what the dialect brings. */
  retry: string;
  /** `15s, 60s, 5m`. */
  schedule: string;
  jitter: boolean;
  timeoutMs: number | string;
  rateLimit: number | string;
  maxInFlight: number | string;
  ordered: boolean;
  /** One `Name: value` a line. */
  headers: string;
}

export const BLANK: Draft = {
  kind: 'push',
  url: '',
  events: [],
  namespace: '',
  description: '',
  filter: '',
  dialect: 'standard',
  signing: 'hmac',
  retry: '',
  schedule: '',
  jitter: false,
  timeoutMs: 5000,
  rateLimit: '',
  maxInFlight: 16,
  ordered: false,
  headers: '',
};

export function draftOf(endpoint: Endpoint): Draft {
  return {
    kind: endpoint.kind === 'pull' ? 'pull' : 'push',
    url: endpoint.url ?? '',
    events: endpoint.events,
    namespace: endpoint.namespace ?? '',
    description: endpoint.description ?? '',
    filter: endpoint.filter ?? '',
    dialect: endpoint.dialect,
    signing: endpoint.signing === 'ed25519' ? 'ed25519' : 'hmac',
    retry: endpoint.retry.preset ?? 'schedule',
    schedule: endpoint.retry.preset ? '' : endpoint.retry.schedule.join(', '),
    jitter: endpoint.retry.jitter,
    timeoutMs: endpoint.timeout_ms,
    rateLimit: endpoint.rate_limit ?? '',
    maxInFlight: endpoint.max_in_flight,
    ordered: endpoint.ordered,
    headers: Object.entries(endpoint.headers)
      .map(([name, value]) => `${name}: ${value}`)
      .join('\n'),
  };
}

/** What differs from `before`, as the API wants it; emptied fields are null. */
export function changesOf(before: Draft, after: Draft): EndpointForm {
  const form: EndpointForm = {};
  const differs = (name: keyof Draft) => JSON.stringify(before[name]) !== JSON.stringify(after[name]);
  if (differs('kind')) form.kind = after.kind;
  if (after.kind === 'push' && differs('url')) form.url = after.url.trim() || null;
  if (differs('events')) form.events = after.events;
  if (differs('namespace')) form.namespace = after.namespace.trim() || null;
  if (differs('description')) form.description = after.description.trim() || null;
  if (differs('filter')) form.filter = after.filter.trim() || null;
  if (differs('dialect')) form.dialect = after.dialect;
  if (differs('signing')) form.signing = after.signing;
  if (differs('retry') || differs('schedule') || differs('jitter')) form.retry = retryOf(after);
  if (differs('timeoutMs')) form.timeout_ms = numberOf(after.timeoutMs) ?? BLANK_TIMEOUT_MS;
  if (differs('rateLimit')) form.rate_limit = numberOf(after.rateLimit);
  if (differs('maxInFlight')) form.max_in_flight = numberOf(after.maxInFlight) ?? BLANK_IN_FLIGHT;
  if (differs('ordered')) form.ordered = after.ordered;
  if (differs('headers')) form.headers = headersOf(after.headers);
  return form;
}

const BLANK_TIMEOUT_MS = 5000;
const BLANK_IN_FLIGHT = 16;

function retryOf({ retry, schedule, jitter }: Draft): RetryForm | null {
  if (retry === '') return null;
  if (retry !== 'schedule') return { preset: retry };
  const steps = schedule.split(/[\s,]+/).filter((step) => step !== '');
  return { schedule: steps, jitter };
}

function numberOf(typed: number | string): number | null {
  return typed === '' ? null : Number(typed);
}

/** `Name: value` lines; one without a colon is a name without a value, for the server to refuse. */
export function headersOf(lines: string): Record<string, string> {
  const pairs = lines
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .map((line): [string, string] => {
      const colon = line.indexOf(':');
      return colon < 0 ? [line, ''] : [line.slice(0, colon).trim(), line.slice(colon + 1).trim()];
    });
  return Object.fromEntries(pairs);
}

/** `15s`, `2m`, `1h` as people say them. */
export function scheduleText(steps: readonly string[]): string {
  return steps.length === 0 ? 'no retry' : steps.join(', ');
}

/** A handler that reads its dialect's own header can take only the older secret until the rotation is finished. */
export function newSecretWhen(dialect: string): 'any' | 'finish' {
  return ['keystore', 'trove', 'trovefiles'].includes(dialect) ? 'finish' : 'any';
}
