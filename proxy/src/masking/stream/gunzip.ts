import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { UndecodableBody } from '../document.ts';

/**
 * What gzip (RFC 1952) holds, of one member or several: an API server flushes a watch by a member each. Inflates no
 * faster than it is read, so that a bomb holds no more memory than a chunk, and at most `maximumBytes`.
 * @throws UndecodableBody past the bound, and where it is damaged, cut short, or something else follows; whatever the
 * source throws.
 */
export async function* gunzip(source: AsyncIterable<Buffer>, maximumBytes: number): AsyncGenerator<Buffer, void, void> {
  const inflate = createGunzip();
  let received = 0;
  async function* counted(): AsyncGenerator<Buffer, void, void> {
    for await (const chunk of source) {
      received += chunk.length;
      yield chunk;
    }
  }
  // Its failures destroy `inflate` and so come out of the loop below.
  pipeline(counted, inflate).catch(() => undefined);
  let inflated = 0;
  try {
    for await (const chunk of inflate) {
      if (!Buffer.isBuffer(chunk)) throw new TypeError('Inflated data are bytes');
      inflated += chunk.length;
      if (inflated > maximumBytes) throw new UndecodableBody('The gzip holds more than its bound');
      yield chunk;
    }
  } catch (error) {
    throw isDamage(error) ? new UndecodableBody('The gzip is damaged or cut short', { cause: error }) : error;
  } finally {
    inflate.destroy();
  }
  // zlib stops without a word at what is no further member; Go takes it as an error.
  if (inflate.bytesWritten !== received) throw new UndecodableBody('Something follows the gzip');
}

function isDamage(error: unknown): boolean {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && error.code.startsWith('Z_');
}
