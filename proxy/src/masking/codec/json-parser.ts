import { isUtf8 } from 'node:buffer';
import { UndecodableBody, type Value } from '../document.ts';
import type { CodecBounds } from './codec-bounds.ts';
import { JsonKeyCache } from './json-key-cache.ts';
import {
  BACKSLASH,
  CLOSE_LIST,
  CLOSE_OBJECT,
  COLON,
  COMMA,
  endOfEscape,
  endOfNumber,
  endOfRun,
  endOfWord,
  OPEN_LIST,
  OPEN_OBJECT,
  QUOTE,
  skipSpace,
} from './json-tokens.ts';
import { JsonList, JsonLiteral, JsonMember, JsonObject, JsonText } from './json-values.ts';

const keyCache = new JsonKeyCache();

/** Up to this many keys each is compared with each: cheaper than a set. */
const FEW_KEYS = 8;

/**
 * Reads one JSON value (RFC 8259), strictly: where two readers could differ (keys that come twice, bytes that are not
 * UTF-8, anything after the value, a byte order mark) it is refused.
 * @throws UndecodableBody
 */
export function parseJson(source: Buffer, bounds: CodecBounds): Value {
  if (!isUtf8(source)) throw new UndecodableBody('The JSON is not UTF-8');
  return new JsonParser(source, bounds).document();
}

/** Keeps its room when it shrinks, which an array whose length is set does not. */
class Stack<T> {
  readonly #held: T[] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  push(value: T): void {
    this.#held[this.#size] = value;
    this.#size += 1;
  }

  last(): T | undefined {
    return this.#held[this.#size - 1];
  }

  /** Takes off what lies from `start` on. */
  cut(start: number): T[] {
    const cut = this.#held.slice(start, this.#size);
    this.#size = start;
    return cut;
  }
}

/** Does not recurse: hostile depth must end in an UndecodableBody, not in an overflow of the stack. */
class JsonParser {
  readonly #source: Buffer;
  readonly #bounds: CodecBounds;
  /** What was read of all open lists and objects, innermost last: arrays of the right size are cut off it when one closes. */
  readonly #items = new Stack<Value>();
  readonly #members = new Stack<JsonMember>();
  /** Of each open list where its items start in #items; of each open object -1 - where its members start in #members. */
  readonly #open: number[] = [];
  #position = 0;
  #values = 0;

  constructor(source: Buffer, bounds: CodecBounds) {
    this.#source = source;
    this.#bounds = bounds;
  }

