import type { Clock } from '@chaperone/crds/client/clock';
import type { SigningKey } from '@chaperone/crds/audit/signing-keys';
import { closeChain } from './adoption.ts';
import type { FileSystem } from './file-system.ts';
import { codeOf } from './log-error.ts';
import type { OpenIntent } from './open-intents.ts';
import type { Claim, Ownership } from './ownership.ts';
import { segmentPath } from './segments.ts';
import { isWriterId, readAcknowledged, readWriterFacts, type WriterDirectory } from './writer-directory.ts';
import { scanWriter, type WriterScan } from './writer-scan.ts';
import type { LogEvent } from './write-ahead-log.ts';

export interface AdopterOptions {
  readonly files: FileSystem;
  readonly clock: Clock;
  readonly directory: string;
  readonly writer: string;
  readonly ownership: Ownership;
  /** What is adopted is put in here. */
  readonly owned: Map<string, WriterDirectory>;
  readonly key: () => SigningKey;
  readonly recordUnknown: (intent: OpenIntent, writer: string) => void;
  readonly flushed: () => Promise<void>;
  readonly adopted: () => void;
  readonly observe: (event: LogEvent) => void;
}

/** Takes over the directories of writers that have died. */
export interface Adopter {
  /** Looks at each directory once. One is adopted when it has been looked at for long enough. */
  look(): Promise<void>;
  /**
   * Whether calls of others are being closed. The records of that stay until their writers' chains are closed: whoever
   * might have to do it again finds it done.
   */
  isClosing(): boolean;
}

interface Found {
  readonly claim: Claim;
  readonly scan: WriterScan;
}

export function newAdopter(options: AdopterOptions): Adopter {
  const { files, directory, writer, ownership, owned, observe } = options;
  /** AuditIDs that adopted writers have closed for others. */
  const closedElsewhere = new Set<string>();
  let closing = 0;

  async function find(other: string): Promise<Found | undefined> {
    const path = `${directory}/${other}`;
    let claim: Claim | undefined;
    try {
      const epoch = await ownership.freeAfter(path);
      claim = epoch === undefined ? undefined : await ownership.claim(path, epoch);
      return claim === undefined ? undefined : { claim, scan: await scanWriter(files, path, other) };
    } catch (error) {
      await claim?.release().catch(() => undefined);
      // Another has shipped it all and removed it, or it is no directory.
      if (codeOf(error) !== 'ENOENT' && codeOf(error) !== 'ENOTDIR')
        observe({ type: 'AdoptionFailed', writer: other, error });
      return undefined;
    }
  }

  /** Returns how many outcomes are unknown. */
  async function closeOrphans({ openIntents, writer: other }: WriterScan): Promise<number> {
    let count = 0;
    for (const [auditID, text] of openIntents) {
      if (closedElsewhere.has(auditID)) continue;
      options.recordUnknown({ auditID, text }, other);
      // If closing the chain fails, the next attempt finds this done.
      closedElsewhere.add(auditID);
      count += 1;
    }
    await options.flushed();
    return count;
  }

  /** What was made ready and what was torn: no reader need look at it again. */
  async function cutTails(path: string, lengths: ReadonlyMap<number, number>): Promise<void> {
    for (const [segment, length] of lengths) {
      const file = segmentPath(path, segment);
      if ((await files.stat(file)).size > length) await files.truncate(file, length);
    }
  }

  /** Returns how many outcomes are unknown, and when the chain was closed. */
  async function close(
    { claim, scan }: Found,
    lengths: Map<number, number>,
  ): Promise<{ unknownOutcomes: number; end: string }> {
    closing += 1;
    try {
      const unknownOutcomes = await closeOrphans(scan);
      const how = { ...options, directory: claim.directory, adopter: writer, key: options.key() };
      const { segment, length, time } = await closeChain(scan, how);
      lengths.set(segment, length);
      return { unknownOutcomes, end: time };
    } finally {
      closing -= 1;
    }
  }

  async function adopt(found: Found): Promise<void> {
    const { claim, scan } = found;
    const lengths = new Map(scan.lengths);
    let unknownOutcomes = 0;
    let end = scan.checkpoint?.kind === 'Final' ? scan.checkpoint.time : undefined;
    // One that never wrote, or whose removal was cut short, has no chain to close.
    if (scan.checkpoint?.kind !== 'Final' && scan.lastBatch > 0) {
      await cutTails(claim.directory, lengths);
      ({ unknownOutcomes, end } = await close(found, lengths));
    }
    const acknowledged = await readAcknowledged(files, claim.directory);
    const facts = await readWriterFacts(files, claim.directory);
    owned.set(scan.writer, {
      writer: scan.writer,
      path: claim.directory,
      claim,
      lengths: () => lengths,
      forget: (segment) => void lengths.delete(segment),
      isEnded: () => true,
      acknowledged,
      persisted: acknowledged,
    });
    for (const fault of scan.faults) observe({ type: 'Fault', fault });
    const { writer: other, records, sequence, chain } = scan;
    const ended = end === undefined || facts === undefined ? undefined : { ...facts, end, head: { sequence, chain } };
    observe({ type: 'Adopted', writer: other, records, unknownOutcomes, ended });
    options.adopted();
  }

  return {
    isClosing: () => closing > 0,
    async look() {
      const found: Found[] = [];
      for (const name of await files.readdir(directory)) {
        if (owned.has(name) || !isWriterId(name)) continue;
        const each = await find(name);
        if (each !== undefined) found.push(each);
      }
      // One that died while it adopted another has closed some of the other's calls: all are read before any is closed.
      for (const { scan } of found) for (const auditID of scan.closedElsewhere) closedElsewhere.add(auditID);
      for (const each of found) {
        try {
          await adopt(each);
        } catch (error) {
          observe({ type: 'AdoptionFailed', writer: each.scan.writer, error });
          await each.claim.release().catch(() => each.claim.drop());
        }
      }
    },
  };
}
