import { isUtf8 } from 'node:buffer';
import { UndecodableBody } from '../../document.ts';

export const VARINT = 0;
export const FIXED64 = 1;
export const LENGTH_DELIMITED = 2;
const START_GROUP = 3;
const END_GROUP = 4;
const FIXED32 = 5;

/** The largest field number there is (protobuf's language guide). */
const LAST_FIELD = 536_870_911;
/** Seven bits a byte: up to here a number holds them exactly. */
const EXACT_BYTES = 7;
const MOST_BYTES = 10;
/** Lengths and tags fit into 32 bits, so into five bytes. */
const SHORT_BYTES = 5;
const MIN_INT32 = -2_147_483_648n;
const MAX_INT32 = 2_147_483_647;

/**
 * Reads protobuf's wire format, strictly. Kubernetes' own reader cuts off what overflows (a tag above 32 bits names
 * another field for it than for others): what two readers could take for different things is refused.
 *
 * https://protobuf.dev/programming-guides/encoding/
 */
export class WireReader {
  readonly bytes: Buffer;
  position = 0;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  /** The field's number and, in the low three bits, its wire type. */
  tag(end: number): number {
    const start = this.position;
    const tag = this.#short(end, 'A tag');
    const number = tag >>> 3;
    if (number === 0 || number > LAST_FIELD)
      throw new UndecodableBody('A field has an impossible number', { offset: start });
    const wire = tag & 7;
    if (wire === START_GROUP || wire === END_GROUP)
      throw new UndecodableBody('A group, which Kubernetes does not write', { offset: start });
    if (wire > FIXED32) throw new UndecodableBody('An unknown wire type', { offset: start });
    return tag;
  }

  /** Reads a length; returns the end of what it is the length of, which is within `end`. */
  delimitedEnd(end: number): number {
    const start = this.position;
    const length = this.#short(end, 'A length');
    if (length > end - this.position) throw new UndecodableBody('A length reaches past its message', { offset: start });
    return this.position + length;
  }

  /** Unsigned; a bigint where a number would not hold it exactly. */
  varint(end: number): number | bigint {
    const start = this.position;
    let value = 0;
    let large = 0n;
    for (let index = 0; index < MOST_BYTES; index += 1) {
      const byte = this.#byte(end);
      const bits = byte & 0x7f;
      if (index < EXACT_BYTES) value += bits * 2 ** (7 * index);
      else large |= BigInt(bits) << BigInt(7 * index);
      if (index === MOST_BYTES - 1 && byte > 1) break;
      if (byte < 0x80) return large === 0n ? value : large | BigInt(value);
    }
    throw new UndecodableBody('A number has more than 64 bits', { offset: start });
  }

  /** As text. */
  int64(end: number): string {
    const value = this.varint(end);
    return typeof value === 'number' ? String(value) : BigInt.asIntN(64, value).toString();
  }

  /** Negative numbers have 64 bits on the wire, too. */
  int32(end: number): number {
    const start = this.position;
    const value = this.varint(end);
    if (typeof value === 'number' && value <= MAX_INT32) return value;
    const signed = BigInt.asIntN(64, BigInt(value));
    if (signed < 0n && signed >= MIN_INT32) return Number(signed);
    throw new UndecodableBody('A number has more than 32 bits', { offset: start });
  }

  boolean(end: number): boolean {
    const start = this.position;
    const value = this.varint(end);
    if (value !== 0 && value !== 1) throw new UndecodableBody('A boolean is neither 0 nor 1', { offset: start });
    return value === 1;
  }

  double(end: number): number {
    this.skipFixed(8, end);
    return this.bytes.readDoubleLE(this.position - 8);
  }

  skipFixed(length: number, end: number): void {
    if (length > end - this.position)
      throw new UndecodableBody('The protobuf ends inside a field', { offset: this.position });
    this.position += length;
  }

  /** Over the value of a field of that wire type. */
  skip(wire: number, end: number): void {
    if (wire === VARINT) this.varint(end);
    else if (wire === LENGTH_DELIMITED) this.position = this.delimitedEnd(end);
    else this.skipFixed(wire === FIXED64 ? 8 : 4, end);
  }

  /** Bytes [start, end) as UTF-8, which Kubernetes' own reader does not check, and its writer of JSON replaces. */
  text(start: number, end: number): string {
    const text = this.bytes.toString('utf8', start, end);
    if (text.includes('\uFFFD') && !isUtf8(this.bytes.subarray(start, end)))
      throw new UndecodableBody('A text is not UTF-8', { offset: start });
    return text;
  }

  #short(end: number, what: string): number {
    const start = this.position;
    const first = this.bytes[start] ?? 0x80;
    // Nearly all tags and lengths of Kubernetes are one byte.
    if (first < 0x80 && start < end) {
      this.position = start + 1;
      return first;
    }
    let value = 0;
    for (let index = 0; index < SHORT_BYTES; index += 1) {
      const byte = this.#byte(end);
      value += (byte & 0x7f) * 2 ** (7 * index);
      if (byte < 0x80) {
        if (value > 0xffff_ffff) break;
        return value;
      }
    }
    throw new UndecodableBody(`${what} has more than 32 bits`, { offset: start });
  }

  #byte(end: number): number {
    const byte = this.position < end ? this.bytes[this.position] : undefined;
    if (byte === undefined) throw new UndecodableBody('The protobuf ends inside a field', { offset: this.position });
    this.position += 1;
    return byte;
  }
}
