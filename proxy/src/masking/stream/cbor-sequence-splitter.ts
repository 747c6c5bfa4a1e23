import { CODEC_BOUNDS } from '../codec/codec-bounds.ts';
import { UndecodableBody } from '../document.ts';
import { ByteAccumulator } from './byte-accumulator.ts';
import { CborSkipper } from './cbor-skipper.ts';
import type { Piece, Splitter, SplitterBounds } from './splitter.ts';

/** A watch in CBOR: a sequence (RFC 8742), data items one after the other with nothing between them. */
export class CborSequenceSplitter implements Splitter {
  readonly #skipper = new CborSkipper(CODEC_BOUNDS.depth);
  readonly #item: ByteAccumulator;
  #inItem = false;

  constructor({ objectBytes }: SplitterBounds) {
    this.#item = new ByteAccumulator(objectBytes);
  }

  push(chunk: Buffer): Piece[] {
    const pieces: Piece[] = [];
    let position = 0;
    while (position < chunk.length) {
      const end = this.#skipper.scan(chunk, position);
      this.#inItem = end === -1;
      if (end === -1) {
        this.#item.append(chunk.subarray(position));
        break;
      }
      pieces.push({ kind: 'object', bytes: this.#item.takeWith(chunk.subarray(position, end)), path: undefined });
      position = end;
    }
    return pieces;
  }

  end(): Piece[] {
    if (this.#inItem) throw new UndecodableBody('The watch ends inside an event');
    return [];
  }
}
