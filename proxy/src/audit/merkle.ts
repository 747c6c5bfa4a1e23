import { hash } from 'node:crypto';

/**
 * Merkle trees as in RFC 6962, section 2.1: leaves and nodes are hashed with different prefixes, so that a node cannot
 * be shown as a leaf. A leaf's data are the 32 bytes of a record's hash.
 */

const leafBytes = Buffer.alloc(33);
const nodeBytes = Buffer.alloc(65, 1);
leafBytes[0] = 0;

export const EMPTY_ROOT = hash('sha256', '', 'hex');

export function leafHash(recordHash: string): string {
  leafBytes.write(recordHash, 1, 32, 'hex');
  return hash('sha256', leafBytes, 'hex');
}

function nodeHash(left: string, right: string): string {
  nodeBytes.write(left, 1, 32, 'hex');
  nodeBytes.write(right, 33, 32, 'hex');
  return hash('sha256', nodeBytes, 'hex');
}

/** The root of leaves that come one by one; holds a logarithm of their number. */
export interface MerkleRoot {
  add(recordHash: string): void;
  readonly size: number;
  root(): string;
  clear(): void;
}

export function newMerkleRoot(): MerkleRoot {
  // The roots of the whole subtrees, largest first: one for each bit of `size` that is set.
  let subtrees: string[] = [];
  let size = 0;
  return {
    add(recordHash) {
      let node = leafHash(recordHash);
      for (let bits = size; (bits & 1) === 1; bits >>>= 1) node = nodeHash(subtrees.pop() ?? '', node);
      subtrees.push(node);
      size += 1;
    },
    get size() {
      return size;
    },
    root: () => (size === 0 ? EMPTY_ROOT : subtrees.reduceRight((right, left) => nodeHash(left, right))),
    clear() {
      subtrees = [];
      size = 0;
    },
  };
}

export function merkleRoot(recordHashes: readonly string[]): string {
  const tree = newMerkleRoot();
  for (const each of recordHashes) tree.add(each);
  return tree.root();
}

/** RFC 6962, section 2.1: the largest power of two that is smaller than `count`. */
const splitOf = (count: number): number => 2 ** Math.floor(Math.log2(count - 1));

/** PATH(m, D[n]): what is needed beside a record to compute the root. @throws RangeError if there is no such leaf. */
export function inclusionProof(recordHashes: readonly string[], index: number): string[] {
  if (!Number.isInteger(index) || index < 0 || index >= recordHashes.length)
    throw new RangeError('the tree has no leaf of this index');
  if (recordHashes.length === 1) return [];
  const split = splitOf(recordHashes.length);
  const left = recordHashes.slice(0, split);
  const right = recordHashes.slice(split);
  return index < split
    ? [...inclusionProof(left, index), merkleRoot(right)]
    : [...inclusionProof(right, index - split), merkleRoot(left)];
}

export interface Inclusion {
  readonly recordHash: string;
  readonly index: number;
  readonly size: number;
  readonly proof: readonly string[];
  readonly root: string;
}

/** Whether the record is the leaf `index` of the tree that has this root: RFC 9162, section 2.1.3.2. */
export function verifyInclusion({ recordHash, index, size, proof, root }: Inclusion): boolean {
  if (!Number.isInteger(index) || index < 0 || index >= size) return false;
  let position = index;
  let last = size - 1;
  let node = leafHash(recordHash);
  for (const sibling of proof) {
    if (last === 0) return false;
    if (position % 2 === 1 || position === last) {
      node = nodeHash(sibling, node);
      while (position % 2 === 0 && position !== 0) {
        position /= 2;
        last = Math.floor(last / 2);
      }
    } else node = nodeHash(node, sibling);
    position = Math.floor(position / 2);
    last = Math.floor(last / 2);
  }
  return last === 0 && node === root;
}
