import { once } from 'node:events';
import { constants, createDeflate } from 'node:zlib';
import { SPDY_DICTIONARY } from '@chaperone/proxy/recording/spdy-dictionary';

/** Bytes by their hexadecimal digits. */
export const bytes = (digits: string): Buffer => Buffer.from(digits.replaceAll(/\s/g, ''), 'hex');

export interface ClientFrame {
  readonly opcode?: number;
  readonly last?: boolean;
  /** The three reserved bits. */
  readonly reserved?: number;
  readonly mask?: Buffer;
}

/** A WebSocket frame as a client sends it, with what may be wrong with it. */
export function clientFrame(payload: Buffer, options: ClientFrame = {}): Buffer {
  const { opcode = 2, last = true, reserved = 0, mask = bytes('a1 b2 c3 d4') } = options;
  const { length } = payload;
  const header = Buffer.alloc(length < 126 ? 2 : length < 65_536 ? 4 : 10);
  header[0] = (last ? 0x80 : 0) | (reserved << 4) | opcode;
  header[1] = 0x80 | (length < 126 ? length : length < 65_536 ? 126 : 127);
  if (header.length === 4) header.writeUInt16BE(length, 2);
  if (header.length === 10) header.writeBigUInt64BE(BigInt(length), 2);
  return Buffer.concat([header, mask, payload.map((byte, at) => byte ^ (mask[at % 4] ?? 0))]);
}

/** Cuts bytes at these places. */
export function splits(all: Buffer, cuts: readonly number[]): Buffer[] {
  const places = [...new Set([0, ...cuts.filter((cut) => cut < all.length), all.length])].toSorted((a, b) => a - b);
  return places.slice(1).map((end, at) => all.subarray(places[at], end));
}

/** Each byte by itself. */
export const singleBytes = (all: Buffer): Buffer[] => [...all].map((byte) => Buffer.of(byte));

export interface ControlFrame {
  readonly type: number;
  readonly flags?: number;
  readonly version?: number;
  readonly body: Buffer;
}

/** A SPDY control frame, with what may be wrong with it. */
export function controlFrame({ type, flags = 0, version = 3, body }: ControlFrame): Buffer {
  const header = Buffer.alloc(8);
  header.writeUInt16BE(0x8000 | version, 0);
  header.writeUInt16BE(type, 2);
  header.writeUInt32BE(((flags << 24) | body.length) >>> 0, 4);
  return Buffer.concat([header, body]);
}

/** A SPDY data frame. */
export function dataFrame(stream: number, data: string | Buffer, flags = 0): Buffer {
  const header = Buffer.alloc(8);
  header.writeUInt32BE(stream, 0);
  header.writeUInt32BE(((flags << 24) | Buffer.byteLength(data)) >>> 0, 4);
  return Buffer.concat([header, Buffer.from(data)]);
}

export const uint32 = (...numbers: readonly number[]): Buffer => {
  const buffer = Buffer.alloc(4 * numbers.length);
  for (const [at, number] of numbers.entries()) buffer.writeUInt32BE(number, 4 * at);
  return buffer;
};

export type Headers = readonly (readonly [name: string, value: string])[];

/** A block of headers before its compression. */
export function headerBlock(headers: Headers): Buffer {
  const text = (value: string): Buffer => Buffer.concat([uint32(value.length), Buffer.from(value, 'latin1')]);
  return Buffer.concat([uint32(headers.length), ...headers.flatMap(([name, value]) => [text(name), text(value)])]);
}

/** Writes the frames of one side of a SPDY connection, whose headers are compressed as one stream. */
export class SpdyWriter {
  readonly #deflate = createDeflate({ dictionary: SPDY_DICTIONARY });

  async open(stream: number, headers: Headers, more: { flags?: number; fields?: Buffer } = {}): Promise<Buffer> {
    const fields = more.fields ?? Buffer.alloc(6);
    return this.#withHeaders(1, Buffer.concat([uint32(stream), fields]), headerBlock(headers), more.flags);
  }

  async reply(stream: number, flags = 0): Promise<Buffer> {
    return this.#withHeaders(2, uint32(stream), headerBlock([]), flags);
  }

  async headers(stream: number, headers: Headers, flags = 0): Promise<Buffer> {
    return this.#withHeaders(8, uint32(stream), headerBlock(headers), flags);
  }

  /** SYN_STREAM with any bytes for its block. */
  async openRaw(stream: number, block: Buffer): Promise<Buffer> {
    return this.#withHeaders(1, Buffer.concat([uint32(stream), Buffer.alloc(6)]), block);
  }

  async #withHeaders(type: number, fields: Buffer, block: Buffer, flags = 0): Promise<Buffer> {
    return controlFrame({ type, flags, body: Buffer.concat([fields, await this.compress(block)]) });
  }

  async compress(block: Buffer): Promise<Buffer> {
    const chunks: Buffer[] = [];
    const take = (chunk: Buffer): void => void chunks.push(chunk);
    this.#deflate.on('data', take);
    this.#deflate.write(block);
    await new Promise<void>((resolve) => {
      this.#deflate.flush(constants.Z_SYNC_FLUSH, resolve);
    });
    if (this.#deflate.readableLength > 0) await once(this.#deflate, 'data');
    this.#deflate.off('data', take);
    return Buffer.concat(chunks);
  }
}