  document(): Value {
    this.#position = skipSpace(this.#source, 0);
    let root: Value | undefined;
    while (root === undefined) {
      const value = this.#value();
      if (value !== undefined) root = this.#attach(value);
    }
    const end = skipSpace(this.#source, this.#position);
    if (end !== this.#source.length) throw new UndecodableBody('Something follows the JSON value', { offset: end });
    return root;
  }

  /** The value at the position if it is complete; undefined where a list or an object was opened that has something in it. */
  #value(): Value | undefined {
    const start = this.#position;
    this.#values += 1;
    if (this.#values > this.#bounds.values)
      throw new UndecodableBody('The JSON has too many values', { offset: start });
    switch (this.#source[start]) {
      case QUOTE: {
        const text = this.#stringEscaped() ? null : undefined;
        return new JsonText(this.#source, start, this.#position, text);
      }
      case OPEN_OBJECT:
        return this.#openObject();
      case OPEN_LIST:
        return this.#openList();
      case 0x74:
        return this.#literal('boolean', endOfWord(this.#source, start, 'true'));
      case 0x66:
        return this.#literal('boolean', endOfWord(this.#source, start, 'false'));
      case 0x6e:
        return this.#literal('null', endOfWord(this.#source, start, 'null'));
      case undefined:
        throw new UndecodableBody('The JSON ends where a value should be', { offset: start });
      default:
        return this.#literal('number', endOfNumber(this.#source, start));
    }
  }

  #literal(kind: JsonLiteral['kind'], end: number): JsonLiteral {
    const start = this.#position;
    this.#position = end;
    return new JsonLiteral(kind, this.#source, start, end);
  }

  #openObject(): JsonObject | undefined {
    this.#position = skipSpace(this.#source, this.#position + 1);
    if (this.#source[this.#position] === CLOSE_OBJECT) {
      this.#position += 1;
      return new JsonObject([]);
    }
    this.#push(-1 - this.#members.size);
    this.#key();
    return undefined;
  }

  #openList(): JsonList | undefined {
    this.#position = skipSpace(this.#source, this.#position + 1);
    if (this.#source[this.#position] === CLOSE_LIST) {
      this.#position += 1;
      return new JsonList([]);
    }
    this.#push(this.#items.size);
    return undefined;
  }

  #push(mark: number): void {
    if (this.#open.length === this.#bounds.depth) {
      throw new UndecodableBody('The JSON is nested too deep', { offset: this.#position });
    }
    this.#open.push(mark);
  }

  /** Reads `"key" :` up to the value. */
  #key(): void {
    const source = this.#source;
    const start = this.#position;
    if (source[start] !== QUOTE)
      throw new UndecodableBody('The JSON has no key where one should be', { offset: start });
    const escaped = this.#stringEscaped();
    const text = escaped ? null : keyCache.text(source, start + 1, this.#position - 1);
    const member = new JsonMember(source, start, this.#position, text);
    // Go reads half a surrogate pair as U+FFFD, so that two such keys are one; JavaScript keeps them apart.
    if (escaped && !member.text.isWellFormed()) {
      throw new UndecodableBody('The JSON has half a surrogate pair in a key', { offset: start });
    }
    this.#members.push(member);
    const colon = skipSpace(source, this.#position);
    if (source[colon] !== COLON) throw new UndecodableBody('The JSON has no colon after a key', { offset: colon });
    this.#position = skipSpace(source, colon + 1);
  }

  /** Passes over the string at the position; whether it has an escape. */
  #stringEscaped(): boolean {
    const source = this.#source;
    let escaped = false;
    let end = endOfRun(source, this.#position + 1);
    while (source[end] !== QUOTE) {
      if (source[end] !== BACKSLASH) {
        throw new UndecodableBody('The JSON has a control character in a string', { offset: end });
      }
      escaped = true;
      end = endOfRun(source, endOfEscape(source, end));
    }
    this.#position = end + 1;
    return escaped;
  }

  /** Puts a complete value where it belongs, and closes what ends after it; the root if that is what ended. */
  #attach(complete: Value): Value | undefined {
    let value = complete;
    for (;;) {
      const mark = this.#open.at(-1);
      if (mark === undefined) return value;
      const inList = mark >= 0;
      if (inList) this.#items.push(value);
      else this.#setMember(value);
      const next = skipSpace(this.#source, this.#position);
      const byte = this.#source[next];
      if (byte === COMMA) {
        this.#position = skipSpace(this.#source, next + 1);
        if (!inList) this.#key();
        return undefined;
      }
      if (byte !== (inList ? CLOSE_LIST : CLOSE_OBJECT)) {
        throw new UndecodableBody('The JSON has neither a comma nor an end after a value', { offset: next });
      }
      this.#open.pop();
      this.#position = next + 1;
      value = inList ? new JsonList(this.#items.cut(mark)) : newObject(this.#members.cut(-1 - mark));
    }
  }

  #setMember(value: Value): void {
    const member = this.#members.last();
    if (member !== undefined) member.value = value;
  }
}

function newObject(members: readonly JsonMember[]): JsonObject {
  refuseDuplicates(members);
  return new JsonObject(members);
}

/** Which of two equal keys counts differs between readers. */
function refuseDuplicates(members: readonly JsonMember[]): void {
  if (members.length > FEW_KEYS) {
    const seen = new Set<string>();
    for (const { key } of members) seen.add(key.text);
    if (seen.size !== members.length) throw new UndecodableBody('The JSON has a key twice in one object');
    return;
  }
  for (let index = 1; index < members.length; index += 1) {
    const text = members[index]?.key.text;
    for (let before = 0; before < index; before += 1) {
      if (members[before]?.key.text === text) throw new UndecodableBody('The JSON has a key twice in one object');
    }
  }
}
