import type { Clock, Timer } from '@chaperone/crds/client/clock';
import type { CallReport } from '../call/call-report.ts';
import type { GatewayEvent } from './record/audit-event.ts';
import { newStrangers, type Stranger, type Strangers } from './strangers.ts';

/** Puts on record who was refused before it was known who it is, each or in sums. */
export interface StrangerRecords {
  /** Whether the call gets a record of its own; else it has been counted for a sum. */
  admits(report: CallReport): boolean;
  /** What came was no call at all, and was answered with this. */
  readonly unreadable: (status: string, clientAddress: string) => void;
  /** Tells all that has been counted; nothing more is counted after it. */
  close(): void;
}

export interface StrangerRecordsOptions {
  readonly clock: Clock;
  readonly perSecond: number;
  /** Whether the room that is left in the log is for calls that have an identity. */
  readonly isCrowded: () => boolean;
  /** Puts a sum on record; false where it could not be. */
  readonly tell: (
    type: 'StrangersRefused' | 'RequestUnreadable',
    message: string,
    facts: NonNullable<GatewayEvent['facts']>,
  ) => boolean;
}

const SUM_MS = 1_000;
/** While the log is crowded even sums are few. */
const CROWDED_SUM_MS = 60_000;
/** Sums at a time. */
const MOST_COUNTS = 64;

export function newStrangerRecords({ clock, perSecond, isCrowded, tell }: StrangerRecordsOptions): StrangerRecords {
  const refused = newStrangers({ perSecond, mostCounts: MOST_COUNTS });
  const unreadable = newStrangers({ perSecond, mostCounts: MOST_COUNTS });
  let timer: Timer | undefined;
  let closed = false;
  /** Of the first that is counted. */
  let since = 0;

  function count(strangers: Strangers, stranger: Stranger): void {
    strangers.count(stranger);
    if (timer !== undefined || closed) return;
    since = clock.now();
    timer = clock.setTimer(flush, isCrowded() ? CROWDED_SUM_MS : SUM_MS);
  }

  function sums(strangers: Strangers, type: 'StrangersRefused' | 'RequestUnreadable', message: string): void {
    for (const { code, clientAddress, count: calls } of strangers.take()) {
      const facts = { code, calls, clientAddress: clientAddress === '' ? 'other' : clientAddress };
      const isTold = tell(type, message, { ...facts, since: new Date(since).toISOString() });
      if (!isTold) strangers.count({ code, clientAddress }, calls);
    }
  }

  function flush(): void {
    timer?.cancel();
    timer = undefined;
    sums(refused, 'StrangersRefused', 'Calls without an identity were refused, more than have records of their own');
    sums(unreadable, 'RequestUnreadable', 'What came on a connection was no request');
    // The log took less than all: it is tried again until it does.
    if (!closed && !(refused.isEmpty && unreadable.isEmpty)) timer = clock.setTimer(flush, SUM_MS);
  }

  return {
    admits(report) {
      const { code = 'Internal', clientAddress } = report;
      if (!isCrowded() && refused.admits(quotedSize(report), clock.monotonic())) return true;
      count(refused, { code, clientAddress });
      return false;
    },
    unreadable: (code, clientAddress) => count(unreadable, { code, clientAddress }),
    close() {
      closed = true;
      flush();
    },
  };
}

/** Characters of the caller's choice that its record quotes. */
function quotedSize({ target, headers }: CallReport): number {
  let size = target.length;
  if (headers === undefined) return size;
  const { declared } = headers;
  size += declared.userAgent.length;
  for (const [name, value] of declared.headers) size += name.length + value.length;
  return size;
}
