import { describe, expect, it } from 'vitest';
import { EMPTY_FORM, percents, walletForm } from '@/features/wallets/form';
import { refundable } from '@/features/wallets/refund';
import { remaining, tightest } from '@/features/wallets/remaining';
import { sumSeries, sumShares } from '@/features/wallets/spend';
import { marksOf, spikeOf } from '@/features/wallets/spikes';
import { rowsOf, sift, treeOf, type Wallet } from '@/features/wallets/tree';

function wallet(id: string, name: string, rest: Partial<Wallet> = {}): Wallet {
  return {
    id,
    wallet_id: id,
    name,
    depth: 1,
    budget_usd: '100',
    spent_usd: '0',
    held_usd: '0',
    available_usd: '100',
    window: 'total',
    tz: 'UTC',
    status: 'active',
    limits: {},
    thresholds: [50, 80, 95],
    sandbox: false,
    denied_count: 0,
    created_at: '2026-11-23T10:00:00Z',
    updated_at: '2026-11-23T10:00:00Z',
    ...rest,
  };
}

const WALLETS = [
  wallet('w4', 'Agent 10', { parent_id: 'w2', agent_id: 'scout' }),
  wallet('w5', 'Agent 9', { parent_id: 'w2', status: 'frozen' }),
  wallet('w6', 'Elsewhere', { parent_id: 'unseen', namespace: 'globex' }),
  wallet('w2', 'Research', { parent_id: 'w1', status: 'frozen' }),
  wallet('w3', 'Support', { parent_id: 'w1' }),
  wallet('w1', 'Acme'),
];
const names = (open = true, filter = {}) =>
  rowsOf(sift(treeOf(WALLETS), filter), () => open).map(({ wallet: { name }, level }) => `${level} ${name}`);

describe('the tree of wallets', () => {
  it('stands by name, as people count, and shows what has no parent at the top', () => {
    expect(names()).toEqual(['0 Acme', '1 Research', '2 Agent 9', '2 Agent 10', '1 Support', '0 Elsewhere']);
    expect(names(false)).toEqual(['0 Acme', '0 Elsewhere']);
  });
  it('keeps the way down to what matches', () => {
    expect(names(true, { q: 'SCOUT' })).toEqual(['0 Acme', '1 Research', '2 Agent 10']);
    expect(names(true, { q: 'globex' })).toEqual(['0 Elsewhere']);
    expect(names(true, { status: 'frozen', q: 'agent' })).toEqual(['0 Acme', '1 Research', '2 Agent 9']);
    expect(names(true, { q: 'nobody' })).toEqual([]);
  });
  it('knows which wallet above stops one', () => {
    const frozen = rowsOf(treeOf(WALLETS), () => true).map(({ frozenBy }) => frozenBy?.id ?? null);
    expect(frozen).toEqual([null, null, 'w2', 'w2', null, null]);
  });
});

describe('what a budget leaves', () => {
  const sums = { budget_usd: '100', spent_usd: '60.000000001', held_usd: '10' };
  it('is exact to the nano-dollar', () => {
    expect(remaining(sums, '70.000000002')).toMatchObject({ available: 1n, over: 0n });
    expect(remaining(sums, '70')).toMatchObject({ available: 0n, over: 1n, change: -30_000_000_000n });
  });
  it('is unknown while no amount is typed', () => {
    for (const typed of ['', '1,850', 'ten', '-1']) expect(remaining(sums, typed)).toBeNull();
  });
  it('is at most what the wallets above have', () => {
    const parents = [
      { ...sums, name: 'Acme', available_usd: '20' },
      { ...sums, name: 'Team', available_usd: '5.5' },
    ];
    expect(tightest(parents, 8_000_000_000n)).toMatchObject({
      parent: { name: 'Team' },
      available: 5_500_000_000n,
    });
    expect(tightest(parents, 5_000_000_000n)).toBeNull();
  });
});

describe('a new wallet', () => {
  it('says only what was filled in', () => {
    expect(walletForm({ ...EMPTY_FORM, name: 'Scout', budget: ' 12.50 ', zone: 'Europe/Berlin' })).toEqual({
      name: 'Scout',
      budget_usd: '12.50',
      window: 'total',
      thresholds: [50, 80, 95],
    });
    expect(
      walletForm({ ...EMPTY_FORM, window: 'daily', zone: 'Europe/Berlin', perMinute: '5', sandbox: true }),
    ).toMatchObject({ tz: 'Europe/Berlin', limits: { max_per_minute_usd: '5' }, sandbox: true });
  });
  it('reads percents however they are separated', () => {
    expect(percents('50%, 80 95;100')).toEqual([50, 80, 95, 100]);
    expect(percents(' ')).toEqual([]);
  });
});

describe('spending', () => {
  it('adds what several wallets spent at the same time, and with the same vendor', () => {
    const at = '2026-11-23T10:01:00.000Z';
    const before = '2026-11-23T10:00:00.000Z';
    const points = sumSeries([
      {
        points: [
          { at: before, spent_usd: '0', count: 0 },
          { at, spent_usd: '0.1', count: 1 },
        ],
      },
      { points: [{ at, spent_usd: '0.2', count: 2 }] },
    ]);
    expect(points).toEqual([
      { at: before, spent: 0n, count: 0 },
      { at, spent: 300_000_000n, count: 3 },
    ]);
    const shares = sumShares([
      {
        vendors: [
          { vendor: 'openai', spent_usd: '2', count: 1 },
          { vendor: 'aws', spent_usd: '-1', count: 0 },
        ],
      },
      { vendors: [{ vendor: 'deepl', spent_usd: '2.5', count: 4 }] },
      { vendors: [{ vendor: 'openai', spent_usd: '1', count: 1 }] },
    ]);
    expect(shares.map(({ name, spent }) => [name, spent])).toEqual([
      ['openai', 3_000_000_000n],
      ['deepl', 2_500_000_000n],
      ['aws', -1_000_000_000n],
    ]);
  });
  it('marks the minutes that had spikes, each once', () => {
    const spike = (timestamp: string) =>
      spikeOf({
        id: 'evt',
        type: 'spend.spike',
        timestamp,
        workspace_id: 'ws',
        data: { wallet_id: 'w1', spent_usd: '12.5', window_seconds: 60, rule: 'spike' } as never,
      });
    const spikes = [
      spike('2026-11-23T10:02:59Z'),
      spike('2026-11-23T10:00:30Z'),
      spike('2026-11-23T10:02:01Z'),
    ];
    const minute = (text: string) => Date.parse(text) / 1000;
    expect(marksOf(spikes, '1h')).toEqual([
      { at: minute('2026-11-23T10:00:00Z'), label: 'spike' },
      { at: minute('2026-11-23T10:02:00Z'), label: '2 spikes' },
    ]);
    expect(marksOf(spikes, '24h')).toEqual([{ at: minute('2026-11-23T10:00:00Z'), label: '3 spikes' }]);
    expect(spikes[0]).toMatchObject({ spentUsd: '12.5', vendor: null, action: 'notify' });
  });
  it('gives back at most what is left of what was paid', () => {
    const paid = { status: 'succeeded', captured_usd: '10', refunded_usd: '2.5' };
    expect(refundable(paid)).toBe(7_500_000_000n);
    expect(refundable({ ...paid, status: 'held' })).toBe(0n);
  });
});
