import { describe, expect, test } from 'vitest';
import { BLANK, changesOf, type Draft, draftOf, type Endpoint, headersOf } from '@/features/endpoints/form';
import { percent } from '@/features/endpoints/health';
import { hourly } from '@/features/endpoints/hours';
import { fromLocal, toLocal } from '@/ui/range-filter';

const ENDPOINT: Endpoint = {
  id: 'whk_1',
  workspace_id: 'ws-1',
  kind: 'push',
  url: 'https://hooks.acme.example/in',
  events: ['order.*'],
  dialect: 'standard',
  signing: 'hmac',
  retry: { preset: null, schedule: ['15s', '1m'], jitter: true },
  timeout_ms: 5000,
  max_in_flight: 16,
  ordered: false,
  headers: { 'x-team': 'payments' },
  status: 'active',
  metadata: {},
  created_at: '2026-11-23T10:00:00.000Z',
  updated_at: '2026-11-23T10:00:00.000Z',
  version: 1,
};

describe('what an endpoint is changed with', () => {
  const change = (part: Partial<Draft>) => changesOf(draftOf(ENDPOINT), { ...draftOf(ENDPOINT), ...part });

  test('is nothing when nothing was changed', () => {
    expect(change({})).toEqual({});
  });
  test('is only what differs, and null for what was emptied', () => {
    expect(change({ description: 'Orders', rateLimit: '' })).toEqual({ description: 'Orders' });
    expect(changesOf({ ...draftOf(ENDPOINT), filter: 'true' }, draftOf(ENDPOINT))).toEqual({ filter: null });
  });
  test('is a schedule with its jitter, a preset, or null for what the dialect brings', () => {
    expect(change({ schedule: '1s,  5m 1h' }).retry).toEqual({ schedule: ['1s', '5m', '1h'], jitter: true });
    expect(change({ retry: 'none' }).retry).toEqual({ preset: 'none' });
    expect(change({ retry: '' }).retry).toBeNull();
  });
  test('is what was typed of a new one', () => {
    const draft = { ...BLANK, url: ' https://a.example/ ', events: ['*'], headers: 'X-A: b:c\n\nX-D' };
    expect(changesOf(BLANK, draft)).toEqual({
      url: 'https://a.example/',
      events: ['*'],
      headers: { 'X-A': 'b:c', 'X-D': '' },
    });
  });
  test('has no URL for one that is pulled', () => {
    const draft: Draft = { ...BLANK, kind: 'pull', url: 'https://typed.before', events: ['*'] };
    expect(changesOf(BLANK, draft)).toEqual({ kind: 'pull', events: ['*'] });
  });
});

test('header lines keep colons in values', () => {
  expect(headersOf('Authorization: Bearer a:b')).toEqual({ Authorization: 'Bearer a:b' });
});

test('a rate is never rounded up to all', () => {
  expect(percent(1)).toBe('100 %');
  expect(percent(0.99999)).toBe('99.99 %');
  expect(percent(0.57)).toBe('57 %');
  expect(percent(0)).toBe('0 %');
});

test('the hours of a day are 24, with zeros where nothing was', () => {
  const now = Date.parse('2026-11-23T14:00:00Z');
  const { at, succeeded, failed } = hourly([{ at: '2026-11-23T13:00:00Z', succeeded: 5, failed: 1 }], now);
  expect(at).toHaveLength(24);
  expect(at.at(-1)).toBe(now / 1000);
  expect(succeeded.slice(-3)).toEqual([0, 5, 0]);
  expect(failed.slice(-3)).toEqual([0, 1, 0]);
});

test('a time of the URL goes to an input and back; a duration does not', () => {
  const time = '2026-11-23T10:05:00.000Z';
  expect(fromLocal(toLocal(time))).toBe(time);
  expect(toLocal('24h')).toBe('');
  expect(toLocal(undefined)).toBe('');
  expect(fromLocal('')).toBeUndefined();
});
