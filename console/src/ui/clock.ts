/** Telling times. Pure: now is an argument. */

const STEPS: [number, string, number][] = [
  [60, 's', 1],
  [3_600, 'min', 60],
  [86_400, 'h', 3_600],
  [30 * 86_400, 'd', 86_400],
];

/** `now`, `12 s ago`, `in 3 min`, `5 d ago`; a date when it is further away than a month. */
export function relative(at: Date, now: Date): string {
  const seconds = Math.round((now.getTime() - at.getTime()) / 1000);
  const size = Math.abs(seconds);
  if (size < 1) return 'now';
  const step = STEPS.find(([below]) => size < below);
  if (!step) return dateText(at);
  const [, unit, divisor] = step;
  const amount = `${Math.floor(size / divisor)} ${unit}`;
  return seconds > 0 ? `${amount} ago` : `in ${amount}`;
}

/** `2026-11-23`, local. */
export function dateText(at: Date): string {
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
}

/** `2026-11-23 10:04:05.123`, local. */
export function localText(at: Date, millis = false): string {
  const time = `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
  return `${dateText(at)} ${time}${millis ? `.${String(at.getMilliseconds()).padStart(3, '0')}` : ''}`;
}

/** `2026-11-23 09:04:05.123 UTC`. */
export function utcText(at: Date): string {
  return `${at.toISOString().replace('T', ' ').replace('Z', '')} UTC`;
}

/** `1 h 04 min`, `4 min 09 s`, `12 s`; nothing below zero. For countdowns. */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${two(seconds % 60)} s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return `${hours} h ${two(minutes % 60)} min`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** `0.42 ms`, `12 ms`, `1.24 s`. */
export function latency(ms: number): string {
  if (ms < 1) return `${ms.toFixed(2)} ms`;
  if (ms < 10) return `${ms.toFixed(1)} ms`;
  if (ms < 1000) return `${Math.round(ms)} ms`;
  return `${(ms / 1000).toFixed(2)} s`;
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}
