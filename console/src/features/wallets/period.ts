const PERIODS: Record<string, string> = { total: 'prepaid', daily: 'daily', monthly: 'monthly' };

/** `monthly`, `prepaid`: how people call a window. */
export function periodText(window: string): string {
  return PERIODS[window] ?? window;
}
