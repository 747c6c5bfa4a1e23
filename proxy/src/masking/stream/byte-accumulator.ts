import { UndecodableBody } from '../document.ts';

const FIRST_CAPACITY = 4096;

/**
 * Puts together what arrives in parts. Copies: a list of the parts would hold a hundred bytes for each, also where one
 * has a single byte.
 */
export class ByteAccumulator {
  readonly #maximum: number;
  #bytes = Buffer.alloc(0);
  #length = 0;

  constructor(maximumBytes: number) {
    this.#maximum = maximumBytes;
  }

  get length(): number {
    return this.#length;
  }

  /** @throws UndecodableBody past the bound. */
  append(bytes: Buffer): void {
    const length = this.#length + bytes.length;
    if (length > this.#maximum) throw new UndecodableBody('An object of the stream is larger than its bound');
    if (length > this.#bytes.length) {
      const larger = Buffer.allocUnsafeSlow(
        Math.max(length, FIRST_CAPACITY, Math.min(this.#maximum, 2 * this.#bytes.length)),
      );
      this.#bytes.copy(larger, 0, 0, this.#length);
      this.#bytes = larger;
    }
    bytes.copy(this.#bytes, this.#length);
    this.#length = length;
  }

  /** What was appended. Shares memory with what is appended later, but never changes. */
  peek(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  /**
   * What was appended and these last bytes; the accumulator is empty then. Copies only where it must.
   * @throws UndecodableBody past the bound.
   */
  takeWith(last: Buffer): Buffer {
    if (this.#length === 0 && last.length <= this.#maximum) return last;
    this.append(last);
    const taken = this.peek();
    this.#bytes = Buffer.alloc(0);
    this.#length = 0;
    return taken;
  }
}
