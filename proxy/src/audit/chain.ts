import { hash } from 'node:crypto';

/**
 * The chain of one writer's records: each link commits to the record, to its sequence number and to all links before
 * it. Hashes are lower-case hexadecimal wherever they are told; they are joined as raw bytes.
 */

const HASH_BYTES = 32;
const link = Buffer.alloc(2 * HASH_BYTES + 8);

/** What `event.hash` is: SHA-256 over the UTF-8 of `event.original`. */
export const eventHash = (original: string | Buffer): string => hash('sha256', original, 'hex');

/** The value before a writer's first record. It names the writer, so that no part of one chain fits into another. */
export const genesisChain = (writer: string): string =>
  hash('sha256', `chaperone.dev/audit/genesis/v1\n${writer}`, 'hex');

/** SHA-256(previous chain || SHA-256(event.original) || sequence as uint64 big-endian). */
export function nextChain(previousChain: string, recordHash: string, sequence: number): string {
  link.write(previousChain, 0, HASH_BYTES, 'hex');
  link.write(recordHash, HASH_BYTES, HASH_BYTES, 'hex');
  link.writeUInt32BE(Math.floor(sequence / 2 ** 32), 2 * HASH_BYTES);
  link.writeUInt32BE(sequence >>> 0, 2 * HASH_BYTES + 4);
  return hash('sha256', link, 'hex');
}
