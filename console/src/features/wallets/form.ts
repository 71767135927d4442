/** A wallet as it is typed, and as it is sent. What is wrong with it the server says. Pure. */
import type { components } from '@/api/schema';

export interface WalletDraft {
  name: string;
  budget: string;
  window: string;
  zone: string;
  parent: string | null;
  agent: string;
  namespace: string;
  policy: string | null;
  perPurchase: string;
  perMinute: string;
  thresholds: string;
  sandbox: boolean;
}

export const EMPTY_FORM: WalletDraft = {
  name: '',
  budget: '',
  window: 'total',
  zone: '',
  parent: null,
  agent: '',
  namespace: '',
  policy: null,
  perPurchase: '',
  perMinute: '',
  thresholds: '50, 80, 95',
  sandbox: false,
};

/** What is empty is left out, so that the server's own defaults count. */
export function walletForm(draft: WalletDraft): components['schemas']['WalletForm'] {
  const limits = {
    ...given('max_transaction_usd', draft.perPurchase),
    ...given('max_per_minute_usd', draft.perMinute),
  };
  return {
    name: draft.name,
    budget_usd: draft.budget.trim(),
    window: draft.window,
    ...(draft.window === 'total' ? {} : given('tz', draft.zone)),
    ...given('parent_id', draft.parent ?? ''),
    ...given('agent_id', draft.agent),
    ...given('namespace', draft.namespace),
    ...given('policy_id', draft.policy ?? ''),
    ...(Object.keys(limits).length > 0 ? { limits } : {}),
    thresholds: percents(draft.thresholds),
    ...(draft.sandbox ? { sandbox: true } : {}),
  };
}

function given<N extends string>(name: N, text: string): { [K in N]?: string } {
  const value = text.trim();
  return (value === '' ? {} : { [name]: value }) as { [K in N]?: string };
}

/** `50, 80` as numbers; what is none is sent as it is read, so that it is refused by name. */
export function percents(text: string): number[] {
  return text
    .split(/[\s,;%]+/)
    .filter((part) => part !== '')
    .map(Number);
}
