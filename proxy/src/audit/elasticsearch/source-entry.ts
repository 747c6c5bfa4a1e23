/** What is shipped, in the order in which it was written. The shape in which the write-ahead log reads it. */
export type SourceEntry<Position> = SourceRecord<Position> | SourceCheckpoint<Position> | SourceRegistry<Position>;

export interface SourceRecord<Position> {
  readonly kind: 'Record';
  readonly writer: string;
  readonly sequence: number;
  readonly previousChain: string;
  readonly chain: string;
  /** The text that was hashed. */
  readonly original: string;
  readonly position: Position;
}

export interface SourceCheckpoint<Position> {
  readonly kind: 'Checkpoint';
  readonly writer: string;
  /** A signed checkpoint as JSON. */
  readonly text: string;
  readonly position: Position;
}

export interface SourceRegistry<Position> {
  readonly kind: 'Registry';
  readonly writer: string;
  /** A signed registry of writers as JSON. */
  readonly text: string;
  readonly position: Position;
}

/** Where entries come from. */
export interface EntrySource<Position> {
  /** Goes on until there will be no more, or the signal. */
  read(signal: AbortSignal): AsyncIterable<SourceEntry<Position>>;
  /** All of its writer up to there is stored, or is told of in a dead letter. */
  acknowledge(position: Position): void;
}
