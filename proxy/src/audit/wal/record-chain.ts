import type { Clock } from '@chaperone/crds/client/clock';
import { eventHash, genesisChain, nextChain } from '../chain.ts';
import { checkpointHash, NO_CHECKPOINT, signCheckpoint, type CheckpointKind } from '../checkpoint.ts';
import { newMerkleRoot } from '../merkle.ts';
import type { SigningKey } from '@chaperone/crds/audit/signing-keys';
import type { Entry } from './entry.ts';

/** A record as it stands in its writer's chain. */
export interface ChainedRecord {
  readonly writer: string;
  readonly sequence: number;
  /** SHA-256 of `event.original`. */
  readonly hash: string;
  readonly previousChain: string;
  readonly chain: string;
}

export interface NewRecord {
  /** Of the intent that it belongs to; '' where there is none. */
  readonly auditID: string;
  /** Whether nothing more is to come for this auditID. */
  readonly closes: boolean;
  /** `event.original`, whose UTF-8 is hashed. */
  readonly original: string;
}

/** Gives this writer's records their numbers and hashes, and vouches for them from time to time. */
export interface RecordChain {
  append(record: NewRecord): ChainedRecord;
  checkpoint(kind: CheckpointKind): void;
  /** The key that signs says which one signs from now on. */
  handOver(key: SigningKey): void;
  /** When the last checkpoint was made, by the monotonic clock. */
  checkpointedAt(): number;
  head(): { readonly sequence: number; readonly chain: string };
}

export interface RecordChainOptions {
  readonly writer: string;
  readonly key: SigningKey;
  readonly clock: Clock;
  /** A checkpoint follows so many records. */
  readonly checkpointRecords: number;
  /** Takes the entry, or throws: then the chain is as it was. Checkpoints are few and small: they are never refused. */
  readonly push: (entry: Entry) => void;
}

export function newRecordChain({ writer, key, clock, checkpointRecords, push }: RecordChainOptions): RecordChain {
  const batch = newMerkleRoot();
  let signer = key;
  let sequence = 0;
  let chain = genesisChain(writer);
  let number = 0;
  let checkpointed = 0;
  let previousCheckpoint = NO_CHECKPOINT;
  let checkpointedAt = clock.monotonic();

  function checkpoint(kind: CheckpointKind, nextKey?: string): void {
    const made = signCheckpoint(
      {
        writer,
        number: number + 1,
        kind,
        firstSequence: checkpointed + 1,
        lastSequence: sequence,
        count: batch.size,
        chain,
        merkleRoot: batch.root(),
        previousCheckpoint,
        time: new Date(clock.now()).toISOString(),
        ...(nextKey === undefined ? {} : { nextKey }),
      },
      signer,
    );
    push({ type: 'Checkpoint', text: JSON.stringify(made) });
    number += 1;
    checkpointed = sequence;
    previousCheckpoint = checkpointHash(made);
    checkpointedAt = clock.monotonic();
    batch.clear();
  }

  return {
    append({ auditID, closes, original }) {
      const hash = eventHash(original);
      const next = { sequence: sequence + 1, previousChain: chain, chain: nextChain(chain, hash, sequence + 1) };
      push({ type: 'Record', auditID, closes, ...next, text: original });
      ({ sequence, chain } = next);
      batch.add(hash);
      if (batch.size >= checkpointRecords) checkpoint('Periodic');
      return { writer, hash, ...next };
    },
    checkpoint: (kind) => checkpoint(kind),
    handOver(next) {
      if (next.id === signer.id) return;
      checkpoint('HandOver', next.publicKey);
      signer = next;
    },
    checkpointedAt: () => checkpointedAt,
    head: () => ({ sequence, chain }),
  };
}
