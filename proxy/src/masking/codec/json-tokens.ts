import { UndecodableBody } from '../document.ts';

export const QUOTE = 0x22;
export const BACKSLASH = 0x5c;
export const COMMA = 0x2c;
export const COLON = 0x3a;
export const OPEN_OBJECT = 0x7b;
export const CLOSE_OBJECT = 0x7d;
export const OPEN_LIST = 0x5b;
export const CLOSE_LIST = 0x5d;

/** 1: ends the plain run of a string: a quote, a backslash, a control character, which RFC 8259 section 7 refuses. */
const ENDS_RUN = new Uint8Array(256);
ENDS_RUN.fill(1, 0, 0x20);
ENDS_RUN[QUOTE] = 1;
ENDS_RUN[BACKSLASH] = 1;

const HEX = new Uint8Array(256);
for (const digit of '0123456789abcdefABCDEF') HEX[digit.charCodeAt(0)] = 1;

const SIMPLE_ESCAPE = new Uint8Array(256);
for (const escape of '"\\/bfnrt') SIMPLE_ESCAPE[escape.charCodeAt(0)] = 1;

const LOWER_U = 0x75;

/** The offset of the first byte from `at` on that is no JSON white space, at most the length. */
export function skipSpace(source: Buffer, at: number): number {
  let position = at;
  while (position < source.length && isSpace(source[position])) position += 1;
  return position;
}

export function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

/**
 * The end of a plain run of a string.
 * @throws UndecodableBody where the source ends before.
 */
export function endOfRun(source: Buffer, at: number): number {
  const length = source.length;
  let position = at;
  while (position < length && ENDS_RUN[source[position] ?? 0] === 0) position += 1;
  if (position === length) throw new UndecodableBody('The JSON ends inside a string', { offset: position });
  return position;
}

/**
 * The end of the escape whose backslash is at `at`.
 * @throws UndecodableBody
 */
export function endOfEscape(source: Buffer, at: number): number {
  const kind = source[at + 1] ?? 0;
  if (SIMPLE_ESCAPE[kind] === 1) return at + 2;
  if (kind !== LOWER_U) throw new UndecodableBody('The JSON has an unknown escape', { offset: at });
  for (let digit = at + 2; digit < at + 6; digit += 1) {
    if (HEX[source[digit] ?? 0] !== 1) throw new UndecodableBody('The JSON has an unknown escape', { offset: at });
  }
  return at + 6;
}

/**
 * The end of the number that starts at `at`, by the grammar of RFC 8259 section 6.
 * @throws UndecodableBody
 */
export function endOfNumber(source: Buffer, at: number): number {
  let position = source[at] === 0x2d ? at + 1 : at;
  position = source[position] === 0x30 ? position + 1 : digits(source, position);
  if (source[position] === 0x2e) position = digits(source, position + 1);
  if (source[position] === 0x65 || source[position] === 0x45) {
    const sign = source[position + 1];
    position = digits(source, sign === 0x2b || sign === 0x2d ? position + 2 : position + 1);
  }
  return position;
}

function digits(source: Buffer, at: number): number {
  let position = at;
  while (isDigit(source[position])) position += 1;
  if (position === at) throw new UndecodableBody('The JSON has a number without digits', { offset: at });
  return position;
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39;
}

/**
 * The end of `word`, which must be at `at`.
 * @throws UndecodableBody
 */
export function endOfWord(source: Buffer, at: number, word: string): number {
  for (let index = 0; index < word.length; index += 1) {
    if (source[at + index] !== word.charCodeAt(index)) {
      throw new UndecodableBody('The JSON has an unknown word', { offset: at });
    }
  }
  return at + word.length;
}
