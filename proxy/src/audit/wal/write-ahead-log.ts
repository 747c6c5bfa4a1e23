import type { Clock } from '@chaperone/crds/client/clock';
import type { SigningKey } from '@chaperone/crds/audit/signing-keys';
import { newAdopter } from './adopter.ts';
import { newCommitQueue } from './commit-queue.ts';
import { seedOf, type Entry } from './entry.ts';
import type { FileSystem } from './file-system.ts';
import { LogError } from './log-error.ts';
import type { LoggedEntry, LogPosition } from './log-reader.ts';
import { newLogTail } from './log-tail.ts';
import { newOpenIntents, type OpenIntent } from './open-intents.ts';
import { newOwnership } from './ownership.ts';
import { newRecordChain, type ChainedRecord, type NewRecord } from './record-chain.ts';
import { newSegments, type Durability } from './segments.ts';
import { newSpace } from './space.ts';
import { newUpkeep, type Retention } from './upkeep.ts';
import { isWriterId, type WriterDirectory, type WriterFacts } from './writer-directory.ts';
import type { LogFault, SegmentHeader } from './writer-scan.ts';

/** What the log has to tell beside its records. */
export type LogEvent =
  | { readonly type: 'Fault'; readonly fault: LogFault }
  | {
      readonly type: 'Adopted';
      readonly writer: string;
      readonly records: number;
      readonly unknownOutcomes: number;
      /** Where its chain ends; undefined where it has none, or where nothing tells whose it was. */
      readonly ended: EndedWriter | undefined;
    }
  | { readonly type: 'AdoptionFailed'; readonly writer: string; readonly error: unknown }
  | { readonly type: 'UpkeepFailed'; readonly error: unknown }
  /** Another process has taken this writer for dead. Nothing can be written any more: the process has to start anew. */
  | { readonly type: 'Lost' };

/** A writer whose chain is closed. */
export interface EndedWriter {
  readonly replica: string;
  readonly start: string;
  readonly end: string;
  readonly head: ChainHead;
}

/** Where a chain stands. */
export interface ChainHead {
  readonly sequence: number;
  readonly chain: string;
}

export interface WriteAheadLogOptions {
  readonly files: FileSystem;
  readonly clock: Clock;
  /** Holds a directory for each writer. */
  readonly directory: string;
  readonly writer: WriterFacts;
  readonly durability: Durability;
  readonly commitIntervalMs: number;
  readonly segmentBytes: number;
  /** Of all segments of all writers; past it intents are refused. */
  readonly maxBytes: number;
  /** With less free space on the volume intents are refused. */
  readonly minFreeBytes: number;
  /** Of entries that wait in memory for the disk. */
  readonly queueBytes: number;
  /** An intent that is not written in this time is refused. */
  readonly slowMs: number;
  readonly checkpointRecords: number;
  readonly checkpointIntervalMs: number;
  /** An owner that is not heard of for so long has died. */
  readonly staleMs: number;
  /** Where nothing acknowledges: the log itself is the store, for so long and so much. */
  readonly retention?: Retention | undefined;
  readonly key: SigningKey;
  /** `event.original` of the record that tells that nobody knows what became of a call. */
  readonly unknownOutcome: (intent: OpenIntent, writer: string) => string;
  /** Whether a writer is known to have ended: then its directory is taken over at once. */
  readonly isGone?: ((writer: string) => boolean) | undefined;
  readonly observe: (event: LogEvent) => void;
}

/** Sizes for metrics and for people. */
export interface LogState {
  /** Of this process's segments, those it has adopted among them. */
  readonly bytes: number;
  /** Of the segments of other writers on the same volume. */
  readonly othersBytes: number;
  readonly queueBytes: number;
  readonly openIntents: number;
  readonly writers: number;
  readonly head: ChainHead;
  /** What of the chain is on stable storage: a crash does not take it back. */
  readonly durable: ChainHead;
}

/**
 * The durable part of recording. One process start is one writer; its intents and records go to segments of its own,
 * its records in a chain of hashes. What writers before it left behind is closed and read with it.
 */
