import type { Clock } from '@chaperone/crds/client/clock';
import type { SigningKey } from '../signing-keys.ts';
import { closeChain } from './adoption.ts';
import type { FileSystem } from './file-system.ts';
import { codeOf } from './log-error.ts';
import type { OpenIntent } from './open-intents.ts';
import type { Claim, Ownership } from './ownership.ts';
import { isWriterId, readAcknowledged, type WriterDirectory } from './writer-directory.ts';
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
}

interface Found {
  readonly claim: Claim;
  readonly scan: WriterScan;
}

export function newAdopter(options: AdopterOptions): Adopter {
  const { files, directory, writer, ownership, owned, observe } = options;
  /** AuditIDs that adopted writers have closed for others. */
  const closedElsewhere = new Set<string>();

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

  async function adopt({ claim, scan }: Found): Promise<void> {
    const lengths = new Map(scan.lengths);
    let unknownOutcomes = 0;
    if (scan.checkpoint?.kind !== 'Final') {
      unknownOutcomes = await closeOrphans(scan);
      const closing = { ...options, directory: claim.directory, adopter: writer, key: options.key() };
      const { segment, length } = await closeChain(scan, closing);
      lengths.set(segment, length);
    }
    const acknowledged = await readAcknowledged(files, claim.directory);
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
    observe({ type: 'Adopted', writer: scan.writer, records: scan.records, unknownOutcomes });
    options.adopted();
  }

  return {
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
