import { hash } from 'node:crypto';
import { z } from 'zod';
import { isHash } from '@chaperone/crds/audit/hash';
import { isSignedBy, type PublicKey, type SigningKey } from '@chaperone/crds/audit/signing-keys';

const sequence = z.int().min(0);
const digest = z.string().refine(isHash, 'must be a SHA-256 in lower-case hexadecimal');
const line = z.string().regex(/^[\x20-\x7e]*$/u, 'must be one line of ASCII');

const bodyShape = {
  writer: line.min(1),
  /** Counts the writer's checkpoints, from 1. */
  number: sequence.min(1),
  /**
   * Periodic: after so many records or so much time, idle or not. HandOver: names the key that signs from here on.
   * Final: the writer has ended; there are no records after it.
   */
  kind: z.enum(['Periodic', 'HandOver', 'Final']),
  firstSequence: sequence.min(1),
  /** One less than `firstSequence` where nothing was recorded since the checkpoint before. */
  lastSequence: sequence,
  /** Records under the Merkle root. Fewer than the sequence numbers only where the log itself was damaged. */
  count: sequence,
  /** The chain after `lastSequence`. */
  chain: digest,
  merkleRoot: digest,
  /** The hash of the checkpoint before; of the first one the hash of nothing. */
  previousCheckpoint: digest,
  /** RFC 3339. */
  time: z.iso.datetime(),
  keyId: digest,
  /** Of a HandOver: the SubjectPublicKeyInfo in base64 of the key that signs next. */
  nextKey: line.optional(),
  /** The writer that closed the chain of one that had died. */
  adopter: line.optional(),
};

export const checkpointSchema = z.strictObject({ ...bodyShape, signature: line });

/** What a writer vouches for: where its chain stands, and a root by which one record alone can be proved. */
export type Checkpoint = Readonly<z.output<typeof checkpointSchema>>;
export type CheckpointBody = Omit<Checkpoint, 'signature'>;
export type CheckpointKind = Checkpoint['kind'];

export const NO_CHECKPOINT = hash('sha256', '', 'hex');

/** What is signed: one field a line, in an order of its own, so that no JSON writer's habits matter. */
export function canonicalText(body: CheckpointBody): string {
  return [
    'chaperone.dev/audit/checkpoint/v1',
    `writer ${body.writer}`,
    `number ${body.number}`,
    `kind ${body.kind}`,
    `first-sequence ${body.firstSequence}`,
    `last-sequence ${body.lastSequence}`,
    `count ${body.count}`,
    `chain ${body.chain}`,
    `merkle-root ${body.merkleRoot}`,
    `previous-checkpoint ${body.previousCheckpoint}`,
    `time ${body.time}`,
    `key ${body.keyId}`,
    ...(body.nextKey === undefined ? [] : [`next-key ${body.nextKey}`]),
    ...(body.adopter === undefined ? [] : [`adopter ${body.adopter}`]),
    '',
  ].join('\n');
}

export function signCheckpoint(body: Omit<CheckpointBody, 'keyId'>, key: SigningKey): Checkpoint {
  const complete = { ...body, keyId: key.id };
  return { ...complete, signature: key.sign(canonicalText(complete)) };
}

export const isCheckpointSigned = (checkpoint: Checkpoint, key: PublicKey): boolean =>
  isSignedBy(key, canonicalText(checkpoint), checkpoint.signature);

/** What the next checkpoint names as the one before it. The signature is part: two signed ones never pass for one. */
export const checkpointHash = (checkpoint: Checkpoint): string =>
  hash('sha256', `${canonicalText(checkpoint)}${checkpoint.signature}\n`, 'hex');
