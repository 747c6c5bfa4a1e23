/** What a body may cost to decode. Past any of these it is an UndecodableBody. */
export interface CodecBounds {
  /** Lists and objects inside each other. */
  readonly depth: number;
  /** Values of any kind, keys not counted: each takes some 60 bytes of memory, from as little as 2 bytes of a body. */
  readonly values: number;
}

/**
 * As deep as the API server reads JSON and CBOR (Go's encoding/json stops at 10,000): nothing that it would take can
 * hide from a record by being nested. Whoever walks a document must not recurse: that deep the stack overflows.
 */
export const CODEC_BOUNDS: CodecBounds = { depth: 10_000, values: 1_000_000 };
