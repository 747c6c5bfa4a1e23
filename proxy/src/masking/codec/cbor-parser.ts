import { isUtf8 } from 'node:buffer';
import type { ListValue, Member, ObjectValue, TextValue, Value } from '../document.ts';
import {
  ARRAY,
  BYTE_STRING,
  CborReader,
  MAP,
  NEGATIVE,
  SIMPLE,
  TAG,
  TEXT_STRING,
  UNSIGNED,
  type Head,
} from './cbor-reader.ts';
import { CborLiteral, CborText, type CborForm } from './cbor-values.ts';
import type { CodecBounds } from './codec-bounds.ts';

/** Tags that mean something to an API server (RFC 8949 section 3.4); it takes the content of all others as it is. */
const TIME_TEXT = 0n;
const EPOCH = 1n;
const BIGNUM = 2n;
const NEGATIVE_BIGNUM = 3n;
const BASE64URL = 21n;
const BASE64 = 22n;
const BASE16 = 23n;

/** On one item: as a rule none, of a body one. */
const MOST_TAGS = 4;

interface OpenMap {
  readonly kind: 'object';
  readonly members: Member[];
  readonly keys: Set<string>;
  key: TextValue | undefined;
  /** How many members are still to come; undefined: those until a break. */
  missing: bigint | undefined;
}

interface OpenArray {
  readonly kind: 'list';
  readonly items: Value[];
  missing: bigint | undefined;
}

/** An item's head, and what the tags before it say about it. */
interface Tagged {
  readonly start: number;
  readonly head: Head;
  /** The text that its bytes are in JSON (RFC 8949 section 3.4.5.2). */
  readonly later: bigint | undefined;
  readonly time: bigint | undefined;
}

/**
 * Reads one item of CBOR as an API server does (KEP-4222; apimachinery, runtime/serializer/cbor): byte strings are
 * texts, those with tag 22 are bytes.
 * @throws UndecodableBody
 */
export function parseCbor(source: Buffer, bounds: CodecBounds): Value {
  return new CborParser(source, bounds).document();
}

/** Does not recurse: hostile depth must end in an UndecodableBody, not in an overflow of the stack. */
class CborParser {
  readonly #source: Buffer;
  readonly #bounds: CodecBounds;
  readonly #reader: CborReader;
  readonly #open: (OpenMap | OpenArray)[] = [];
  #root: Value | undefined;
  #values = 0;

  constructor(source: Buffer, bounds: CodecBounds) {
    this.#source = source;
    this.#bounds = bounds;
    this.#reader = new CborReader(source);
  }

  document(): Value {
    while (this.#root === undefined) {
      this.#item();
      this.#settle();
    }
    if (!this.#reader.atEnd) throw this.#reader.fail('has something after its item');
    return this.#root;
  }

  #item(): void {
    const tagged = this.#tagged();
    this.#values += 1;
    if (this.#values > this.#bounds.values) throw this.#reader.fail('has too many values', tagged.start);
    const { major, argument } = tagged.head;
    if (major === MAP) {
      this.#begin(tagged, { kind: 'object', members: [], keys: new Set(), key: undefined, missing: argument });
    } else if (major === ARRAY) {
      this.#begin(tagged, { kind: 'list', items: [], missing: argument });
    } else if (major === BYTE_STRING || major === TEXT_STRING) {
      this.#give(this.#text(tagged));
    } else {
      this.#give(this.#scalar(tagged));
    }
  }

  #tagged(): Tagged {
    const start = this.#reader.position;
    let later: bigint | undefined;
    let time: bigint | undefined;
    for (let tags = 0; ; tags += 1) {
      const head = this.#reader.head();
      if (tags > MOST_TAGS) throw this.#reader.fail('has too many tags on one item', start);
      if (head.major !== TAG) return { start, head, later, time };
      const tag = head.argument;
      if (tag === BIGNUM || tag === NEGATIVE_BIGNUM)
        throw this.#reader.fail('has a number that JSON readers differ about', start);
      if (tag === BASE64URL || tag === BASE64 || tag === BASE16) later = tag;
      if (tag === TIME_TEXT || tag === EPOCH) time = tag;
    }
  }

  #begin({ start, later, time }: Tagged, open: OpenMap | OpenArray): void {
    // Of a list, tags 21 to 23 are meant for all byte strings in it. Nobody writes that.
    if (later !== undefined || time !== undefined) throw this.#reader.fail('has a tag where it means nothing', start);
    if (this.#open.length === this.#bounds.depth) throw this.#reader.fail('is nested too deep', start);
    this.#open.push(open);
  }