export interface WriteAheadLog {
  readonly writer: string;
  /** Resolves once the intent is on stable storage. @throws LogError: nothing may be done under it. */
  appendIntent(auditID: string, text: string): Promise<void>;
  /**
   * Puts the record into the chain; it is written within the commit interval.
   * @throws LogError if memory is used up, or, of a record that closes nothing, the log. If it was to close an intent,
   *   the log closes that by itself as an unknown outcome when it can.
   */
  appendRecord(record: NewRecord): ChainedRecord;
  /** Keeps a registry of writers with the records; it is no part of the chain. @throws LogError if memory is used up */
  appendRegistry(text: string): void;
  /** The call of an intent has ended, and policy keeps no record of it. */
  closeUnrecorded(auditID: string): void;
  /** Resolves when all that was appended before is on stable storage. @throws LogError LogClosed */
  flushed(): Promise<void>;
  /** Records and checkpoints of this writer and of adopted ones from what has been acknowledged on; goes on until `finish` or the signal. */
  read(signal: AbortSignal): AsyncGenerator<LoggedEntry, void, void>;
  /** All of the position's writer up to there is in the store of records. */
  acknowledge(position: LogPosition): void;
  /** Checkpoints are signed with this key from now on. */
  rotateKey(key: SigningKey): void;
  /** Why intents are refused now; undefined while all is well. */
  lastError(): LogError | undefined;
  state(): LogState;
  /** Takes nothing more, closes what is open as unknown, and vouches for the end of the chain. Reading ends after it. */
  finish(): Promise<void>;
  /** Lets go of everything; drained directories are removed, others are for whoever starts next. */
  close(): Promise<void>;
}

/** Characters of texts of intents that are open: each is held, as it may have to be written again. */
const OPEN_INTENTS_SIZE = 64 * 1024 * 1024;

