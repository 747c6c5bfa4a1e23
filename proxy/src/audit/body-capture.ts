import { createHash, hash, type Hash } from 'node:crypto';

/** The bytes of one body, as far as a record may need them. */
export interface BodyCapture {
  push(chunk: Buffer): void;
  /** Of all that came. */
  readonly bytes: number;
  /** All that came, or the beginning of it where `isWhole` is false. */
  kept(): Buffer;
  readonly isWhole: boolean;
  /** Lower-case hexadecimal SHA-256 of all that came. */
  sha256(): string;
  /** Gives back the memory. Harmless when repeated. */
  release(): void;
}

/** Memory for bodies that are being captured, over all calls. */
export interface CaptureBudget {
  take(bytes: number): boolean;
  giveBack(bytes: number): void;
}

export function newCaptureBudget(bytes: number): CaptureBudget {
  let left = bytes;
  return {
    take(wanted) {
      if (wanted > left) return false;
      left -= wanted;
      return true;
    },
    giveBack: (returned) => void (left += returned),
  };
}

/**
 * Keeps what passes, by reference: nobody changes a chunk once it is here. What does not fit is counted and hashed, and
 * nothing that comes after it is kept, so that what is kept is a beginning.
 */
export function newBodyCapture(budget: CaptureBudget, maximumBytes: number): BodyCapture {
  let chunks: Buffer[] = [];
  let taken = 0;
  let bytes = 0;
  let isWhole = true;
  let rest: Hash | undefined;

  function keeps(chunk: Buffer): boolean {
    return isWhole && taken + chunk.length <= maximumBytes && budget.take(chunk.length);
  }

  return {
    push(chunk) {
      bytes += chunk.length;
      if (keeps(chunk)) {
        chunks.push(chunk);
        taken += chunk.length;
        return;
      }
      isWhole = false;
      if (rest === undefined) {
        rest = createHash('sha256');
        for (const kept of chunks) rest.update(kept);
      }
      rest.update(chunk);
    },
    get bytes() {
      return bytes;
    },
    kept() {
      const [only] = chunks;
      return chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks);
    },
    get isWhole() {
      return isWhole;
    },
    sha256() {
      return rest === undefined ? hash('sha256', this.kept(), 'hex') : rest.copy().digest('hex');
    },
    release() {
      budget.giveBack(taken);
      taken = 0;
      chunks = [];
    },
  };
}
