import { checkpointHash, checkpointSchema, isCheckpointSigned, NO_CHECKPOINT, type Checkpoint } from '../checkpoint.ts';
import { publicKeyOf, type PublicKey } from '@chaperone/crds/audit/signing-keys';
import type { Finding } from './finding.ts';

/** What is vouched for of one writer. Only what a key in good standing has signed is in it. */
export interface VouchedWriter {
  readonly checkpoints: readonly Checkpoint[];
  readonly findings: readonly Finding[];
}

/** Keys that may sign, by id. Hand-overs add to it. */
export type KeyRing = Map<string, PublicKey>;

/** Reads checkpoints, in any order, documents that came twice among them, into one list for each writer. */
export function readCheckpoints(values: Iterable<unknown>): {
  readonly byWriter: ReadonlyMap<string, readonly Checkpoint[]>;
  readonly findings: readonly Finding[];
} {
  const byWriter = new Map<string, Map<string, Checkpoint>>();
  const findings: Finding[] = [];
  for (const value of values) {
    const parsed = checkpointSchema.safeParse(value);
    if (!parsed.success) {
      findings.push(malformed(value));
      continue;
    }
    const known = byWriter.get(parsed.data.writer) ?? new Map<string, Checkpoint>();
    byWriter.set(parsed.data.writer, known.set(checkpointHash(parsed.data), parsed.data));
  }
  return {
    byWriter: new Map(
      [...byWriter].map(([writer, known]) => [
        writer,
        [...known.values()].toSorted((left, right) => left.number - right.number),
      ]),
    ),
    findings,
  };
}

function malformed(value: unknown): Finding {
  const hasNone =
    typeof value === 'object' &&
    value !== null &&
    (!('signature' in value) || value.signature === '' || value.signature === null);
  const writer =
    typeof value === 'object' && value !== null && 'writer' in value && typeof value.writer === 'string'
      ? value.writer
      : '';
  return hasNone
    ? { kind: 'UnsignedCheckpoint', writer, message: 'a checkpoint has no signature' }
    : { kind: 'Malformed', writer, message: 'a checkpoint cannot be read as one' };
}

/**
 * Checks signatures, and that each checkpoint follows the one before it.
 *
 * @param isExpired whether retention may have removed the checkpoints before this one.
 */
export function vouchFor(
  writer: string,
  all: readonly Checkpoint[],
  keys: KeyRing,
  isExpired: (first: Checkpoint) => boolean,
): VouchedWriter {
  const findings: Finding[] = [];
  const checkpoints: Checkpoint[] = [];
  for (const checkpoint of all) {
    const about = (kind: Finding['kind'], message: string): Finding => ({
      kind,
      writer,
      checkpoint: checkpoint.number,
      sequences: [checkpoint.firstSequence, checkpoint.lastSequence],
      message,
    });
    const trouble =
      troubleOf(checkpoint, keys, about) ?? misfitOf(checkpoint, { before: checkpoints.at(-1), about, isExpired });
    if (trouble !== undefined) findings.push(trouble);
    // What does not fit is told, and still vouches: it is signed.
    if (trouble !== undefined && trouble.kind !== 'Missing') continue;
    checkpoints.push(checkpoint);
    const next = checkpoint.nextKey === undefined ? undefined : publicKeyOf(checkpoint.nextKey);
    if (checkpoint.kind === 'HandOver' && next !== undefined) keys.set(next.id, next);
  }
  return { checkpoints, findings };
}

type About = (kind: Finding['kind'], message: string) => Finding;

function troubleOf(checkpoint: Checkpoint, keys: KeyRing, about: About): Finding | undefined {
  if (checkpoint.signature === '') return about('UnsignedCheckpoint', 'a checkpoint has no signature');
  const key = keys.get(checkpoint.keyId);
  if (key === undefined) return about('UnknownKey', 'a checkpoint is signed by a key that nothing vouches for');
  if (!isCheckpointSigned(checkpoint, key))
    return about('ForgedCheckpoint', 'the signature of a checkpoint is not right');
  return undefined;
}

interface Place {
  readonly before: Checkpoint | undefined;
  readonly about: About;
  readonly isExpired: (first: Checkpoint) => boolean;
}

function misfitOf(checkpoint: Checkpoint, { before, about, isExpired }: Place): Finding | undefined {
  const { number, firstSequence, lastSequence, previousCheckpoint } = checkpoint;
  if (lastSequence < firstSequence - 1) return about('ForgedCheckpoint', 'a checkpoint ends before it begins');
  if (before === undefined) {
    if (number > 1)
      return isExpired(checkpoint) ? undefined : about('Missing', 'checkpoints are missing before this one');
    if (previousCheckpoint !== NO_CHECKPOINT || firstSequence !== 1)
      return about('ForgedCheckpoint', 'the first checkpoint does not begin at the beginning');
    return undefined;
  }
  if (before.kind === 'Final') return about('ForgedCheckpoint', 'a checkpoint follows the last one');
  if (number === before.number) return about('DuplicatedWithDifference', 'two checkpoints that differ have one number');
  if (number > before.number + 1) return about('Missing', 'checkpoints are missing before this one');
  if (previousCheckpoint !== checkpointHash(before) || firstSequence !== before.lastSequence + 1)
    return about('ForgedCheckpoint', 'a checkpoint does not follow the one before it');
  return undefined;
}
