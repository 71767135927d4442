/**
 * The sandbox that this tab holds. Its key is good for a day and for nothing else, so it outlives a reload; the
 * signing secret does not: whoever comes back makes a new one.
 */
import type { components } from '@/api/schema';

export type Opened = components['schemas']['SandboxView'];
export type Sandbox = Omit<Opened, 'secret'>;

const KEPT = 'bellwire-sandbox';
const FIELDS = ['workspace_id', 'api_key', 'wallet_id', 'endpoint_id', 'catcher_url', 'expires_at'] as const;

export function keepSandbox(opened: Opened | Sandbox): Sandbox {
  const kept = Object.fromEntries(FIELDS.map((field) => [field, opened[field]])) as unknown as Sandbox;
  try {
    sessionStorage.setItem(KEPT, JSON.stringify(kept));
  } catch {
    // Storage may be refused; then it lasts as long as the page.
  }
  return kept;
}

/** The sandbox of this tab, unless its day is over. */
export function keptSandbox(now: number): Sandbox | null {
  try {
    const kept = JSON.parse(sessionStorage.getItem(KEPT) ?? 'null') as Partial<Sandbox> | null;
    const whole = kept !== null && FIELDS.every((field) => typeof kept[field] === 'string');
    return whole && Date.parse(kept.expires_at ?? '') > now ? (kept as Sandbox) : null;
  } catch {
    return null;
  }
}

export function forgetSandbox(): void {
  try {
    sessionStorage.removeItem(KEPT);
  } catch {
    // It was never kept.
  }
}
