import type { FrameReader } from './conversation.ts';
import { FrameError } from './frame-error.ts';
import { HeaderInflater, parseHeaderBlock } from './spdy-headers.ts';

/** What a reader finds. Data comes in pieces. */
export interface SpdyFrameHandler {
  opened(stream: number, headers: ReadonlyMap<string, string>, finished: boolean): void;
  replied(stream: number, finished: boolean): void;
  /** Headers that come later; they mean nothing to Kubernetes. */
  headers(stream: number, finished: boolean): void;
  data(stream: number, bytes: Buffer): void;
  finished(stream: number): void;
  reset(stream: number): void;
  /** Of what follows nothing is read by the other side. */
  goAway(): void;
}

export const FrameType = {
  SynStream: 1,
  SynReply: 2,
  RstStream: 3,
  Settings: 4,
  Ping: 6,
  GoAway: 7,
  Headers: 8,
  WindowUpdate: 9,
} as const;

const HEADER_BYTES = 8;
/** What comes before the header block. */
const SYN_STREAM_FIELDS = 10;
const STREAM_FIELD = 4;
const FIN = 1;
const VERSION = 3;
const MAX_CONTROL_BYTES = 16_384;

interface DataFrame {
  readonly stream: number;
  readonly finished: boolean;
  left: number;
}

interface ControlFrame {
  readonly type: number;
  readonly flags: number;
  readonly body: Buffer;
  filled: number;
}

/**
 * Reads the frames of one direction of a SPDY/3.1 connection, stricter than Kubernetes' server (moby/spdystream): that
 * looks at no version, and reads some frames by their fields and not by their length, so that the same bytes could be
 * cut into other frames.
 */
export class SpdyFrameReader implements FrameReader {
  readonly #handler: SpdyFrameHandler;
  readonly #inflater = new HeaderInflater();
  readonly #header = Buffer.alloc(HEADER_BYTES);
  #headerBytes = 0;
  #data: DataFrame | undefined;
  #control: ControlFrame | undefined;
  #unfinished = 0;

  constructor(handler: SpdyFrameHandler) {
    this.#handler = handler;
  }

  get unfinished(): number {
    return this.#unfinished;
  }

  close(): void {
    this.#inflater.close();
  }

  push(chunk: Buffer): Promise<void> | undefined {
    let at = 0;
    while (at < chunk.length) {
      if (this.#data !== undefined) at += this.#readData(this.#data, chunk.subarray(at, at + this.#data.left));
      else if (this.#control === undefined) at += this.#readHeader(chunk.subarray(at));
      else at += this.#fill(this.#control, chunk.subarray(at));
      const control = this.#control;
      if (control === undefined || control.filled < control.body.length) continue;
      this.#control = undefined;
      const waiting = this.#endControl(control);
      if (waiting === undefined) continue;
      const rest = chunk.subarray(at);
      return waiting.then(() => this.push(rest));
    }
    return undefined;
  }

  #readHeader(bytes: Buffer): number {
    const read = bytes.copy(this.#header, this.#headerBytes, 0, HEADER_BYTES - this.#headerBytes);
    this.#headerBytes += read;
    this.#unfinished += read;
    if (this.#headerBytes < HEADER_BYTES) return read;
    this.#headerBytes = 0;
    const first = this.#header.readUInt32BE(0);
    const flags = this.#header.readUInt8(4);
    const length = this.#header.readUIntBE(5, 3);
    if (first < 0x80000000) this.#beginData(first, flags, length);
    else this.#beginControl(first, flags, length);
    return read;
  }

  #beginData(stream: number, flags: number, length: number): void {
    if (stream === 0 || flags > FIN) throw new FrameError('SpdyFrameInvalid');
    const frame = { stream, finished: flags === FIN, left: length };
    // Said before its bytes come: a stream that is not there is to be known first.
    this.#handler.data(stream, EMPTY);
    if (length === 0) this.#endData(frame);
    else this.#data = frame;
  }

  #readData(frame: DataFrame, piece: Buffer): number {
    frame.left -= piece.length;
    this.#unfinished += piece.length;
    this.#handler.data(frame.stream, piece);
    if (frame.left === 0) this.#endData(frame);
    return piece.length;
  }

  #endData(frame: DataFrame): void {
    this.#data = undefined;
    this.#unfinished = 0;
    if (frame.finished) this.#handler.finished(frame.stream);
  }

