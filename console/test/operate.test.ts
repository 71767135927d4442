/** How the overview, the keys, the audit log and the settings say things. */
import { describe, expect, test } from 'vitest';
import type { Me } from '@/api/session';
import { isOutOfBounds } from '@/app/nav';
import { changesOf, type Entry, gistOf, placeOf, viaOf } from '@/features/audit/entry';
import { endOf } from '@/features/keys/ends';
import { asSent, kindsFor, mayGive, mayRevoke, PERMISSIONS, usual } from '@/features/keys/permissions';
import {
  ceilingOf,
  countText,
  isQuiet,
  type Overview,
  rateText,
  shareText,
  vendorBars,
} from '@/features/overview/figures';
import { retentionText, storageText } from '@/features/settings/said';

describe('figures', () => {
  test('a share is cut off, so that 100 means that none failed', () => {
    expect(shareText(1)).toBe('100 %');
    expect(shareText(0.99999)).toBe('99.99 %');
    expect(shareText(0.29)).toBe('29 %');
    expect(shareText(0)).toBe('0 %');
    expect(shareText(null)).toBe('–');
  });
  test('rates and counts are short', () => {
    expect([0, 0.0167, 4.25, 1204.4].map(rateText)).toEqual(['0', '0.02', '4.3', '1,204']);
    expect([7, 99_999, 100_000].map(countText)).toEqual(['7', '99,999', '100,000+']);
  });
  test('a scale ends at a round number that has room', () => {
    expect([0, 1, 4, 5, 6, 53, 100, 101, 4_999].map(ceilingOf)).toEqual([
      4, 4, 5, 5, 10, 100, 100, 200, 5_000,
    ]);
  });
  test('bars and what is not shown add up to the last digit', () => {
    const { bars, others } = vendorBars({
      total_usd: '165.01325',
      by_vendor: [
        { vendor: 'OpenAI', spent_usd: '64.20' },
        { vendor: 'AWS', spent_usd: '16.05' },
        { vendor: 'Exa', spent_usd: '-3.00' },
      ],
    });
    expect(bars.map(({ percent }) => percent)).toEqual([100, 25, 0]);
    expect(others).toBe('87.76325');
    expect(vendorBars({ total_usd: '0', by_vendor: [] })).toEqual({ bars: [], others: null });
  });
  test('quiet is where nothing happens and nothing waits', () => {
    const minute = { at: '2026-11-23T10:00:00Z', succeeded: 0, failed: 0 };
    const deliveries = { per_second: 0, backlog: 0, dead_letters: 0, minutes: [minute] };
    const quiet: Overview = { deliveries, approvals_pending: 0, open_circuits: [], alerts: [] };
    expect(isQuiet(quiet)).toBe(true);
    expect(isQuiet({ ...quiet, approvals_pending: 1 })).toBe(false);
    const failed = { ...deliveries, minutes: [{ ...minute, failed: 1 }] };
    expect(isQuiet({ ...quiet, deliveries: failed })).toBe(false);
  });
});

