/**
 * Altered: the text, a hash or a number is not what was recorded. Missing: sequence numbers, or checkpoints, that are
 * not there. DuplicatedWithDifference: two that claim one number. Reordered: a record stands under another's number.
 * TruncatedTail: the end of a chain that is known to have been longer is not there. ForgedCheckpoint: one that its key
 * has not signed, or that contradicts what it vouches for. UnsignedCheckpoint: one without a signature. DroppedWriter:
 * a whole writer of the registry is not there. UnknownWriter: one that the registry does not have. UnknownKey: nothing
 * says that the key may sign. ForgedRegistry: its key has not signed it. Malformed: not to be read as what it should be.
 */
export type FindingKind =
  | 'Altered'
  | 'Missing'
  | 'DuplicatedWithDifference'
  | 'Reordered'
  | 'TruncatedTail'
  | 'ForgedCheckpoint'
  | 'UnsignedCheckpoint'
  | 'DroppedWriter'
  | 'UnknownWriter'
  | 'UnknownKey'
  | 'ForgedRegistry'
  | 'Malformed';

/** Something that is not as it was recorded. */
export interface Finding {
  readonly kind: FindingKind;
  /** '' where it is of no writer. */
  readonly writer: string;
  /** The first and last sequence number that it is about; absent where it is about none. */
  readonly sequences?: readonly [number, number];
  /** The number of the checkpoint that it is about. */
  readonly checkpoint?: number;
  /** Where the record was read, as its reader names places. */
  readonly place?: string;
  /** Constant for each cause. */
  readonly message: string;
}
