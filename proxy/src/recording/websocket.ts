import type { FrameReader } from './conversation.ts';
import { FrameError } from './frame-error.ts';

/** What a reader finds. Payloads come in pieces. */
export interface MessageHandler {
  begin(kind: 'text' | 'binary'): void;
  payload(piece: Payload): Promise<void> | undefined;
  end(): void;
}

/** A piece of a payload, unmasked only as far as somebody looks at it: of a file that is copied nobody does. */
export interface Payload {
  readonly length: number;
  byteAt(index: number): number;
  /** All from this byte on. */
  bytesFrom(index: number): Buffer;
}

export interface WebSocketReaderOptions {
  readonly from: 'client' | 'server';
  /** Whether messages may come in fragments: only where a message's end means nothing. */
  readonly fragments: boolean;
  readonly handler: MessageHandler;
  readonly maxMessageBytes?: number;
}

/** What Kubernetes' servers take of one message (golang.org/x/net/websocket, DefaultMaxPayloadBytes). */
const MAX_MESSAGE_BYTES = 32 * 1_048_576;
const MAX_CONTROL_BYTES = 125;
const LONGEST_HEADER = 14;
const CONTINUATION = 0;
const TEXT = 1;
const BINARY = 2;
const CLOSE = 8;
const PONG = 10;

interface Frame {
  readonly opcode: number;
  readonly last: boolean;
  readonly mask: Buffer | undefined;
  left: number;
  /** Bytes of the payload that have been read: where in the mask the next one stands. */
  at: number;
}

/**
 * Reads the frames of one direction of a WebSocket (RFC 6455, 5.2), stricter than Kubernetes' server: that takes unknown
 * opcodes and fragments for messages of their own, and ignores reserved bits.
 */
export class WebSocketReader implements FrameReader {
  readonly #options: WebSocketReaderOptions;
  readonly #maxMessageBytes: number;
  readonly #header = Buffer.alloc(LONGEST_HEADER);
  #headerBytes = 0;
  #frame: Frame | undefined;
  /** Bytes of the message so far, while one is open. */
  #message: number | undefined;
  #closed = false;
  #unfinished = 0;

  constructor(options: WebSocketReaderOptions) {
    this.#options = options;
    this.#maxMessageBytes = options.maxMessageBytes ?? MAX_MESSAGE_BYTES;
  }

  get unfinished(): number {
    return this.#unfinished;
  }

  push(chunk: Buffer): Promise<void> | undefined {
    let at = 0;
    while (at < chunk.length) {
      const frame = this.#frame;
      if (frame === undefined) at = this.#readHeader(chunk, at);
      else {
        const piece = chunk.subarray(at, at + frame.left);
        at += piece.length;
        const waiting = this.#readPayload(frame, piece);
        if (waiting !== undefined) {
          const rest = chunk.subarray(at);
          return waiting.then(() => this.push(rest));
        }
      }
    }
    return undefined;
  }

  /** Reads what there is of a header, and returns where its payload or what is missing of it begins. */
  #readHeader(chunk: Buffer, from: number): number {
    let at = from;
    while (at < chunk.length) {
      this.#header[this.#headerBytes] = chunk[at] ?? 0;
      this.#headerBytes += 1;
      this.#unfinished += 1;
      at += 1;
      if (this.#headerBytes < 2 || this.#headerBytes < headerLength(this.#header)) continue;
      this.#begin(this.#header);
      this.#headerBytes = 0;
      break;
    }
    return at;
  }

  #begin(header: Buffer): void {
    const { from } = this.#options;
    const [first = 0, second = 0] = header;
    const opcode = first & 0x0f;
    const last = (first & 0x80) !== 0;
    const masked = (second & 0x80) !== 0;
    if (this.#closed) throw new FrameError('AfterClose');
    if ((first & 0x70) !== 0) throw new FrameError('ReservedBits');
    if (masked !== (from === 'client')) throw new FrameError(masked ? 'Masked' : 'NotMasked');
    const left = payloadLength(header);
    const length = headerLength(header);
    const mask = masked ? Buffer.from(header.subarray(length - 4, length)) : undefined;
    this.#frame = { opcode, last, mask, left, at: 0 };
    if (opcode >= CLOSE && opcode <= PONG) {
      if (!last || left > MAX_CONTROL_BYTES) throw new FrameError('ControlFrameInvalid');
      if (opcode === CLOSE) this.#closed = true;
    } else this.#beginData(opcode, last, left);
    if (left === 0) this.#endFrame(this.#frame);
  }