/** Begins a writer. What others left behind is looked for in the background. @throws errors of the file system. */
export async function openWriteAheadLog(options: WriteAheadLogOptions): Promise<WriteAheadLog> {
  const { files, clock, directory, observe } = options;
  const writer = options.writer.id;
  if (!isWriterId(writer)) throw new TypeError('the id of a writer must be fit for the name of a directory');
  const path = `${directory}/${writer}`;
  await files.makeDirectory(path);
  const ownership = newOwnership({ files, clock, holder: writer, staleMs: options.staleMs, isGone: options.isGone });
  const claim = await ownership.claim(path, 0);
  if (claim === undefined) throw new TypeError('another process writes under the same id');
  await files.replaceFile(`${path}/writer.json`, `${JSON.stringify(options.writer)}\n`);
  await files.syncDirectory(path);
  await files.syncDirectory(directory);

  const segments = newSegments({ ...options, directory: path });
  const intents = newOpenIntents();
  const space = newSpace(options);
  let committedHead: ChainHead;
  let finished = false;
  let ended = false;

  const queue = newCommitQueue({
    ...options,
    segments,
    seed: seedOf(writer),
    header(previous) {
      const header: SegmentHeader = {
        version: 1,
        writer,
        segment: segments.number,
        firstSequence: committedHead.sequence + 1,
        previousChain: committedHead.chain,
        previous,
        time: new Date(clock.now()).toISOString(),
      };
      return JSON.stringify(header);
    },
    committed(entries, segment) {
      intents.committed(entries, segment);
      const last = entries.findLast((entry) => entry.type === 'Record');
      if (last?.type === 'Record') committedHead = { sequence: last.sequence, chain: last.chain };
      tail.wake();
    },
    permission: () => (claim.isCertain() ? undefined : claim.verify()),
  });
  const push = (entry: Entry): void => queue.push(entry, entry.type === 'Record');
  const chain = newRecordChain({ ...options, writer, push });
  committedHead = chain.head();

  const own: WriterDirectory = {
    writer,
    path,
    claim,
    lengths: () => segments.lengths(),
    forget: (segment) => segments.forget(segment),
    isEnded: () => ended,
    acknowledged: { segment: 0, offset: 0 },
    persisted: { segment: 0, offset: 0 },
  };
  const owned = new Map<string, WriterDirectory>([[writer, own]]);
  const tail = newLogTail({ files, clock, owned, fault: (fault) => observe({ type: 'Fault', fault }) });

  let adoptedBytes = 0;
  function measure(): void {
    adoptedBytes = 0;
    for (const each of owned.values())
      if (each !== own) for (const length of each.lengths().values()) adoptedBytes += length;
  }
  // Asked for each call: segments are not gone through.
  const bytes = (): number => segments.bytes + adoptedBytes;

  function intentRefusal(text: string): LogError | undefined {
    if (finished) return new LogError('LogClosed');
    const loss = own.claim.loss();
    if (loss !== undefined) return loss;
    if (intents.size + text.length > OPEN_INTENTS_SIZE)
      return new LogError('LogFull', new Error('too many calls are open'));
    return space.refusal(bytes() + queue.bytes());
  }

  function appendRecord(record: NewRecord): ChainedRecord {
    const { auditID, closes } = record;
    try {
      if (ended) throw new LogError('LogClosed');
      const loss = own.claim.loss();
      if (loss !== undefined) throw loss;
      const full = closes ? undefined : space.refusal(bytes() + queue.bytes());
      if (full !== undefined) throw full;
      const chained = chain.append(record);
      if (closes) intents.closing(auditID);
      return chained;
    } catch (error) {
      if (closes) intents.abandon(auditID);
      throw error;
    }
  }

  const recordUnknown = (intent: OpenIntent, of: string): ChainedRecord =>
    appendRecord({ auditID: intent.auditID, closes: true, original: options.unknownOutcome(intent, of) });

  const adopter = newAdopter({
    ...options,
    ownership,
    owned,
    writer,
    key: () => key,
    recordUnknown,
    flushed: () => queue.flushed(),
    adopted() {
      measure();
      tail.wake();
    },
  });
  let key = options.key;
  const upkeep = newUpkeep({
    ...options,
    own,
    owned,
    segments,
    queue,
    chain,
    intents,
    space,
    adopter,
    ownership,
    recordUnknown,
    measure,
  });
  await upkeep.start();

  return {
    writer,
    appendIntent(auditID, text) {
      const refusal = intentRefusal(text);
      return refusal === undefined ? queue.write({ type: 'Intent', auditID, text }) : Promise.reject(refusal);
    },
    appendRecord,
    appendRegistry(text) {
      if (finished) return;
      queue.push({ type: 'Registry', text }, true);
    },
    closeUnrecorded(auditID) {
      if (ended) return;
      intents.closing(auditID);
      push({ type: 'Revoked', auditID, text: '' });
    },
    flushed: () => queue.flushed(),
    read: (signal) => tail.read(signal),
    acknowledge({ writer: of, segment, offset }) {
      const target = owned.get(of);
      if (target === undefined) return;
      const known = target.acknowledged;
      if (segment > known.segment || (segment === known.segment && offset > known.offset))
        target.acknowledged = { segment, offset };
    },
    rotateKey(next) {
      chain.handOver(next);
      key = next;
    },
    lastError: () => queue.lastError() ?? intentRefusal(''),
    state: () => ({
      bytes: bytes(),
      othersBytes: space.othersBytes(),
      queueBytes: queue.bytes(),
      openIntents: intents.count,
      writers: owned.size,
      head: chain.head(),
      durable: committedHead,
    }),
    async finish() {
      if (finished) return;
      finished = true;
      await upkeep.stop();
      for (const intent of intents.all()) recordUnknown(intent, writer);
      chain.checkpoint('Final');
      await queue.flushed();
      ended = true;
      tail.finish();
    },
    async close() {
      finished = true;
      await upkeep.stop();
      tail.finish();
      await queue.close();
      ended = true;
      await upkeep.leave();
    },
  };
}
