import { parseDuration } from '@chaperone/crds/validation/duration';
import { z } from 'zod';
import { usageError } from '../command-error.ts';

const rfc3339 = z.iso.datetime({ offset: true });
const DAY_MS = 86_400_000;

/**
 * A moment in milliseconds since the epoch: RFC 3339, or a duration before now such as 2h, 90m or 7d.
 * @throws CommandError
 */
export function parseMoment(option: string, text: string, now: number): number {
  const days = /^([0-9]{1,5})d$/.exec(text)?.[1];
  const before = days === undefined ? parseDuration(text) : Number(days) * DAY_MS;
  if (before !== undefined) return now - before;
  if (rfc3339.safeParse(text).success) return Date.parse(text);
  throw usageError(`--${option}=${text}: give a duration, such as 2h or 7d, or a time, such as 2026-01-31T12:00:00Z`);
}