  #beginData(opcode: number, last: boolean, length: number): void {
    const { fragments, handler } = this.#options;
    if (opcode > BINARY) throw new FrameError('UnknownOpcode');
    if (!fragments && (!last || opcode === CONTINUATION)) throw new FrameError('Fragmented');
    if ((opcode === CONTINUATION) === (this.#message === undefined)) throw new FrameError('ContinuationUnexpected');
    const message = (this.#message ?? 0) + length;
    if (message > this.#maxMessageBytes) throw new FrameError('MessageTooLarge');
    this.#message = message;
    if (opcode !== CONTINUATION) handler.begin(opcode === TEXT ? 'text' : 'binary');
  }

  #readPayload(frame: Frame, piece: Buffer): Promise<void> | undefined {
    const waiting =
      frame.opcode >= CLOSE
        ? undefined
        : this.#options.handler.payload(
            frame.mask === undefined ? new ClearPayload(piece) : new MaskedPayload(piece, frame.mask, frame.at),
          );
    frame.left -= piece.length;
    frame.at += piece.length;
    this.#unfinished += piece.length;
    if (waiting === undefined) {
      if (frame.left === 0) this.#endFrame(frame);
      return undefined;
    }
    return waiting.then(() => {
      if (frame.left === 0) this.#endFrame(frame);
    });
  }

  #endFrame(frame: Frame): void {
    this.#frame = undefined;
    if (frame.opcode < CLOSE && frame.last) {
      this.#message = undefined;
      this.#options.handler.end();
    }
    // Between the fragments of a message no other one can be put in.
    if (this.#message === undefined) this.#unfinished = 0;
  }
}

class ClearPayload implements Payload {
  readonly #bytes: Buffer;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get length(): number {
    return this.#bytes.length;
  }

  byteAt(index: number): number {
    return this.#bytes[index] ?? 0;
  }

  bytesFrom(index: number): Buffer {
    return this.#bytes.subarray(index);
  }
}

class MaskedPayload implements Payload {
  readonly #masked: Buffer;
  readonly #mask: Buffer;
  /** Where in the payload it begins. */
  readonly #at: number;

  constructor(masked: Buffer, mask: Buffer, at: number) {
    this.#masked = masked;
    this.#mask = mask;
    this.#at = at;
  }

  get length(): number {
    return this.#masked.length;
  }

  byteAt(index: number): number {
    return (this.#masked[index] ?? 0) ^ (this.#mask[(this.#at + index) & 3] ?? 0);
  }

  bytesFrom(index: number): Buffer {
    return unmask(this.#masked.subarray(index), this.#mask, this.#at + index);
  }
}

/** By its first two bytes. */
function headerLength(header: Buffer): number {
  const second = header[1] ?? 0;
  const short = second & 0x7f;
  return 2 + (short === 126 ? 2 : short === 127 ? 8 : 0) + ((second & 0x80) === 0 ? 0 : 4);
}

function payloadLength(header: Buffer): number {
  const short = (header[1] ?? 0) & 0x7f;
  if (short < 126) return short;
  const length = short === 126 ? BigInt(header.readUInt16BE(2)) : header.readBigUInt64BE(2);
  if (length < (short === 126 ? 126n : 65_536n)) throw new FrameError('LengthNotMinimal');
  // Go's reader drops the highest bit: 2^63 + n would be n to the server.
  if (length > BigInt(Number.MAX_SAFE_INTEGER)) throw new FrameError('MessageTooLarge');
  return Number(length);
}

/** Four bytes at a time: files that are copied into a container come through here. */
function unmask(masked: Buffer, mask: Buffer, from: number): Buffer {
  const { length } = masked;
  const clear = Buffer.allocUnsafe(length);
  const source = new DataView(masked.buffer, masked.byteOffset, length);
  const target = new DataView(clear.buffer, clear.byteOffset, length);
  const rotated = Buffer.concat([mask, mask]).readInt32BE(from & 3);
  let at = 0;
  for (; at + 4 <= length; at += 4) target.setInt32(at, source.getInt32(at) ^ rotated);
  for (; at < length; at++) target.setUint8(at, source.getUint8(at) ^ (mask[(from + at) & 3] ?? 0));
  return clear;
}

/** A whole frame as a server sends it: unmasked. */
export function serverFrame(kind: 'text' | 'binary' | 'close', payload: Buffer): Buffer {
  const opcode = { text: TEXT, binary: BINARY, close: CLOSE }[kind];
  const { length } = payload;
  const header = Buffer.alloc(length < 126 ? 2 : length < 65_536 ? 4 : 10);
  header[0] = 0x80 | opcode;
  if (length < 126) header[1] = length;
  else if (length < 65_536) {
    header[1] = 126;
    header.writeUInt16BE(length, 2);
  } else {
    header[1] = 127;
    header.writeBigUInt64BE(BigInt(length), 2);
  }
  return Buffer.concat([header, payload]);
}

/** The reason is cut to what a control frame holds, between two characters. */
export function closeFrame(code: number, reason: string): Buffer {
  let text = reason;
  while (Buffer.byteLength(text) > MAX_CONTROL_BYTES - 2)
    text = text
      .slice(0, -1)
      .toWellFormed()
      .replace(/\uFFFD$/u, '');
  const payload = Buffer.alloc(2 + Buffer.byteLength(text));
  payload.writeUInt16BE(code, 0);
  payload.write(text, 2);
  return serverFrame('close', payload);
}
