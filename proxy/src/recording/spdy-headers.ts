import { constants, createInflate } from 'node:zlib';
import { FrameError } from './frame-error.ts';
import { SPDY_DICTIONARY } from './spdy-dictionary.ts';

/** Of one block, decompressed. Kubernetes' streams have three short headers. */
const MAX_BLOCK_BYTES = 16_384;
const MAX_HEADERS = 64;
const HEADER_NAME = /^[a-z0-9!#$%&'*+.^_`|~-]+$/;

/**
 * Decompresses the header blocks of one direction: one zlib stream for the whole connection, so that every block has to
 * be read, in order, whatever frame it comes in.
 */
export class HeaderInflater {
  readonly #inflate = createInflate({ dictionary: SPDY_DICTIONARY, flush: constants.Z_SYNC_FLUSH });
  #chunks: Buffer[] = [];
  #bytes = 0;
  #broken = false;

  constructor() {
    this.#inflate.on('error', () => (this.#broken = true));
    this.#inflate.on('end', () => (this.#broken = true));
    this.#inflate.on('readable', () => this.#drain());
  }

  /** @throws FrameError SpdyHeadersInvalid */
  async read(block: Buffer): Promise<Buffer> {
    this.#chunks = [];
    this.#bytes = 0;
    if (this.#broken) throw new FrameError('SpdyHeadersInvalid');
    await new Promise<void>((resolve, reject) => {
      const failed = (cause?: unknown): void => reject(new FrameError('SpdyHeadersInvalid', { cause }));
      // A stream that is destroyed for its size calls nobody back.
      this.#inflate.once('close', failed);
      this.#inflate.write(block, (error) => {
        this.#inflate.off('close', failed);
        if (error === null || error === undefined) resolve();
        else failed(error);
      });
    });
    this.#drain();
    if (this.#broken) throw new FrameError('SpdyHeadersInvalid');
    return Buffer.concat(this.#chunks);
  }

  close(): void {
    this.#broken = true;
    this.#inflate.destroy();
  }

  #drain(): void {
    for (;;) {
      const chunk: unknown = this.#inflate.read();
      if (!Buffer.isBuffer(chunk)) return;
      this.#bytes += chunk.length;
      this.#chunks.push(chunk);
      if (this.#bytes > MAX_BLOCK_BYTES) return this.close();
    }
  }
}

/**
 * Reads a decompressed block. It has to end where its last header does: what follows would be the beginning of the next
 * block to Go's reader, which takes as much from the compressed stream as it needs.
 *
 * @throws FrameError SpdyHeadersInvalid
 */
export function parseHeaderBlock(block: Buffer): ReadonlyMap<string, string> {
  const headers = new Map<string, string>();
  let at = 0;
  const number = (): number => {
    if (at + 4 > block.length) throw new FrameError('SpdyHeadersInvalid');
    at += 4;
    return block.readUInt32BE(at - 4);
  };
  const text = (): string => {
    const length = number();
    if (at + length > block.length) throw new FrameError('SpdyHeadersInvalid');
    at += length;
    return block.toString('latin1', at - length, at);
  };
  const count = number();
  if (count > MAX_HEADERS) throw new FrameError('SpdyHeadersInvalid');
  for (let header = 0; header < count; header++) {
    const name = text();
    const value = text();
    // Go keeps the first of several; names in capitals are an error to it, or another name to others.
    if (!HEADER_NAME.test(name) || headers.has(name) || value.includes('\0'))
      throw new FrameError('SpdyHeadersInvalid');
    headers.set(name, value);
  }
  if (at !== block.length) throw new FrameError('SpdyHeadersInvalid');
  return headers;
}
