import { isSpace, OPEN_OBJECT } from '../codec/json-tokens.ts';
import { UndecodableBody } from '../document.ts';
import { ByteAccumulator } from './byte-accumulator.ts';
import { JsonSkipper } from './json-skipper.ts';
import type { Piece, Splitter, SplitterBounds } from './splitter.ts';

/** A watch in JSON: objects one after the other, with any white space between them. */
export class JsonWatchSplitter implements Splitter {
  readonly #skipper = new JsonSkipper();
  readonly #object: ByteAccumulator;
  #inObject = false;

  constructor({ objectBytes }: SplitterBounds) {
    this.#object = new ByteAccumulator(objectBytes);
  }

  push(chunk: Buffer): Piece[] {
    const pieces: Piece[] = [];
    let position = 0;
    while (position < chunk.length) {
      const end = this.#inObject ? this.#skipper.scan(chunk, position) : endOfSpace(chunk, position);
      const bytes = chunk.subarray(position, end === -1 ? chunk.length : end);
      if (!this.#inObject) {
        if (bytes.length > 0) pieces.push({ kind: 'between', bytes });
        this.#inObject = end < chunk.length;
      } else if (end === -1) {
        this.#object.append(bytes);
      } else {
        pieces.push({ kind: 'object', bytes: this.#object.takeWith(bytes), path: undefined });
        this.#inObject = false;
      }
      position += bytes.length;
    }
    return pieces;
  }

  end(): Piece[] {
    if (this.#inObject) throw new UndecodableBody('The watch ends inside an event');
    return [];
  }
}

/** Where the next object starts, or the chunk ends. */
function endOfSpace(chunk: Buffer, from: number): number {
  let position = from;
  while (isSpace(chunk[position])) position += 1;
  if (position < chunk.length && chunk[position] !== OPEN_OBJECT) {
    throw new UndecodableBody('The watch has something other than an object');
  }
  return position;
}
