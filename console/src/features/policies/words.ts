/** Rules in sentences, and what differs between two versions. Pure. */
import type { components } from '@/api/schema';
import { formatUsd, parseUsd } from '@/ui/nanos';

export type Policy = components['schemas']['Policy'];
export type Rule = Record<string, unknown>;

/** One rule of an object of the list: its key, and what it does. */
export interface Sentence {
  rule: string;
  text: string;
  /** A condition, as it is written. */
  code?: string;
}

/** What an object of the list says, one sentence for each of its rules. */
export function sentences(entry: Rule): Sentence[] {
  return Object.entries(entry)
    .filter(([name]) => name !== 'then' && name !== 'approval')
    .map(([rule, value]) => ({ rule, ...sentence(rule, value, entry) }));
}

function sentence(rule: string, value: unknown, entry: Rule): { text: string; code?: string } {
  switch (rule) {
    case 'max_transaction_usd':
      return { text: `Deny more than ${money(value)} at once` };
    case 'daily_cap_usd':
      return { text: `Deny more than ${money(value)} a day` };
    case 'monthly_cap_usd':
      return { text: `Deny more than ${money(value)} a month` };
    case 'require_approval_above_usd':
      return { text: `Ask above ${money(value)}${terms(entry.approval)}` };
    case 'require_justification':
      return { text: 'Deny what has no description' };
    case 'vendors':
      return { text: names('vendors', value) };
    case 'categories':
      return { text: names('categories', value) };
    case 'hours': {
      const asks = entry.then === 'require_approval' || (entry.then === undefined && 'approval' in entry);
      return {
        text: `${asks ? 'Ask' : 'Deny'} outside of ${hours(value)}${asks ? terms(entry.approval) : ''}`,
      };
    }
    case 'when':
      return { text: `${verb(entry)} if`, code: String(value) };
    default:
      return { text: `${rule}: ${JSON.stringify(value)}` };
  }
}

/** The sentence as one text. */
export function plain({ text, code }: Sentence): string {
  return code === undefined ? text : `${text} ${code}`;
}

function verb({ then, approval }: Rule): string {
  if (then === 'require_approval') return `Ask${terms(approval)}`;
  return then === 'allow' ? 'Allow' : 'Deny';
}

function money(value: unknown): string {
  const nanos = parseUsd(String(value));
  return nanos === null ? String(value) : formatUsd(nanos);
}

function list(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : [];
}

function names(what: string, value: unknown): string {
  const { allow, deny } = (value ?? {}) as { allow?: unknown; deny?: unknown };
  const parts: string[] = [];
  if (allow !== undefined) parts.push(`allow only ${list(allow).join(', ') || 'none'}`);
  if (deny !== undefined) parts.push(`deny ${list(deny).join(', ') || 'none'}`);
  const text = `${parts.join('; ')} (${what})`;
  return text.charAt(0).toUpperCase() + text.slice(1);
}

export const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;

function hours(value: unknown): string {
  const { days, from, to, tz } = (value ?? {}) as Record<string, unknown>;
  const span = `${String(from)}–${String(to)} ${tz === undefined ? 'UTC' : String(tz)}`;
  const chosen = list(days);
  return chosen.length === 0 || chosen.length === 7 ? span : `${dayText(chosen)} ${span}`;
}

/** `Mon–Fri`, `Mon, Wed`. */
function dayText(days: readonly string[]): string {
  const at = DAYS.map((day, index) => (days.includes(day) ? index : -1)).filter((index) => index >= 0);
  const name = (index: number | undefined) => {
    const day = DAYS[index ?? -1] ?? '';
    return day.charAt(0).toUpperCase() + day.slice(1);
  };
  const run = at.length > 2 && at.every((index, nth) => index === (at[0] ?? 0) + nth);
  return run ? `${name(at[0])}–${name(at.at(-1))}` : at.map(name).join(', ');
}

function terms(approval: unknown): string {
  if (approval === null || typeof approval !== 'object') return '';
  const { timeout, approvers, quorum, channels } = approval as Record<string, unknown>;
  const parts: string[] = [];
  if (typeof quorum === 'number' && quorum > 1) parts.push(`${quorum} people`);
  if (list(approvers).length > 0) parts.push(list(approvers).join(', '));
  if (list(channels).length > 0) parts.push(`through ${list(channels).join(', ')}`);
  if (timeout !== undefined) parts.push(`within ${String(timeout)}`);
  return parts.length === 0 ? '' : ` (${parts.join('; ')})`;
}

/** Who changed it: the ids of keys say what they are by themselves. */
export function who(actor: string): string {
  return actor.replace(/^(person|key):/, '').replace(':', ' ');
}

export interface Difference {
  sign: '+' | '-' | '~';
  text: string;
}

type Content = Pick<Policy, 'name' | 'rules' | 'default' | 'agents' | 'namespaces'>;

/** What a version changed of the one before it. */
export function differences(before: Content, after: Content): Difference[] {
  const all: Difference[] = [];
  if (before.name !== after.name) all.push({ sign: '~', text: `Named ${after.name}, was ${before.name}` });
  if (before.default !== after.default) {
    all.push({ sign: '~', text: `Otherwise ${after.default}, was ${before.default}` });
  }
  const rules = lines(
    before.rules.flatMap((entry) => sentences(entry as Rule).map(plain)),
    after.rules.flatMap((entry) => sentences(entry as Rule).map(plain)),
  );
  all.push(...rules);
  if (rules.length === 0 && JSON.stringify(before.rules) !== JSON.stringify(after.rules)) {
    all.push({ sign: '~', text: 'Rules written in another way' });
  }
  all.push(...members('agent', before.agents, after.agents));
  all.push(...members('namespace', before.namespaces, after.namespaces));
  return all;
}

function members(kind: string, before: readonly string[], after: readonly string[]): Difference[] {
  const gone = before.filter((name) => !after.includes(name));
  const added = after.filter((name) => !before.includes(name));
  return [
    ...gone.map((name): Difference => ({ sign: '-', text: `Attached to ${kind} ${name}` })),
    ...added.map((name): Difference => ({ sign: '+', text: `Attached to ${kind} ${name}` })),
  ];
}

/** Lines that are gone and lines that are new, in order: all but a longest common subsequence. */
function lines(before: readonly string[], after: readonly string[]): Difference[] {
  const width = after.length + 1;
  const common = new Array<number>((before.length + 1) * width).fill(0);
  const at = (i: number, j: number) => common[i * width + j] ?? 0;
  for (let i = before.length - 1; i >= 0; i--) {
    for (let j = after.length - 1; j >= 0; j--) {
      common[i * width + j] =
        before[i] === after[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  }
  const all: Difference[] = [];
  let [i, j] = [0, 0];
  while (i < before.length || j < after.length) {
    if (i < before.length && j < after.length && before[i] === after[j]) {
      i++;
      j++;
    } else if (i < before.length && (j >= after.length || at(i + 1, j) >= at(i, j + 1))) {
      all.push({ sign: '-', text: before[i++] ?? '' });
    } else {
      all.push({ sign: '+', text: after[j++] ?? '' });
    }
  }
  return all;
}
