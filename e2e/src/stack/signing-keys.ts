import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { replaceFile } from '../process/replace-file.ts';

const OWNER_ONLY = 0o600;

/**
 * The keys that records are signed with, apart from the records: who can alter these must not be able to sign them. Beside
 * each key, in NUMBER.pub, is its public half, for those who verify. Makes the first one where there is none.
 */
export function makeSigningKeys(directory: string): void {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  if (!readdirSync(directory).some((name) => name.endsWith('.pem'))) addSigningKey(directory);
}

/** A key that signs from now on: the gateway takes it up by itself. */
export function addSigningKey(directory: string): void {
  const count = readdirSync(directory).filter((name) => name.endsWith('.pem')).length;
  const path = join(directory, String(count + 1).padStart(4, '0'));
  const { privateKey } = generateKeyPairSync('ed25519');
  replaceFile(`${path}.pub`, createPublicKey(privateKey).export({ format: 'pem', type: 'spki' }), 0o644);
  replaceFile(`${path}.pem`, privateKey.export({ format: 'pem', type: 'pkcs8' }), OWNER_ONLY);
}

/** The public halves, oldest first, each SubjectPublicKeyInfo in base64. */
export const publicKeysIn = (directory: string): readonly string[] =>
  readdirSync(directory)
    .filter((name) => name.endsWith('.pub'))
    .toSorted()
    .map((name) =>
      createPublicKey(readFileSync(join(directory, name)))
        .export({ format: 'der', type: 'spki' })
        .toString('base64'),
    );