describe('keys', () => {
  const me = (kind: string, permissions: string[] = [], namespace: string | null = null): Me => ({
    workspace_id: 'ws-1',
    name: 'default',
    key_id: 'key_1',
    key_name: 'k',
    kind,
    scope: 'workspace',
    namespace,
    permissions,
  });
  test('a key gives what it has; the owner and a whole admin give anything', () => {
    expect(mayGive(me('owner'), 'exec')).toBe(true);
    expect(mayGive(me('admin', usual('admin')), 'exec')).toBe(true);
    expect(mayGive(me('admin', ['keys:manage']), 'exec')).toBe(false);
    expect(mayGive(me('workspace', ['exec']), 'exec')).toBe(true);
  });
  test('kinds and revoking follow who asks', () => {
    expect(kindsFor(me('scoped', [], 'acme'))).toEqual(['scoped']);
    expect(kindsFor(me('workspace'))).not.toContain('admin');
    expect(mayRevoke(me('owner'), 'owner')).toBe(false);
    expect(mayRevoke(me('workspace'), 'admin')).toBe(false);
    expect(mayRevoke(me('admin'), 'admin')).toBe(true);
  });
  test('permissions are sent only where they are not those of the kind', () => {
    expect(asSent('scoped', new Set([...usual('scoped')].reverse()))).toBeNull();
    expect(asSent('scoped', new Set(['exec', 'events:read']))).toEqual(['events:read', 'exec']);
    expect(asSent('scoped', new Set())).toEqual([]);
    expect(new Set(PERMISSIONS.map(({ name }) => name)).size).toBe(20);
  });
  test('an end is a time, or none', () => {
    const now = Date.parse('2026-11-23T10:00:00Z');
    expect(endOf('never', '', now)).toBeNull();
    expect(endOf('1h', '', now)).toBe('2026-11-23T11:00:00.000Z');
    expect(endOf('at', '2026-12-01T08:00', now)).toBe(new Date('2026-12-01T08:00').toISOString());
    // What is no time is for the server to refuse.
    expect(endOf('at', 'soon', now)).toBe('soon');
  });
});

describe('audit', () => {
  const entry = (detail: Record<string, unknown>): Entry => ({
    workspace_id: 'ws-1',
    seq: 1,
    at: '2026-11-23T10:00:00Z',
    actor: 'system',
    action: 'x.y',
    subject: 's',
    detail: detail as Entry['detail'],
    prev_hash: '',
    hash: '',
  });
  test('what changed is told field by field, nested ones by their path', () => {
    const detail = {
      before: { budget_usd: '100.00', limits: { repeat: null }, name: 'w' },
      after: { budget_usd: '250.00', limits: { repeat: 5 }, name: 'w', policy: 'p' },
    };
    expect(changesOf(detail)).toEqual([
      { field: 'budget_usd', before: '100.00', after: '250.00' },
      { field: 'limits.repeat', before: 'null', after: '5' },
      { field: 'policy', before: '–', after: 'p' },
    ]);
    expect(changesOf({ before: { a: 1 } })).toBeNull();
    expect(gistOf(entry(detail))).toBe('budget_usd 100.00 → 250.00 · limits.repeat null → 5 · policy – → p');
  });
  test('a gist leaves out what is told beside it', () => {
    const seen = entry({ name: 'ci', permissions: ['exec'], person: null, via: 'console' });
    expect(gistOf(seen)).toBe('name ci');
    expect(viaOf(seen)).toBe('console');
    expect(viaOf(entry({}))).toBeNull();
  });
  test('ids lead to their pages', () => {
    expect(placeOf('key_1')).toEqual({ to: '/keys', search: { open: 'key_1' } });
    expect(placeOf('wal_1')).toEqual({ to: '/wallets/wal_1' });
    expect(placeOf('customer-acme')).toBeNull();
  });
});

test('settings are told in words', () => {
  expect(retentionText(30 * 86_400)).toBe('30 days');
  expect(retentionText(86_400)).toBe('1 day');
  expect(retentionText(7_200)).toBe('2 hours');
  expect(storageText('postgres', 3)).toBe('PostgreSQL, 3 nodes');
  expect(storageText('embedded', 1)).toBe('embedded, in the data directory');
});

test('behind a portal link are the pages of its menu and those without an entry', () => {
  const feature = (path: string, portal?: boolean) => ({
    id: path,
    order: 0,
    menu: { label: path, icon: () => null, path, portal },
    routes: [],
  });
  const all = [feature('/'), feature('/events', true), feature('/keys')];
  const out = ['/', '/events', '/events/evt_1', '/keys', '/keys/key_1', '/keyserver', '/deliveries/dlv_1'];
  expect(out.filter((path) => isOutOfBounds(all, path))).toEqual(['/', '/keys', '/keys/key_1']);
});
