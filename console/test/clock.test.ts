import { describe, expect, it } from 'vitest';
import { dateText, duration, latency, relative, utcText } from '@/ui/clock';

const NOW = new Date('2026-11-23T10:00:00.000Z');
const ago = (seconds: number) => relative(new Date(NOW.getTime() - seconds * 1000), NOW);

describe('times', () => {
  it('tells how long ago in the largest unit that fits', () => {
    expect([ago(0), ago(12), ago(59), ago(60), ago(3_599), ago(3_600), ago(86_400)]).toEqual([
      'now',
      '12 s ago',
      '59 s ago',
      '1 min ago',
      '59 min ago',
      '1 h ago',
      '1 d ago',
    ]);
  });
  it('tells what is to come', () => {
    expect(ago(-180)).toBe('in 3 min');
  });
  it('gives the date of what is long ago', () => {
    const old = new Date('2026-01-02T12:00:00Z');
    expect(relative(old, NOW)).toBe(dateText(old));
  });
  it('gives UTC to the millisecond', () => {
    expect(utcText(new Date('2026-11-23T09:04:05.007Z'))).toBe('2026-11-23 09:04:05.007 UTC');
  });
  it('counts down without going below zero', () => {
    expect([
      duration(-5),
      duration(11_200),
      duration(249_000),
      duration(3_840_000),
      duration(90_000_000),
    ]).toEqual(['0 s', '12 s', '4 min 09 s', '1 h 04 min', '1 d 1 h']);
  });
  it('tells latencies with three digits', () => {
    expect([latency(0.42), latency(3.14), latency(12.4), latency(1240)]).toEqual([
      '0.42 ms',
      '3.1 ms',
      '12 ms',
      '1.24 s',
    ]);
  });
});
