import { UndecodableBody } from '../document.ts';
import { ByteAccumulator } from './byte-accumulator.ts';
import type { Piece, Splitter, SplitterBounds } from './splitter.ts';

const HEADER_BYTES = 4;

/** A watch in protobuf: each event after its length, four bytes in big-endian order, which belong to the piece. */
export class FrameSplitter implements Splitter {
  readonly #maximum: number;
  readonly #frame: ByteAccumulator;
  readonly #header = Buffer.alloc(HEADER_BYTES);
  #headerLength = 0;
  /** Of the frame with its header, what is still to come. */
  #missing = 0;

  constructor({ objectBytes }: SplitterBounds) {
    this.#maximum = objectBytes;
    this.#frame = new ByteAccumulator(objectBytes);
  }

  push(chunk: Buffer): Piece[] {
    const pieces: Piece[] = [];
    let start = 0;
    let position = 0;
    while (position < chunk.length) {
      if (this.#headerLength < HEADER_BYTES) {
        position += this.#readHeader(chunk, position);
        if (this.#headerLength < HEADER_BYTES) break;
      }
      const passed = Math.min(this.#missing, chunk.length - position);
      this.#missing -= passed;
      position += passed;
      if (this.#missing > 0) break;
      pieces.push({ kind: 'object', bytes: this.#frame.takeWith(chunk.subarray(start, position)), path: undefined });
      this.#headerLength = 0;
      start = position;
    }
    if (start < chunk.length) this.#frame.append(chunk.subarray(start));
    return pieces;
  }

  end(): Piece[] {
    if (this.#headerLength > 0) throw new UndecodableBody('The watch ends inside an event');
    return [];
  }

  /** Refuses an event that is too long at once, not when as much has come. */
  #readHeader(chunk: Buffer, position: number): number {
    const copied = chunk.copy(this.#header, this.#headerLength, position);
    this.#headerLength += copied;
    if (this.#headerLength === HEADER_BYTES) this.#missing = this.#header.readUInt32BE();
    if (this.#missing + HEADER_BYTES > this.#maximum) {
      throw new UndecodableBody('An object of the stream is larger than its bound');
    }
    return copied;
  }
}
