/**
 * What every body that Kubernetes speaks looks like to a masker, whatever its encoding: the value that its JSON would
 * have. A document remembers the bytes that it was read from, so that all that is not edited keeps them: numbers, the
 * order of keys, unknown fields, white space.
 */

/** A value in a document. Its identity (===) is its place: edits are kept by it. */
export type Value = ObjectValue | ListValue | TextValue | LiteralValue;

export interface ObjectValue {
  readonly kind: 'object';
  /** In the order of the bytes. A key never occurs twice: a body in which it does is not decodable. */
  readonly members: readonly Member[];
}

export interface Member {
  /** A key may be edited like any other text. */
  readonly key: TextValue;
  readonly value: Value;
}

export interface ListValue {
  readonly kind: 'list';
  readonly items: readonly Value[];
}

export interface TextValue {
  readonly kind: 'text';
  /** Decoded; of bytes (protobuf `bytes`, CBOR byte strings) their base64, as their JSON would be. */
  readonly text: string;
  /** Whether the encoding itself says that these are bytes. What replaces them is base64, then, too. */
  readonly bytes: boolean;
}

/** What is neither text nor made of other values. */
export interface LiteralValue {
  readonly kind: 'number' | 'boolean' | 'null';
  /** As JSON writes it; of a JSON document letter for letter what was there. */
  readonly text: string;
}

/** What stands in the place of texts and literals: always text. */
export type Edits = ReadonlyMap<TextValue | LiteralValue, string>;

export interface BodyDocument {
  readonly root: Value;
  /**
   * The body in its own encoding with the edits made. Without edits: the very bytes that were decoded.
   * @throws UndecodableBody where the encoding has no way to say an edit (a text in a protobuf integer).
   */
  encode(edits: Edits): Buffer;
}

/** A body that is not what its media type says, or is more than its bounds. Holds no part of the body. */
export class UndecodableBody extends Error {
  override readonly name = 'UndecodableBody';
  /** What is wrong, in words without any of the body, and the offset of the byte where it is known. */
  readonly reason: string;
  readonly offset: number | undefined;

  constructor(reason: string, options: { readonly offset?: number; readonly cause?: unknown } = {}) {
    super(options.offset === undefined ? reason : `${reason} at byte ${options.offset}`, { cause: options.cause });
    this.reason = reason;
    this.offset = options.offset;
  }
}
