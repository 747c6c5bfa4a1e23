import { create } from '@bufbuild/protobuf';
import { DurationSchema, TimestampSchema, type Duration, type Timestamp } from '@bufbuild/protobuf/wkt';
import { ExpressionFailure } from './failure.ts';

const MIN_SECONDS = -62_135_596_800n;
const MAX_SECONDS = 253_402_300_799n;

/** A timestamp of Unix seconds, in the years 1 to 9999 as in Kubernetes. The library takes the number for milliseconds. */
export function timestampOf(seconds: bigint, nanos = 0): Timestamp {
  if (seconds >= MIN_SECONDS && seconds <= MAX_SECONDS) return create(TimestampSchema, { seconds, nanos });
  throw new ExpressionFailure('Overflow', 'the timestamp is outside the years 1 to 9999');
}

const RFC3339 =
  /^(?<date>\d{4}-\d\d-\d\d)T(?<hour>\d\d):(?<minute>\d\d):(?<second>\d\d)(?:[.,](?<fraction>\d+))?(?:Z|(?<sign>[+-])(?<zoneHour>\d\d):(?<zoneMinute>\d\d))$/u;

/**
 * Reads RFC 3339 as Go does. The library leaves it to Date, which takes 30 February for 1 March and 24:00 for the next
 * day: a comparison with such a text would be decided by a moment nobody wrote.
 */
export function parseTimestamp(text: string): Timestamp {
  const parts = text.length <= 64 ? RFC3339.exec(text)?.groups : undefined;
  if (parts === undefined) throw notATimestamp();
  const { date = '', hour = '', minute = '', second = '', fraction = '' } = parts;
  const time = secondsOf([hour, minute, second], 23);
  const zone = secondsOf([parts['zoneHour'] ?? '0', parts['zoneMinute'] ?? '0', '0'], 24);
  const seconds = dayOf(date) + time - (parts['sign'] === '-' ? -zone : zone);
  return timestampOf(BigInt(seconds), Number(fraction.slice(0, 9).padEnd(9, '0')));
}

function dayOf(date: string): number {
  const day = new Date(`${date}T00:00:00Z`);
  const isDay = !Number.isNaN(day.getTime()) && day.toISOString().startsWith(date);
  if (!isDay) throw notATimestamp();
  return day.getTime() / 1000;
}

function secondsOf(clock: readonly string[], maxHour: number): number {
  const [hour = 0, minute = 0, second = 0] = clock.map(Number);
  if (hour > maxHour || minute > 59 || second > 59) throw notATimestamp();
  return hour * 3600 + minute * 60 + second;
}

function notATimestamp(): ExpressionFailure {
  return new ExpressionFailure('InvalidArgument', 'the text is not an RFC 3339 timestamp');
}

const UNITS: ReadonlyMap<string, bigint> = new Map([
  ['ns', 1n],
  ['us', 1_000n],
  ['µs', 1_000n],
  ['μs', 1_000n],
  ['ms', 1_000_000n],
  ['s', 1_000_000_000n],
  ['m', 60_000_000_000n],
  ['h', 3_600_000_000_000n],
]);

const DURATION = /^[+-]?(?:0|(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+)$/u;

/** Reads a duration as Go's time.ParseDuration does; the library takes the empty text for zero. */
export function parseDuration(text: string): Duration {
  if (text.length > 128 || !DURATION.test(text)) {
    throw new ExpressionFailure('InvalidArgument', 'the text is not a duration, such as 1h30m');
  }
  let nanos = 0n;
  for (const [, whole = '', fraction = '', unit = ''] of text.matchAll(/(\d*)\.?(\d*)(ns|us|µs|μs|ms|s|m|h)/gu)) {
    const factor = UNITS.get(unit) ?? 0n;
    nanos += BigInt(whole === '' ? '0' : whole) * factor;
    nanos += (BigInt(fraction === '' ? '0' : fraction) * factor) / 10n ** BigInt(fraction.length);
  }
  if (nanos > 2n ** 63n - 1n) throw new ExpressionFailure('Overflow', 'the duration is longer than 292 years');
  const signed = text.startsWith('-') ? -nanos : nanos;
  return create(DurationSchema, { seconds: signed / 1_000_000_000n, nanos: Number(signed % 1_000_000_000n) });
}
