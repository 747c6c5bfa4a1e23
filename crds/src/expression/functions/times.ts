import type { CelEnv } from '@bufbuild/cel';
import { delegated, duration, method, timestamp, type Overload } from '../overload.ts';
import { INT } from '../statictype.ts';
import type { CelTimestamp } from '../value.ts';

/**
 * Parts of timestamps, in UTC. The library reads them from a Date in the process's own time zone, where an hour that
 * daylight saving leaves out comes back as another one.
 */
export function times(library: CelEnv): Overload[] {
  const part = (name: string, read: (date: Date) => number): Overload =>
    method(name, [timestamp], INT, (value) => BigInt(read(dateOf(value))));
  const ofDuration = delegated('method', library);
  return [
    part('getFullYear', (date) => date.getUTCFullYear()),
    part('getMonth', (date) => date.getUTCMonth()),
    part('getDate', (date) => date.getUTCDate()),
    part('getDayOfMonth', (date) => date.getUTCDate() - 1),
    part('getDayOfWeek', (date) => date.getUTCDay()),
    part('getDayOfYear', dayOfYear),
    part('getHours', (date) => date.getUTCHours()),
    part('getMinutes', (date) => date.getUTCMinutes()),
    part('getSeconds', (date) => date.getUTCSeconds()),
    method('getMilliseconds', [timestamp], INT, (value) => BigInt(Math.trunc(value.message.nanos / 1e6))),
    ofDuration('getHours', [duration], INT),
    ofDuration('getMinutes', [duration], INT),
    ofDuration('getSeconds', [duration], INT),
  ];
}

function dateOf(value: CelTimestamp): Date {
  return new Date(Number(value.message.seconds) * 1000);
}

function dayOfYear(date: Date): number {
  const start = new Date(0);
  start.setUTCFullYear(date.getUTCFullYear());
  return Math.floor((date.getTime() - start.getTime()) / 86_400_000);
}
