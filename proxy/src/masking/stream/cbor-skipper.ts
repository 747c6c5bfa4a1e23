import { UndecodableBody } from '../document.ts';

/** In place of the number of items that are missing: as many as come before a break. */
const INDEFINITE = -1;
const BREAK = 0xff;

/**
 * Finds the end of a data item of CBOR (RFC 8949) that arrives in chunks. Only finds: whether it is valid inside, the
 * codec judges when it decodes it.
 */
export class CborSkipper {
  readonly #maximumDepth: number;
  /** Of each open item how many items are missing in it. */
  readonly #missing: number[] = [];
  #initial = 0;
  /** What is still to come of an argument, and its value so far. */
  #argumentBytes = 0;
  #argument = 0;
  /** What is still to come of the content of a string. */
  #content = 0;

  constructor(maximumDepth: number) {
    this.#maximumDepth = maximumDepth;
  }

  /**
   * The offset after the item that starts at `from`, or goes on there; -1 where the chunk ends before it does.
   * @throws UndecodableBody
   */
  scan(chunk: Buffer, from: number): number {
    let position = from;
    while (position < chunk.length) {
      let isComplete: boolean;
      if (this.#content > 0) {
        const passed = Math.min(this.#content, chunk.length - position);
        this.#content -= passed;
        position += passed;
        isComplete = this.#content === 0 && this.#complete();
      } else {
        isComplete =
          this.#argumentBytes > 0 ? this.#nextOfArgument(chunk[position] ?? 0) : this.#head(chunk[position] ?? 0);
        position += 1;
      }
      if (isComplete) return position;
    }
    return -1;
  }

  /** Each of these tells whether the outermost item is complete. */
  #head(initial: number): boolean {
    this.#initial = initial;
    const information = initial & 0x1f;
    this.#argument = information;
    if (information < 24) return this.#headed();
    if (information < 28) {
      this.#argument = 0;
      this.#argumentBytes = 1 << (information - 24);
      return false;
    }
    if (information !== 31) throw new UndecodableBody('The CBOR has a reserved length');
    return this.#indefinite();
  }

  #nextOfArgument(byte: number): boolean {
    this.#argument = this.#argument * 256 + byte;
    this.#argumentBytes -= 1;
    return this.#argumentBytes === 0 && this.#headed();
  }

  #headed(): boolean {
    switch (this.#initial >> 5) {
      case 2:
      case 3:
        this.#content = this.#argument;
        return this.#argument === 0 && this.#complete();
      case 4:
        return this.#open(this.#argument);
      case 5:
        return this.#open(2 * this.#argument);
      case 6:
        return false;
      default:
        return this.#complete();
    }
  }

  #indefinite(): boolean {
    if (this.#initial === BREAK) {
      if (this.#missing.pop() !== INDEFINITE) throw new UndecodableBody('The CBOR has a break where nothing is open');
      return this.#complete();
    }
    const major = this.#initial >> 5;
    if (major < 2 || major === 6) throw new UndecodableBody('The CBOR has a number or a tag of indefinite length');
    return this.#open(INDEFINITE);
  }

  #open(items: number): boolean {
    if (items === 0) return this.#complete();
    if (this.#missing.length === this.#maximumDepth) throw new UndecodableBody('The CBOR is nested too deep');
    this.#missing.push(items);
    return false;
  }

  #complete(): boolean {
    for (;;) {
      const missing = this.#missing.pop();
      if (missing === undefined) return true;
      if (missing === INDEFINITE || missing > 1) {
        this.#missing.push(missing === INDEFINITE ? INDEFINITE : missing - 1);
        return false;
      }
    }
  }
}
