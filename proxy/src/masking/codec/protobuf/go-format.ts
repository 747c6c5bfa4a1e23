/** How Go writes in JSON what protobuf holds as numbers. */

/** The zero time.Time of Go, January 1 of year 1: Kubernetes' JSON has null for it. */
const ZERO_TIME = -62_135_596_800;
/** From year 0 to 9999: RFC 3339 has no others. */
const FIRST_SECOND = -62_167_219_200;
const LAST_SECOND = 253_402_300_799;

/** RFC 3339 in UTC; null for Go's zero time, undefined outside of RFC 3339's years. */
export function formatTime(seconds: string): string | null | undefined {
  const second = secondOf(seconds);
  if (second === undefined || second === ZERO_TIME) return second === undefined ? undefined : null;
  return `${isoSecond(second)}Z`;
}

/** With six digits of a second, what is below them cut off, as metav1.MicroTime does. */
export function formatMicroTime(seconds: string, nanos: number): string | null | undefined {
  const second = secondOf(seconds);
  if (second === undefined || nanos < 0 || nanos > 999_999_999) return undefined;
  const micros = Math.floor(nanos / 1000);
  if (second === ZERO_TIME && micros === 0) return null;
  return `${isoSecond(second)}.${String(micros).padStart(6, '0')}Z`;
}

function secondOf(seconds: string): number | undefined {
  const second = Number(seconds);
  return second >= FIRST_SECOND && second <= LAST_SECOND ? second : undefined;
}

function isoSecond(second: number): string {
  return new Date(second * 1000).toISOString().slice(0, 19);
}

const HOUR = 3_600_000_000_000n;
const MINUTE = 60_000_000_000n;
const SECOND = 1_000_000_000n;

/** time.Duration's String: `1h2m3.5s`, below a second `1.5ms`, `1µs` or `1ns`. */
export function formatDuration(nanoseconds: string): string {
  const signed = BigInt(nanoseconds);
  const nanos = signed < 0n ? -signed : signed;
  const sign = signed < 0n ? '-' : '';
  if (nanos === 0n) return '0s';
  if (nanos < 1_000n) return `${sign}${nanos}ns`;
  if (nanos < 1_000_000n) return `${sign}${decimal(nanos, 1_000n, 3)}µs`;
  if (nanos < SECOND) return `${sign}${decimal(nanos, 1_000_000n, 6)}ms`;
  const hours = nanos >= HOUR ? `${nanos / HOUR}h` : '';
  const minutes = nanos >= MINUTE ? `${(nanos % HOUR) / MINUTE}m` : '';
  return `${sign}${hours}${minutes}${decimal(nanos % MINUTE, SECOND, 9)}s`;
}

function decimal(value: bigint, unit: bigint, digits: number): string {
  const fraction = (value % unit).toString().padStart(digits, '0').replace(/0+$/, '');
  return fraction === '' ? `${value / unit}` : `${value / unit}.${fraction}`;
}

/** As encoding/json writes a float64, which is as JavaScript does but for -0; undefined for what JSON has no number for. */
export function formatDouble(value: number): string | undefined {
  if (!Number.isFinite(value)) return undefined;
  return Object.is(value, -0) ? '-0' : String(value);
}
