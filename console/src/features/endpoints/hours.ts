/** The hours of a day with those in which nothing was attempted, oldest first. */
const HOUR_MS = 3_600_000;
const HOURS = 24;

export interface Hour {
  at: string;
  succeeded: number;
  failed: number;
}

export function hourly(
  hours: readonly Hour[],
  thisHourMs: number,
): { at: number[]; succeeded: number[]; failed: number[] } {
  const known = new Map(hours.map((hour) => [Math.floor(Date.parse(hour.at) / HOUR_MS), hour]));
  const last = Math.floor(thisHourMs / HOUR_MS);
  const all = Array.from({ length: HOURS }, (_, index) => last - HOURS + 1 + index);
  return {
    at: all.map((hour) => (hour * HOUR_MS) / 1000),
    succeeded: all.map((hour) => known.get(hour)?.succeeded ?? 0),
    failed: all.map((hour) => known.get(hour)?.failed ?? 0),
  };
}
