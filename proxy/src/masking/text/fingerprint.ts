import { createHmac } from 'node:crypto';
import { fingerprinted } from './placeholder.ts';

export interface FingerprintKey {
  /** Short, and never used again for another key: 1 to 16 of `a-z`, `0-9` and `-`. */
  readonly id: string;
  readonly key: Uint8Array;
  readonly current: boolean;
}

/** Keys that cannot make fingerprints. Tells which, by id, never by bytes. */
export class FingerprintKeysError extends Error {
  override readonly name = 'FingerprintKeysError';
}

/** Less could be searched: a fingerprint of a guessable value is as safe as its key. */
const MIN_KEY_BYTES = 32;

/** Sets these digests apart from whatever else the same key might be used for. */
const DOMAIN = 'chaperone.dev/masking/fingerprint/v1\0';

/**
 * Makes placeholders that are equal where values are, so that one can see that two objects hold the same password
 * without seeing it. Only the current key makes them: a key that was rotated out is listed so that its id is not given
 * to another key. After a rotation the same value has another fingerprint, and the id in it says why.
 *
 * The rule's name is no part of what is hashed, so that a value is the same under two rules. 64 bits are kept: enough to
 * tell values apart, and nobody without the key can test a guess.
 */
export function newFingerprints(keys: readonly FingerprintKey[]): (name: string, value: string) => string {
  const ids = new Set(keys.map((key) => key.id));
  if (ids.size !== keys.length) throw new FingerprintKeysError('two fingerprint keys have the same id');
  const [current, ...others] = keys.filter((key) => key.current);
  if (current === undefined || others.length > 0) throw new FingerprintKeysError('one fingerprint key must be current');
  if (current.key.length < MIN_KEY_BYTES) {
    throw new FingerprintKeysError(`fingerprint key ${current.id} is shorter than ${MIN_KEY_BYTES} bytes`);
  }
  const { id } = current;
  const key = Buffer.from(current.key);
  return (name, value) =>
    fingerprinted(name, id, createHmac('sha256', key).update(DOMAIN).update(value, 'utf8').digest('hex').slice(0, 16));
}