  /** Puts a complete value where it belongs. */
  #give(value: Value): void {
    const open = this.#open.at(-1);
    if (open === undefined) this.#root = value;
    else if (open.kind === 'list') open.items.push(value);
    else if (open.key !== undefined) open.members.push({ key: open.key, value });
  }

  /** Closes what is complete, and reads the key where one comes next. */
  #settle(): void {
    for (let open = this.#open.at(-1); open !== undefined; open = this.#open.at(-1)) {
      if (!this.#takeNext(open)) {
        this.#open.pop();
        this.#give(open.kind === 'list' ? newList(open.items) : newObject(open.members));
      } else {
        if (open.kind === 'object') this.#key(open);
        return;
      }
    }
  }

  #takeNext(open: OpenMap | OpenArray): boolean {
    if (open.missing === undefined) return !this.#reader.skipBreak();
    if (open.missing === 0n) return false;
    open.missing -= 1n;
    return true;
  }

  #key(open: OpenMap): void {
    const tagged = this.#tagged();
    const { start, head, later, time } = tagged;
    if ((head.major !== BYTE_STRING && head.major !== TEXT_STRING) || later !== undefined || time !== undefined) {
      throw this.#reader.fail('has a key that is no text', start);
    }
    open.key = this.#text(tagged);
    if (open.keys.has(open.key.text)) throw this.#reader.fail('has a key twice in one map', start);
    open.keys.add(open.key.text);
  }

  #text({ start, head, later, time }: Tagged): CborText {
    if (time === EPOCH || (later !== undefined && (time !== undefined || head.major !== BYTE_STRING))) {
      throw this.#reader.fail('has a tag where it means nothing', start);
    }
    const content = this.#reader.content(head);
    const range = { source: this.#source, start, end: this.#reader.position };
    if (later === BASE64) return new CborText(range, content.toString('base64'), 'base64');
    if (later === BASE64URL) return new CborText(range, content.toString('base64url'), 'text string');
    if (later === BASE16) return new CborText(range, content.toString('hex'), 'text string');
    // Go would go on with bytes that are no text, and write them into JSON as other bytes.
    if (!isUtf8(content)) throw this.#reader.fail('has a byte string that is no text', start);
    const form: CborForm = head.major === BYTE_STRING ? 'byte string' : 'text string';
    return new CborText(range, content.toString(), form);
  }

  #scalar({ start, head, later, time }: Tagged): CborLiteral | CborText {
    if (later !== undefined || time === TIME_TEXT) throw this.#reader.fail('has a tag where it means nothing', start);
    const range = { source: this.#source, start, end: this.#reader.position };
    const number = this.#number(head);
    if (time === EPOCH) {
      const text = number === undefined ? undefined : epochText(number);
      if (text === undefined) throw this.#reader.fail('has a time that is none', start);
      return new CborText(range, text, 'text string');
    }
    if (number !== undefined) return new CborLiteral(range, 'number', numberText(number));
    // Values in a byte of their own (information 24) are no simple values that JSON has.
    if (head.information === 20) return new CborLiteral(range, 'boolean', 'false');
    if (head.information === 21) return new CborLiteral(range, 'boolean', 'true');
    if (head.information === 22) return new CborLiteral(range, 'null', 'null');
    throw this.#reader.fail('has a value that JSON does not have', start);
  }

  /** Undefined where it is none. */
  #number(head: Head): number | bigint | undefined {
    const { major, information, argument = 0n } = head;
    if (major === UNSIGNED) return argument;
    if (major === NEGATIVE) return -1n - argument;
    if (major !== SIMPLE || information < 25) return undefined;
    const float = this.#reader.float(head);
    if (!Number.isFinite(float)) throw this.#reader.fail('has a number that JSON does not have');
    return float;
  }
}

function newObject(members: readonly Member[]): ObjectValue {
  return { kind: 'object', members };
}

function newList(items: readonly Value[]): ListValue {
  return { kind: 'list', items };
}

function numberText(number: number | bigint): string {
  return Object.is(number, -0) ? '-0' : String(number);
}

/** Seconds since 1970 as RFC 3339, as Go writes them; undefined outside of the years that it has. */
function epochText(seconds: number | bigint): string | undefined {
  const number = Number(seconds);
  const whole = Math.floor(number);
  if (Math.abs(whole) > 8.64e12) return undefined;
  const date = new Date(whole * 1000);
  if (date.getUTCFullYear() < 0 || date.getUTCFullYear() > 9999) return undefined;
  const fraction = (number - whole)
    .toFixed(9)
    .slice(1)
    .replace(/\.?0+$/, '');
  return date.toISOString().replace('.000Z', `${fraction}Z`);
}
