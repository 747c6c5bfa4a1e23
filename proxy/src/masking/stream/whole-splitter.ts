import { ByteAccumulator } from './byte-accumulator.ts';
import type { Piece, Splitter, SplitterBounds } from './splitter.ts';

/** A body that is one object: held up to the bound, and given at its end. */
export class WholeSplitter implements Splitter {
  readonly #body: ByteAccumulator;

  constructor({ objectBytes }: SplitterBounds) {
    this.#body = new ByteAccumulator(objectBytes);
  }

  push(chunk: Buffer): Piece[] {
    this.#body.append(chunk);
    return [];
  }

  end(): Piece[] {
    if (this.#body.length === 0) return [];
    return [{ kind: 'object', bytes: this.#body.takeWith(Buffer.alloc(0)), path: undefined }];
  }
}
