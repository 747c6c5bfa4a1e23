import type { Clock, Timer } from '@chaperone/crds/client/clock';
import { encodeEntry, sizeOf, type Entry } from './entry.ts';
import { LogError, logErrorOf } from './log-error.ts';
import { isSpaceFailure, type Segments } from './segments.ts';

export interface CommitQueueOptions {
  readonly segments: Segments;
  readonly clock: Clock;
  readonly seed: number;
  /** How long a record may wait for an intent that its write can be shared with. */
  readonly commitIntervalMs: number;
  /** Of entries in memory. Intents may take half of it. */
  readonly queueBytes: number;
  /** An intent that waits longer is refused. */
  readonly slowMs: number;
  /** The text of the header of a segment that is begun, given where the one before it ends. */
  readonly header: (previous: { readonly segment: number; readonly end: number }) => string;
  /** What has been written, in order, and the number of the segment that it is in. */
  readonly committed: (entries: readonly Entry[], segment: number) => void;
  /** Rejects when this process may no longer write; absent while that is certain. */
  readonly permission: () => Promise<void> | undefined;
}

/** Entries on their way to the disk, many in one write: what arrives while one is under way goes into the next. */
export interface CommitQueue {
  /** Resolves when the entry is written as durably as was asked for. @throws LogError */
  write(entry: Entry): Promise<void>;
  /** Takes the entry in memory. It is written in order, however long that takes. @throws LogError LogSlow, LogFailed, LogFull, when memory is used up */
  push(entry: Entry, bounded: boolean): void;
  /** Resolves when all that has been taken is written. @throws LogError LogClosed */
  flushed(): Promise<void>;
  /** The next write begins a segment. */
  rotateNext(): void;
  lastError(): LogError | undefined;
  bytes(): number;
  /** Takes nothing more and stops trying; what is not written is lost to this process. */
  close(): Promise<void>;
}

interface Queued {
  readonly entry: Entry;
  readonly size: number;
  resolve?: () => void;
  reject?: (error: LogError) => void;
}

interface FlushWaiter {
  readonly upTo: number;
  readonly resolve: () => void;
  readonly reject: (error: LogError) => void;
}

const BATCH_BYTES = 1024 * 1024;
const RETRY_MS = 200;
/** So often a batch is tried in one place before another segment is begun for it. */
const ATTEMPTS_IN_PLACE = 25;

