/** How the overview says its numbers. Pure. */
import type { components } from '@/api/schema';
import { parseUsd, percentOf, usdText } from '@/ui/nanos';

export type Overview = components['schemas']['Overview'];
export type Spend = components['schemas']['SpendPart'];
export type Minute = NonNullable<Overview['deliveries']>['minutes'][number];

/** The server counts up to here: as many may be more. */
const COUNT_MAX = 100_000;

/** `0`, `0.02`, `4.2`, `1,204`. */
export function rateText(perSecond: number): string {
  const digits = perSecond < 1 ? 2 : perSecond < 100 ? 1 : 0;
  return perSecond.toLocaleString('en', { maximumFractionDigits: digits });
}

/** `99.98 %`; cut off, so that 100 means that none failed. */
export function shareText(share: number | null | undefined): string {
  if (share === null || share === undefined) return '–';
  const cut = Math.floor(share * 10_000 + 1e-6) / 100;
  return `${cut.toLocaleString('en', { maximumFractionDigits: 2 })} %`;
}

/** `1,204`, `100,000+`. */
export function countText(count: number): string {
  return `${Math.min(count, COUNT_MAX).toLocaleString('en')}${count >= COUNT_MAX ? '+' : ''}`;
}

/** The end of a scale that has room for so many: 1, 2 or 5 and zeros, at least 4. */
export function ceilingOf(most: number): number {
  const tens = 10 ** Math.floor(Math.log10(Math.max(most, 1)));
  return Math.max(4, tens * ([1, 2, 5].find((step) => step * tens >= most) ?? 10));
}

export interface VendorBar {
  vendor: string;
  usd: string;
  /** Of the one that was paid most, 0 to 100. */
  percent: number;
}

/** The vendors as bars, and what went to those that are not shown, so that all of it adds up. */
export function vendorBars({ total_usd, by_vendor }: Spend): { bars: VendorBar[]; others: string | null } {
  const paid = by_vendor.map(({ vendor, spent_usd }) => ({ vendor, nanos: parseUsd(spent_usd) ?? 0n }));
  const most = paid.reduce((max, { nanos }) => (nanos > max ? nanos : max), 0n);
  const shown = paid.reduce((sum, { nanos }) => sum + nanos, 0n);
  const others = (parseUsd(total_usd) ?? 0n) - shown;
  const bars = paid.map(({ vendor, nanos }) => ({
    vendor,
    usd: usdText(nanos),
    // More was refunded than bought: no bar.
    percent: nanos > 0n ? (percentOf(nanos, most) ?? 0) : 0,
  }));
  return { bars, others: others === 0n ? null : usdText(others) };
}

/** Whether nothing happens and nothing waits: perhaps nothing ever did. */
export function isQuiet({
  deliveries,
  approvals_pending,
  open_circuits,
  spend_today,
  alerts,
}: Overview): boolean {
  return (
    (!deliveries ||
      (deliveries.backlog === 0 &&
        deliveries.dead_letters === 0 &&
        deliveries.minutes.every(({ succeeded, failed }) => succeeded + failed === 0))) &&
    (approvals_pending ?? 0) === 0 &&
    (open_circuits ?? []).length === 0 &&
    (spend_today?.by_vendor ?? []).length === 0 &&
    (alerts ?? []).length === 0
  );
}

/** Whether the key may see none of it. */
export function isBlank(overview: Overview): boolean {
  const { deliveries, approvals_pending, open_circuits, spend_today, alerts } = overview;
  return [deliveries, approvals_pending, open_circuits, spend_today, alerts].every((part) => part == null);
}
