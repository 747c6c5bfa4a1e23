import { UndecodableBody } from '../document.ts';
import { ByteAccumulator } from './byte-accumulator.ts';
import type { Piece, Splitter, SplitterBounds } from './splitter.ts';

const HEADER_BYTES = 4;

/** A watch in protobuf: each event after its length, four bytes in big-endian order. The length is no part of the piece. */
export class FrameSplitter implements Splitter {
  readonly #maximum: number;
  readonly #frame: ByteAccumulator;
  readonly #header = Buffer.alloc(HEADER_BYTES);
  #headerLength = 0;

  constructor({ objectBytes }: SplitterBounds) {
    this.#maximum = objectBytes;
    this.#frame = new ByteAccumulator(objectBytes);
  }

  push(chunk: Buffer): Piece[] {
    const pieces: Piece[] = [];
    let position = 0;
    while (position < chunk.length) {
      if (this.#headerLength < HEADER_BYTES) {
        const copied = chunk.copy(this.#header, this.#headerLength, position);
        this.#headerLength += copied;
        position += copied;
        if (this.#headerLength < HEADER_BYTES) break;
      }
      const missing = this.#frameLength() - this.#frame.length;
      const bytes = chunk.subarray(position, position + missing);
      position += bytes.length;
      if (bytes.length < missing) {
        this.#frame.append(bytes);
      } else {
        pieces.push({ kind: 'object', bytes: this.#frame.takeWith(bytes), path: undefined });
        this.#headerLength = 0;
      }
    }
    return pieces;
  }

  end(): Piece[] {
    if (this.#headerLength > 0) throw new UndecodableBody('The watch ends inside an event');
    return [];
  }

  framed(object: Buffer): Buffer {
    const header = Buffer.alloc(HEADER_BYTES);
    header.writeUInt32BE(object.length);
    return Buffer.concat([header, object]);
  }

  /** Refuses one that is too long at once, not when as much has come. */
  #frameLength(): number {
    const length = this.#header.readUInt32BE();
    if (length > this.#maximum) throw new UndecodableBody('An object of the stream is larger than its bound');
    return length;
  }
}