export function newCommitQueue(options: CommitQueueOptions): CommitQueue {
  const { segments, clock, seed, commitIntervalMs, queueBytes, slowMs } = options;
  const pool = Buffer.allocUnsafeSlow(BATCH_BYTES);
  let pending: Queued[] = [];
  let batch: Queued[] | undefined;
  let batchNumber = 0;
  let bytes = 0;
  let taken = 0;
  let written = 0;
  let started = 0;
  let failure: LogError | undefined;
  let rotation = true;
  let closed = false;
  let timer: Timer | undefined;
  let timerIsRetry = false;
  let watchdog: Timer | undefined;
  let begun = false;
  let attempts = 0;
  let busy = false;
  let whenIdle: (() => void) | undefined;
  const flushWaiters: FlushWaiter[] = [];
  /** Intents whose callers were told no while their bytes may already have been on the disk. */
  const refused = new Set<Queued>();

  function accept(queued: Queued): void {
    pending.push(queued);
    bytes += queued.size;
    taken += 1;
  }

  function soon(): void {
    if (begun || batch !== undefined || timerIsRetry) return;
    begun = true;
    // Not at once: what arrives in the same turn shares the write.
    queueMicrotask(() => {
      begun = false;
      if (batch === undefined) begin();
    });
  }

  function later(): void {
    if (timer !== undefined || batch !== undefined) return;
    timer = clock.setTimer(() => {
      timer = undefined;
      soon();
    }, commitIntervalMs);
  }

  function begin(): void {
    timer?.cancel();
    timer = undefined;
    if (pending.length === 0 || closed) return;
    let size = 0;
    let count = 0;
    while (count < pending.length) {
      size += pending[count]?.size ?? 0;
      if (count > 0 && size > BATCH_BYTES) break;
      count += 1;
    }
    batch = count === pending.length ? pending : pending.slice(0, count);
    pending = count === pending.length ? [] : pending.slice(count);
    batchNumber += 1;
    started = clock.monotonic();
    watchdog ??= clock.setTimer(watch, slowMs);
    attempt();
  }

  function attempt(): void {
    const current = batch;
    if (current === undefined || closed) return;
    busy = true;
    attempts += 1;
    const permission = options.permission();
    if (permission === undefined && !rotation && segments.hasRoom(sizeSum(current))) writeOut(current);
    else void prepareAndWrite(current, permission);
  }

  async function prepareAndWrite(current: readonly Queued[], permission: Promise<void> | undefined): Promise<void> {
    try {
      await permission;
      if (rotation || !segments.hasRoom(sizeSum(current))) await segments.rotate();
      rotation = false;
    } catch (error) {
      failed(error);
      return;
    }
    if (closed) becomeIdle();
    else writeOut(current);
  }

  function becomeIdle(): void {
    busy = false;
    whenIdle?.();
  }

  function writeOut(current: readonly Queued[]): void {
    const fresh = segments.offset === 0;
    const header: Entry | undefined = fresh
      ? { type: 'Header', text: options.header(previousOf(segments)) }
      : undefined;
    const headerSize = header === undefined ? 0 : sizeOf(header);
    const total = headerSize + sizeSum(current);
    const target = total <= pool.length ? pool : Buffer.allocUnsafeSlow(total);
    const placement = { seed, batch: batchNumber };
    let at = header === undefined ? 0 : encodeEntry(target, 0, header, headerSize, placement);
    for (const { entry, size } of current) at = encodeEntry(target, at, entry, size, placement);
    segments.write(target, total, (error) => {
      if (error === null) succeeded(current, total);
      else {
        // Unless space is all that lacks, the place may be bad: the batch goes to the beginning of another segment.
        rotation = !isSpaceFailure(error) && (segments.offset > 0 || attempts % ATTEMPTS_IN_PLACE === 0);
        failed(error);
      }
    });
  }

  function succeeded(current: readonly Queued[], total: number): void {
    segments.advance(total);
    batch = undefined;
    failure = undefined;
    attempts = 0;
    becomeIdle();
    for (const { size } of current) bytes -= size;
    written += current.length;
    options.committed(
      current.map(({ entry }) => entry),
      segments.number,
    );
    for (const queued of current) {
      if (queued.resolve !== undefined) queued.resolve();
      else if (queued.entry.type === 'Intent' && refused.delete(queued))
        accept(queuedOf({ type: 'Revoked', auditID: queued.entry.auditID, text: '' }));
    }
    while (flushWaiters[0] !== undefined && flushWaiters[0].upTo <= written) flushWaiters.shift()?.resolve();
    if (closed) return;
    if (pending.some(({ resolve }) => resolve !== undefined) || flushWaiters.length > 0 || bytes > BATCH_BYTES) begin();
    else if (pending.length > 0) later();
  }

  function refuseIntents(error: LogError): void {
    for (const queued of batch ?? []) {
      if (queued.reject === undefined) continue;
      queued.reject(error);
      delete queued.resolve;
      delete queued.reject;
      refused.add(queued);
    }
    const kept: Queued[] = [];
    for (const queued of pending) {
      if (queued.reject === undefined) kept.push(queued);
      else {
        queued.reject(error);
        bytes -= queued.size;
        // It counts as written to those who wait for all before them: nobody will write it.
        taken -= 1;
      }
    }
    pending = kept;
    // Nobody waits for more than is left.
    for (let index = 0; index < flushWaiters.length; index++) {
      const waiter = flushWaiters[index];
      if (waiter !== undefined && waiter.upTo > taken) flushWaiters[index] = { ...waiter, upTo: taken };
    }
  }

  function failed(error: unknown): void {
    becomeIdle();
    if (closed) return;
    failure = logErrorOf(error);
    refuseIntents(failure);
    timer?.cancel();
    timerIsRetry = true;
    timer = clock.setTimer(() => {
      timer = undefined;
      timerIsRetry = false;
      attempt();
    }, RETRY_MS);
  }

  const isSlow = (): boolean => batch !== undefined && clock.monotonic() - started >= slowMs;

  function watch(): void {
    watchdog = undefined;
    if (batch === undefined || closed) return;
    if (isSlow()) refuseIntents(failure ?? new LogError('LogSlow'));
    watchdog = clock.setTimer(watch, slowMs / 4);
  }

  function refusal(size: number, most: number): LogError | undefined {
    if (closed) return new LogError('LogClosed');
    if (bytes + size > most) return failure ?? new LogError('LogSlow');
    return undefined;
  }

  return {
    write(entry) {
      const queued = queuedOf(entry);
      const refusedBecause =
        refusal(queued.size, queueBytes / 2) ?? failure ?? (isSlow() ? new LogError('LogSlow') : undefined);
      if (refusedBecause !== undefined) return Promise.reject(refusedBecause);
      return new Promise((resolve, reject) => {
        queued.resolve = resolve;
        queued.reject = reject;
        accept(queued);
        soon();
      });
    },
    push(entry, bounded) {
      const queued = queuedOf(entry);
      const refusedBecause = refusal(bounded ? queued.size : 0, bounded ? queueBytes : Infinity);
      if (refusedBecause !== undefined) throw refusedBecause;
      accept(queued);
      if (bytes > BATCH_BYTES) soon();
      else later();
    },
    flushed: () =>
      new Promise((resolve, reject) => {
        if (written >= taken) resolve();
        else if (closed) reject(new LogError('LogClosed'));
        else {
          flushWaiters.push({ upTo: taken, resolve, reject });
          soon();
        }
      }),
    rotateNext() {
      if (segments.offset > 0) rotation = true;
    },
    lastError: () => failure ?? (isSlow() ? new LogError('LogSlow') : undefined),
    bytes: () => bytes,
    async close() {
      if (closed) return;
      closed = true;
      timer?.cancel();
      watchdog?.cancel();
      // The file must not be closed under a write: its descriptor may be another file's by then.
      if (busy)
        await new Promise<void>((resolve) => {
          whenIdle = resolve;
        });
      refuseIntents(new LogError('LogClosed'));
      for (const { reject } of flushWaiters.splice(0)) reject(new LogError('LogClosed'));
      await segments.close();
    },
  };
}

const queuedOf = (entry: Entry): Queued => ({ entry, size: sizeOf(entry) });

const sizeSum = (batch: readonly Queued[]): number => {
  let sum = 0;
  for (const { size } of batch) sum += size;
  return sum;
};

function previousOf(segments: Segments): { readonly segment: number; readonly end: number } {
  const segment = segments.number - 1;
  return { segment, end: segments.lengths().get(segment) ?? 0 };
}
