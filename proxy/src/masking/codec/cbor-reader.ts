import { isUtf8 } from 'node:buffer';
import { UndecodableBody } from '../document.ts';

/** Major types of RFC 8949 section 3.1. */
export const UNSIGNED = 0;
export const NEGATIVE = 1;
export const BYTE_STRING = 2;
export const TEXT_STRING = 3;
export const ARRAY = 4;
export const MAP = 5;
export const TAG = 6;
export const SIMPLE = 7;

const BREAK = 0xff;

/** The first byte of an item and its argument. */
export interface Head {
  readonly major: number;
  /** The low five bits of the first byte. */
  readonly information: number;
  /** Undefined where the length is indefinite. */
  readonly argument: bigint | undefined;
}

/** Reads items of CBOR one after the other. */
export class CborReader {
  readonly #source: Buffer;
  #position = 0;

  constructor(source: Buffer) {
    this.#source = source;
  }

  get position(): number {
    return this.#position;
  }

  get atEnd(): boolean {
    return this.#position === this.#source.length;
  }

  fail(reason: string, offset = this.#position): UndecodableBody {
    return new UndecodableBody(`The CBOR ${reason}`, { offset });
  }

  head(): Head {
    const start = this.#position;
    const [initial = 0] = this.#take(1);
    const major = initial >> 5;
    const information = initial & 0x1f;
    if (information < 24) return { major, information, argument: BigInt(information) };
    if (information < 28) return { major, information, argument: this.#unsigned(1 << (information - 24)) };
    const canBeIndefinite = major >= BYTE_STRING && major <= MAP;
    if (information !== 31 || !canBeIndefinite) throw this.fail('has a length that means nothing', start);
    return { major, information, argument: undefined };
  }

  /** Passes over a break, if one is next. */
  skipBreak(): boolean {
    if (this.#source[this.#position] !== BREAK) return false;
    this.#position += 1;
    return true;
  }

  /** The bytes of a byte or text string, of which all parts must be of the same kind. */
  content({ major, argument }: Head): Buffer {
    if (argument !== undefined) return this.#string(major, argument);
    const parts: Buffer[] = [];
    while (!this.skipBreak()) {
      const part = this.head();
      if (part.major !== major || part.argument === undefined) throw this.fail('has a part of a string that is none');
      parts.push(this.#string(major, part.argument));
    }
    return Buffer.concat(parts);
  }

  /** A float of the head's width. */
  float({ information, argument = 0n }: Head): number {
    const view = new DataView(new ArrayBuffer(8));
    view.setBigUint64(0, argument);
    if (information === 25) return half(Number(argument));
    return information === 26 ? view.getFloat32(4) : view.getFloat64(0);
  }

  #string(major: number, length: bigint): Buffer {
    const start = this.#position;
    if (length > this.#source.length) throw this.fail('ends inside a string');
    const bytes = this.#take(Number(length));
    if (major === TEXT_STRING && !isUtf8(bytes)) throw this.fail('has a text that is not UTF-8', start);
    return bytes;
  }

  #unsigned(width: number): bigint {
    const bytes = this.#take(width);
    return width === 8 ? bytes.readBigUInt64BE() : BigInt(bytes.readUIntBE(0, width));
  }

  #take(length: number): Buffer {
    const end = this.#position + length;
    if (end > this.#source.length) throw this.fail('ends too early');
    const bytes = this.#source.subarray(this.#position, end);
    this.#position = end;
    return bytes;
  }
}

/** A float of 16 bits (IEEE 754 binary16). */
function half(bits: number): number {
  const sign = bits >= 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (0x400 + fraction) * 2 ** (exponent - 25);
}
