import { generateKeyPairSync } from 'node:crypto';
import { dirname } from 'node:path';
import { codeOf } from './wal/log-error.ts';
import { signingKey, type SigningKey } from '@chaperone/crds/audit/signing-keys';
import type { FileSystem } from './wal/file-system.ts';

/** The key in a file, which is made where there is none. @throws SigningKeyError, errors of the file system */
export async function openSigningKey(
  files: Pick<FileSystem, 'makeDirectory' | 'readFile' | 'replaceFile'>,
  path: string,
): Promise<SigningKey> {
  try {
    return signingKey(await files.readFile(path), path);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
  }
  await files.makeDirectory(dirname(path));
  const { privateKey } = generateKeyPairSync('ed25519');
  const pem = privateKey.export({ format: 'pem', type: 'pkcs8' });
  await files.replaceFile(path, pem);
  return signingKey(pem, path);
}
