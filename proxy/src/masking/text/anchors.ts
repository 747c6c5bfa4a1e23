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
  return code < 0x80 ? (FOLDED[code] ?? OTHER) : OTHER;
}

function hashed(start: number): number {
  return (start ^ (start >> 6)) & 0x7fff;
}

interface Literal {
  readonly number: number;
  readonly codes: Uint8Array;
}

const NO_LITERALS: readonly Literal[] = [];

/** @param literals in lower case, ASCII, at least three characters each. */
export function newAnchorScan(literals: readonly string[]): AnchorScan {
  const shifts = new Uint8Array(1 << 14).fill(WINDOW - 1);
  const starts = new Map<number, Literal[]>();
  for (const [number, text] of literals.entries()) {
    if (text.length < WINDOW || text !== text.toLowerCase()) throw new RangeError(`not an anchor: ${text}`);
    const codes = Uint8Array.from(text, (character) => character.charCodeAt(0));
    const [first = 0, second = 0, third = 0] = codes;
    for (const [index, block] of [(first << 7) | second, (second << 7) | third].entries()) {
      shifts[block] = Math.min(shifts[block] ?? 0, WINDOW - 2 - index);
    }
    const start = (first << 14) | (second << 7) | third;
    starts.set(start, [...(starts.get(start) ?? []), { number, codes }]);
  }
  // Most blocks that end the start of a literal are parts of other words: which three characters are starts is asked first.
  const isStart = new Uint8Array(1 << 15);
  for (const start of starts.keys()) isStart[hashed(start)] = 1;
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
        const start = (folded(text.charCodeAt(at)) << 14) | block;
        if (isStart[hashed(start)] === 1) {
          for (const { number, codes } of starts.get(start) ?? NO_LITERALS) {
            if (isAt(text, at, codes)) visit(at, number);
          }
        }
        end += 1;
      }
    },
  };
}

function isAt(text: string, at: number, codes: Uint8Array): boolean {
  // Beyond the end the code is NaN, which is no literal's.
  for (let index = WINDOW; index < codes.length; index += 1) {
    if (folded(text.charCodeAt(at + index)) !== codes[index]) return false;
  }
  return true;
}
