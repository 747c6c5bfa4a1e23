import { isHash } from '@chaperone/crds/audit/hash';
import { eventHash, genesisChain, nextChain } from '../chain.ts';
import type { Checkpoint } from '../checkpoint.ts';
import { newMerkleRoot } from '../merkle.ts';
import type { RegisteredWriter } from '@chaperone/crds/audit/registry';
import type { Finding } from './finding.ts';

/** A record as it was found, wherever it was. */
export interface FoundRecord {
  readonly writer: string;
  readonly sequence: number;
  readonly previousChain: string;
  readonly chain: string;
  readonly original: string;
  /** For findings: an index and an id, or a file and an offset. */
  readonly place?: string | undefined;
}

export interface WriterCheckOptions {
  readonly writer: string;
  /** Those that are vouched for, in order. */
  readonly checkpoints: readonly Checkpoint[];
  readonly registered: RegisteredWriter | undefined;
  /** Records up to this number may have been removed by retention. */
  readonly expiredUpTo: number;
}

/** Checks the records of one writer, which come in the order of their numbers. Holds the same few values however many there are. */
export interface WriterCheck {
  record(record: FoundRecord): readonly Finding[];
  end(): readonly Finding[];
}

/** So far from its number a record's true one is looked for. */
const REORDER_REACH = 64;

export function newWriterCheck({ writer, checkpoints, registered, expiredUpTo }: WriterCheckOptions): WriterCheck {
  /** Of the records from `batchStart` on, without a gap. */
  const batch = newMerkleRoot();
  let batchStart = 1;
  let sequence = 0;
  /** The chain at `sequence`; undefined where it cannot be known, after a gap. */
  let chain: string | undefined = genesisChain(writer);
  let last: { readonly hash: string; readonly chain: string; readonly previousChain: string } | undefined;
  let index = 0;
  const final = checkpoints.at(-1)?.kind === 'Final' ? checkpoints.at(-1) : undefined;

  const finding = (kind: Finding['kind'], message: string, about: Partial<Finding>): Finding => ({
    kind,
    writer,
    message,
    ...about,
  });

  /** Compares with the checkpoints that end where the records are now. */
  function reachCheckpoints(): Finding[] {
    const findings: Finding[] = [];
    for (
      let next = checkpoints[index];
      next !== undefined && next.lastSequence <= sequence;
      next = checkpoints[++index]
    ) {
      if (next.lastSequence < sequence) continue;
      const about = { checkpoint: next.number, sequences: [next.firstSequence, next.lastSequence] as const };
      if (chain !== undefined && next.chain !== chain)
        findings.push(finding('Altered', 'the chain is not the one that was vouched for', about));
      else if (isOther(next))
        findings.push(finding('Altered', 'the records are not those that were vouched for', about));
      ({ chain } = next);
    }
    return findings;
  }

  function isOther({ firstSequence, lastSequence, count, merkleRoot }: Checkpoint): boolean {
    if (lastSequence < firstSequence || batchStart !== firstSequence) return false;
    return count !== batch.size || merkleRoot !== batch.root();
  }

  /** Goes over a gap. A checkpoint that ends with it says where the chain stands. */
  function skipTo(next: number): Finding[] {
    const gap = [sequence + 1, next - 1] as const;
    const isExpired = last === undefined && next - 1 <= expiredUpTo;
    chain = undefined;
    for (let each = checkpoints[index]; each !== undefined && each.lastSequence < next; each = checkpoints[++index])
      if (each.lastSequence === next - 1) ({ chain } = each);
    return isExpired ? [] : [finding('Missing', 'records are missing', { sequences: gap })];
  }

  function link(record: FoundRecord, hash: string, about: Partial<Finding>): Finding[] {
    const { sequence: number, previousChain } = record;
    const isWhole = isHash(previousChain) && isHash(record.chain);
    const isOwn = isWhole && nextChain(previousChain, hash, number) === record.chain;
    if (isOwn && (chain === undefined || chain === previousChain)) return [];
    if (isOwn) return [finding('Reordered', 'the record does not follow the one before it', about)];
    const other = isWhole ? otherNumber(record, hash) : undefined;
    return other === undefined
      ? [finding('Altered', 'the record is not what was recorded', about)]
      : [finding('Reordered', `the record was recorded under the number ${other}`, about)];
  }

  function beyondEnd(number: number, about: Partial<Finding>): Finding[] {
    const end = registered?.end === undefined ? final?.lastSequence : registered.head.sequence;
    return end === undefined || number <= end
      ? []
      : [finding('Altered', 'the record follows the end of its writer', about)];
  }

  function follow(record: FoundRecord, hash: string): void {
    const { sequence: number, chain: own, previousChain } = record;
    if (number !== sequence + 1 || number === checkpoints[index]?.firstSequence) {
      batch.clear();
      batchStart = number;
    }
    batch.add(hash);
    sequence = number;
    // It is the record's own word that is followed from here on: what comes after is not blamed for this one.
    chain = isHash(own) ? own : undefined;
    last = { hash, chain: own, previousChain };
  }

  function again(record: FoundRecord, hash: string, about: Partial<Finding>): Finding[] {
    if (last?.hash === hash && last.chain === record.chain && last.previousChain === record.previousChain) return [];
    return [finding('DuplicatedWithDifference', 'two records that differ have one number', about)];
  }

  return {
    record(record) {
      const { sequence: number, place } = record;
      const about = { sequences: [number, number] as const, ...(place === undefined ? {} : { place }) };
      const hash = eventHash(record.original);
      if (last !== undefined && number === sequence) return again(record, hash, about);
      if (!Number.isSafeInteger(number) || number < 1 || number < sequence)
        return [finding('Reordered', 'the record does not come in the order of its number', about)];
      const findings = reachCheckpoints();
      if (number > sequence + 1) findings.push(...skipTo(number));
      findings.push(...beyondEnd(number, about), ...link(record, hash, about));
      follow(record, hash);
      if (registered?.head.sequence === number && registered.head.chain !== record.chain)
        findings.push(finding('Altered', 'the chain is not the one that the registry has', about));
      return findings;
    },
    end() {
      const findings = reachCheckpoints();
      const vouched = Math.max(registered?.head.sequence ?? 0, checkpoints.at(-1)?.lastSequence ?? 0);
      const about = { sequences: [sequence + 1, vouched] as const };
      if (vouched > sequence && last !== undefined)
        findings.push(finding('TruncatedTail', 'the end of the chain is missing', about));
      if (vouched > Math.max(sequence, expiredUpTo) && last === undefined)
        findings.push(finding('DroppedWriter', 'no record of this writer is there', about));
      if (registered?.end !== undefined && final === undefined && registered.head.sequence > expiredUpTo)
        findings.push(finding('TruncatedTail', 'the writer has ended, and its last checkpoint is missing', {}));
      return findings;
    },
  };
}

function otherNumber({ sequence, previousChain, chain }: FoundRecord, hash: string): number | undefined {
  for (let number = Math.max(1, sequence - REORDER_REACH); number <= sequence + REORDER_REACH; number++)
    if (nextChain(previousChain, hash, number) === chain) return number;
  return undefined;
}
