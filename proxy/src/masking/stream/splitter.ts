import type { BodyDocument } from '../document.ts';

/** A part of a stream that stands for itself. */
export type Piece = ObjectPiece | BetweenPiece;

/** One object: what a codec decodes; of a watch in protobuf with the length before it. */
export interface ObjectPiece {
  readonly kind: 'object';
  readonly bytes: Buffer;
  /** In a list, the member of the list that it is in. */
  readonly path: 'items' | 'rows' | undefined;
}

/** What lies between objects: passed on as it is. */
export interface BetweenPiece {
  readonly kind: 'between';
  readonly bytes: Buffer;
}

/**
 * Cuts a stream of bytes, however it arrives, into pieces; holds at most one object. All of its pieces in a row are
 * the stream byte for byte. After an UndecodableBody it is of no more use.
 */
export interface Splitter {
  /**
   * The pieces that these bytes complete, as soon as their last byte is there. They may share the chunk's memory.
   * @throws UndecodableBody
   */
  push(chunk: Buffer): Piece[];
  /**
   * The pieces that only the end completes.
   * @throws UndecodableBody where something is incomplete.
   */
  end(): Piece[];
}

export interface ListSplitter extends Splitter {
  /**
   * The list without its items: the members that are complete so far, the whole after the end. What an API server
   * writes before its items (kind, apiVersion, metadata, columnDefinitions) is there with the first of them.
   * @throws UndecodableBody
   */
  envelope(): BodyDocument;
}

export interface SplitterBounds {
  /** Of one object, and of the envelope of a list. */
  readonly objectBytes: number;
}

/** More than twice of what etcd takes of one object by default, and several times of what the API server takes of a request. */
export const SPLITTER_BOUNDS: SplitterBounds = { objectBytes: 8 * 1024 * 1024 };