  #beginControl(first: number, flags: number, length: number): void {
    if (((first >>> 16) & 0x7fff) !== VERSION) throw new FrameError('SpdyVersion');
    const type = first & 0xffff;
    checkShape(type, flags, length);
    this.#control = { type, flags, body: Buffer.alloc(length), filled: 0 };
  }

  #fill(frame: ControlFrame, bytes: Buffer): number {
    const read = bytes.copy(frame.body, frame.filled);
    frame.filled += read;
    this.#unfinished += read;
    return read;
  }

  #endControl({ type, flags, body }: ControlFrame): Promise<void> | undefined {
    const handler = this.#handler;
    const stream = body.readUInt32BE(0);
    const finished = flags === FIN;
    switch (type) {
      case FrameType.SynStream:
        // Neither an associated stream nor a slot: nobody sends them, and readers differ in what they do with them.
        if (body.readUInt32BE(4) !== 0 || body.readUInt8(9) !== 0) throw new FrameError('SpdyFrameInvalid');
        return this.#headers(stream, body.subarray(SYN_STREAM_FIELDS), (headers) =>
          handler.opened(stream, headers, finished),
        );
      case FrameType.SynReply:
        return this.#headers(stream, body.subarray(STREAM_FIELD), () => handler.replied(stream, finished));
      case FrameType.Headers:
        return this.#headers(stream, body.subarray(STREAM_FIELD), () => handler.headers(stream, finished));
      case FrameType.RstStream:
        if (stream === 0 || stream > MAX_STREAM || body.readUInt32BE(4) === 0) throw new FrameError('SpdyFrameInvalid');
        handler.reset(stream);
        break;
      case FrameType.Ping:
        if (stream === 0) throw new FrameError('SpdyFrameInvalid');
        break;
      case FrameType.Settings:
        if (body.length !== 4 + 8 * stream) throw new FrameError('SpdyFrameInvalid');
        break;
      case FrameType.GoAway:
        handler.goAway();
        break;
      default:
        break;
    }
    this.#unfinished = 0;
    return undefined;
  }

  async #headers(stream: number, block: Buffer, then: (headers: ReadonlyMap<string, string>) => void): Promise<void> {
    if (stream === 0 || stream > MAX_STREAM) throw new FrameError('SpdyFrameInvalid');
    then(parseHeaderBlock(await this.#inflater.read(block)));
    this.#unfinished = 0;
  }
}

const EMPTY = Buffer.alloc(0);
const MAX_STREAM = 0x7fffffff;

interface Shape {
  readonly mostFlags: number;
  readonly least: number;
  readonly most: number;
}

/** Flags and length, as far as the type fixes them. No client is known that uses streams of one direction (flag 2). */
const SHAPES: ReadonlyMap<number, Shape> = new Map<number, Shape>([
  [FrameType.SynStream, { mostFlags: FIN, least: SYN_STREAM_FIELDS + 1, most: MAX_CONTROL_BYTES }],
  [FrameType.SynReply, { mostFlags: FIN, least: STREAM_FIELD + 1, most: MAX_CONTROL_BYTES }],
  [FrameType.Headers, { mostFlags: FIN, least: STREAM_FIELD + 1, most: MAX_CONTROL_BYTES }],
  [FrameType.RstStream, { mostFlags: 0, least: 8, most: 8 }],
  [FrameType.GoAway, { mostFlags: 0, least: 8, most: 8 }],
  [FrameType.WindowUpdate, { mostFlags: 0, least: 8, most: 8 }],
  [FrameType.Ping, { mostFlags: 0, least: 4, most: 4 }],
  [FrameType.Settings, { mostFlags: 1, least: 4, most: MAX_CONTROL_BYTES }],
]);

function checkShape(type: number, flags: number, length: number): void {
  const shape = SHAPES.get(type);
  if (shape === undefined) throw new FrameError('SpdyFrameUnknown');
  if (length > MAX_CONTROL_BYTES) throw new FrameError('SpdyFrameTooLarge');
  if (flags > shape.mostFlags || length < shape.least || length > shape.most) throw new FrameError('SpdyFrameInvalid');
}

/** A frame of data, the last one of its stream. */
export function lastDataFrame(stream: number, data: Buffer): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt32BE(stream);
  header.writeUInt32BE(((FIN << 24) | data.length) >>> 0, 4);
  return Buffer.concat([header, data]);
}

/** GOAWAY without an error: no stream was opened by the server. */
export function goAwayFrame(lastStream: number): Buffer {
  const frame = Buffer.alloc(16);
  frame.writeUInt32BE((0x80000000 | (VERSION << 16) | FrameType.GoAway) >>> 0);
  frame.writeUInt32BE(8, 4);
  frame.writeUInt32BE(lastStream, 8);
  return frame;
}
