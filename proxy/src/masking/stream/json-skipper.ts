import { BACKSLASH, CLOSE_LIST, CLOSE_OBJECT, OPEN_LIST, OPEN_OBJECT, QUOTE } from '../codec/json-tokens.ts';

/** 1: means something outside of strings. */
const STRUCTURE = new Uint8Array(256);
for (const byte of [QUOTE, OPEN_OBJECT, CLOSE_OBJECT, OPEN_LIST, CLOSE_LIST]) STRUCTURE[byte] = 1;

/** 1: means something in a string. */
const IN_STRING = new Uint8Array(256);
IN_STRING[QUOTE] = 1;
IN_STRING[BACKSLASH] = 1;

/**
 * Finds the end of an object, a list or a string of JSON that arrives in chunks. Only finds: whether it is JSON inside,
 * the codec judges when it decodes it.
 */
export class JsonSkipper {
  #depth = 0;
  #inString = false;
  /** The chunk ended with a backslash. */
  #escaped = false;

  /** The offset after the value that starts at `from`, or goes on there; -1 where the chunk ends before it does. */
  scan(chunk: Buffer, from: number): number {
    let position = from;
    if (this.#escaped && position < chunk.length) {
      this.#escaped = false;
      position += 1;
    }
    while (position < chunk.length) {
      position = this.#inString ? this.#string(chunk, position) : this.#structure(chunk, position);
      if (this.#depth === 0 && !this.#inString) return position;
    }
    return -1;
  }

  /** To the end of the string, or of the chunk. */
  #string(chunk: Buffer, from: number): number {
    const length = chunk.length;
    let position = from;
    while (position < length) {
      const byte = chunk[position] ?? 0;
      position += 1;
      if (IN_STRING[byte] === 0) continue;
      if (byte === QUOTE) {
        this.#inString = false;
        return position;
      }
      if (position === length) this.#escaped = true;
      position += 1;
    }
    return length;
  }

  /** To the next string, to the end of the value, or of the chunk. */
  #structure(chunk: Buffer, from: number): number {
    const length = chunk.length;
    let position = from;
    while (position < length) {
      const byte = chunk[position] ?? 0;
      position += 1;
      if (STRUCTURE[byte] === 0) continue;
      if (byte === QUOTE) {
        this.#inString = true;
        return position;
      }
      this.#depth += byte === OPEN_OBJECT || byte === OPEN_LIST ? 1 : -1;
      if (this.#depth === 0) return position;
    }
    return length;
  }
}
