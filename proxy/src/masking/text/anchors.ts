/**
 * Finds all places of many literals in one pass, whatever their case (Wu and Manber, 1994): two characters at a time are
 * looked up in a table that says how far the next literal is at least, so about every second character is looked at.
 */
export interface AnchorScan {
  /** Calls `visit` with each place and each literal's number, from left to right. */
  scan(text: string, visit: (at: number, literal: number) => void): void;
}

/** What is skipped over at most, and what every literal must be long. */
const WINDOW = 3;
const OTHER = 0;

/** ASCII in lower case; all else is one character that no literal has. A table is faster than comparing. */
const FOLDED = Uint8Array.from({ length: 128 }, (_, code) => (code >= 0x41 && code <= 0x5a ? code + 0x20 : code));

function folded(code: number): number {
  return FOLDED[code] ?? OTHER;
}

/** @param literals in lower case, ASCII, at least three characters each. */
export function newAnchorScan(literals: readonly string[]): AnchorScan {
  const shifts = new Uint8Array(1 << 14).fill(WINDOW - 1);
  const buckets = new Map<number, number[]>();
  for (const [number, literal] of literals.entries()) {
    if (literal.length < WINDOW || literal !== literal.toLowerCase()) throw new RangeError(`not an anchor: ${literal}`);
    for (let end = 1; end < WINDOW; end += 1) {
      const block = (literal.charCodeAt(end - 1) << 7) | literal.charCodeAt(end);
      shifts[block] = Math.min(shifts[block] ?? 0, WINDOW - 1 - end);
    }
    const last = (literal.charCodeAt(WINDOW - 2) << 7) | literal.charCodeAt(WINDOW - 1);
    buckets.set(last, [...(buckets.get(last) ?? []), number]);
  }
  const isAt = (text: string, at: number, literal: string): boolean => {
    for (let index = 0; index < literal.length; index += 1) {
      if (folded(text.charCodeAt(at + index)) !== literal.charCodeAt(index)) return false;
    }
    return true;
  };
  return {
    scan(text, visit) {
      const { length } = text;
      let end = WINDOW - 1;
      while (end < length) {
        const block = (folded(text.charCodeAt(end - 1)) << 7) | folded(text.charCodeAt(end));
        const shift = shifts[block] ?? 0;
        if (shift > 0) {
          end += shift;
          continue;
        }
        const at = end - WINDOW + 1;
        for (const number of buckets.get(block) ?? []) {
          const literal = literals[number] ?? '';
          if (at + literal.length <= length && isAt(text, at, literal)) visit(at, number);
        }
        end += 1;
      }
    },
  };
}
