/** Until when a key is good, as it is asked for. Pure: now is an argument. */
const DAY_S = 86_400;

export const ENDS = [
  { value: 'never', label: 'Never', seconds: null },
  { value: '1h', label: 'In an hour', seconds: 3_600 },
  { value: '1d', label: 'In a day', seconds: DAY_S },
  { value: '30d', label: 'In 30 days', seconds: 30 * DAY_S },
  { value: '90d', label: 'In 90 days', seconds: 90 * DAY_S },
  { value: '365d', label: 'In a year', seconds: 365 * DAY_S },
  { value: 'at', label: 'At a time…', seconds: null },
] as const;

export const DEFAULT_END: string = '90d';

/** The end as the API takes it; null without one. `at` is local, as `<input type="datetime-local">` gives it. */
export function endOf(choice: string, at: string, now: number): string | null {
  if (choice === 'at') {
    const time = new Date(at);
    return Number.isNaN(time.getTime()) ? at : time.toISOString();
  }
  const seconds = ENDS.find(({ value }) => value === choice)?.seconds ?? null;
  return seconds === null ? null : new Date(now + seconds * 1000).toISOString();
}
