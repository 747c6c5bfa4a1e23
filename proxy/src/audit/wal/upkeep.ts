import { sleep, type Clock } from '@chaperone/crds/client/clock';
import type { Adopter } from './adopter.ts';
import type { CommitQueue } from './commit-queue.ts';
import type { FileSystem } from './file-system.ts';
import type { OpenIntent, OpenIntents } from './open-intents.ts';
import type { Ownership } from './ownership.ts';
import type { RecordChain } from './record-chain.ts';
import { segmentPath, type Segments } from './segments.ts';
import type { Space } from './space.ts';
import type { LogEvent } from './write-ahead-log.ts';
import {
  isDrained,
  persistAcknowledged,
  removeDirectory,
  removeSegment,
  type WriterDirectory,
} from './writer-directory.ts';

/** How long and how much the log keeps where it is itself the store of records. */
export interface Retention {
  readonly maxAgeMs: number;
  readonly maxBytes: number;
}

export interface UpkeepOptions {
  readonly files: FileSystem;
  readonly clock: Clock;
  readonly staleMs: number;
  readonly checkpointIntervalMs: number;
  readonly retention?: Retention | undefined;
  readonly own: WriterDirectory;
  readonly owned: Map<string, WriterDirectory>;
  readonly segments: Segments;
  readonly queue: CommitQueue;
  readonly chain: RecordChain;
  readonly intents: OpenIntents;
  readonly space: Space;
  readonly adopter: Adopter;
  readonly ownership: Ownership;
  readonly recordUnknown: (intent: OpenIntent, writer: string) => void;
  /** Called after segments may have come or gone. */
  readonly measure: () => void;
  readonly observe: (event: LogEvent) => void;
}

/** What the log does beside the calls: removing, adopting, vouching, measuring. */
export interface Upkeep {
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Removes what is drained, and leaves the rest to others. */
  leave(): Promise<void>;
}

const TICK_MS = 500;
const SPACE_MS = 5_000;
const RETENTION_MS = 10_000;

export function newUpkeep(options: UpkeepOptions): Upkeep {
  const { files, clock, own, owned, segments, queue, chain, intents, space, adopter, ownership } = options;
  const stopping = new AbortController();
  const due = new Map<string, number>();
  let adopting: Promise<void> | undefined;
  let running: Promise<unknown> | undefined;
  let segmentBegunAt = clock.monotonic();
  let segmentNumber = 0;

  function isDue(task: string, everyMs: number): boolean {
    const now = clock.monotonic();
    if (now < (due.get(task) ?? -Infinity)) return false;
    due.set(task, now + everyMs);
    return true;
  }

  /** Removes segments up to this one. Intents in them that are still open are written again first. */
  async function removeUpTo(directory: WriterDirectory, upTo: number): Promise<void> {
    const old = [...directory.lengths().keys()].filter((number) => number <= upTo);
    const last = old.at(-1);
    if (last === undefined) return;
    if (directory === own) {
      const carried = intents.inSegments(last);
      for (const { auditID, text } of carried) queue.push({ type: 'Intent', auditID, text }, false);
      if (carried.length > 0) await queue.flushed();
      // One is about to be closed, or has come to be so meanwhile: another time.
      if (intents.isPinned(last)) return;
    }
    for (const number of old) await removeSegment(files, directory, number);
  }

  /** It is owned until it is gone: else it would be found and adopted while it is being removed. */
  async function removeOwned(directory: WriterDirectory): Promise<void> {
    await removeDirectory(files, directory);
    owned.delete(directory.writer);
  }

  async function reclaim(): Promise<void> {
    for (const directory of owned.values()) {
      if (directory !== own && isDrained(directory)) {
        await removeOwned(directory);
        continue;
      }
      // Removed first: on a full disk nothing else makes the space that is needed to write down how far that went. What
      // is not written down is sent again, where it still is.
      await removeUpTo(directory, directory.acknowledged.segment - 1);
      await persistAcknowledged(files, directory);
    }
  }

  /** Each segment that is full, with its age: the one that is written is never among them. */
  async function sealed(): Promise<{ directory: WriterDirectory; number: number; length: number; ageMs: number }[]> {
    const all = [];
    for (const directory of owned.values())
      for (const [number, length] of directory.lengths()) {
        if (directory === own && number >= segments.number) continue;
        const { modifiedMs } = await files.stat(segmentPath(directory.path, number));
        all.push({ directory, number, length, ageMs: clock.now() - modifiedMs });
      }
    return all.toSorted((left, right) => right.ageMs - left.ageMs);
  }

  async function retain({ maxAgeMs, maxBytes }: Retention): Promise<void> {
    const all = await sealed();
    let bytes = all.reduce((sum, { length }) => sum + length, segments.offset);
    for (const { directory, number, length, ageMs } of all) {
      if (ageMs <= maxAgeMs && bytes <= maxBytes) break;
      await removeUpTo(directory, number);
      bytes -= length;
    }
    for (const directory of owned.values()) {
      if (directory === own || directory.lengths().size > 0) continue;
      await removeOwned(directory);
    }
    // A log that grows slowly is cut, too: what is too old must not be kept because what is new is in the same segment.
    if (clock.monotonic() - segmentBegunAt > maxAgeMs / 8) queue.rotateNext();
  }

  function closeAbandoned(): void {
    if (queue.lastError() !== undefined) return;
    for (const intent of intents.abandoned()) options.recordUnknown(intent, own.writer);
  }

  async function tick(): Promise<void> {
    if (segmentNumber !== segments.number) {
      segmentNumber = segments.number;
      segmentBegunAt = clock.monotonic();
    }
    if (own.claim.loss() !== undefined && isDue('lost', Infinity)) options.observe({ type: 'Lost' });
    if (isDue('space', SPACE_MS)) await space.sample((writer) => owned.has(writer));
    // While nothing can be written there is nothing new to vouch for, and memory is short.
    if (queue.lastError() === undefined && clock.monotonic() - chain.checkpointedAt() >= options.checkpointIntervalMs)
      chain.checkpoint('Periodic');
    closeAbandoned();
    if (adopting === undefined && isDue('adopt', options.staleMs / 5))
      adopting = adopter
        .look()
        .catch((error: unknown) => options.observe({ type: 'AdoptionFailed', writer: '', error }))
        .finally(() => (adopting = undefined));
    if (adopter.isClosing()) return;
    if (options.retention === undefined) await reclaim();
    else if (isDue('retain', RETENTION_MS)) await retain(options.retention);
  }

  async function tickSafely(): Promise<void> {
    try {
      await tick();
      options.measure();
    } catch (error) {
      options.observe({ type: 'UpkeepFailed', error });
    }
  }

  async function repeat(task: () => Promise<void>, everyMs: number): Promise<void> {
    while (!stopping.signal.aborted) {
      await task();
      await sleep(clock, everyMs, stopping.signal);
    }
  }

  return {
    async start() {
      await space.sample((writer) => owned.has(writer));
      // Apart from the rest, which may wait for a disk: a slow owner must not pass for a dead one.
      running = Promise.all([repeat(tickSafely, TICK_MS), repeat(() => ownership.beat(), options.staleMs / 5)]);
    },
    async stop() {
      stopping.abort();
      await running;
      await adopting;
    },
    async leave() {
      for (const directory of owned.values()) {
        try {
          await persistAcknowledged(files, directory);
          if (options.retention === undefined && isDrained(directory)) await removeDirectory(files, directory);
          else await directory.claim.release();
        } catch (error) {
          options.observe({ type: 'UpkeepFailed', error });
        }
      }
    },
  };
}
