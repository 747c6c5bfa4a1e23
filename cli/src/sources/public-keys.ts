import { readFile } from 'node:fs/promises';
import { publicKeyOf, type PublicKey } from '@chaperone/crds/audit/signing-keys';
import { CommandError } from '../command-error.ts';

const PUBLIC_KEY = /-----BEGIN PUBLIC KEY-----([A-Za-z0-9+/=\s]*)-----END PUBLIC KEY-----/g;

/** The Ed25519 public keys in files of PEM. A private key is refused: nobody who only verifies should have one. @throws CommandError */
export async function readPublicKeys(option: string, files: readonly string[]): Promise<readonly PublicKey[]> {
  const keys: PublicKey[] = [];
  for (const file of files) {
    const pem = await readText(option, file);
    if (pem.includes('PRIVATE KEY-----'))
      throw new CommandError(
        'Key',
        `--${option}: ${file} holds a private key. Leave it where it is, and give its public half: openssl pkey -in ${file} -pubout`,
      );
    const found = [...pem.matchAll(PUBLIC_KEY)].map(([, base64 = '']) => publicKeyOf(base64.replace(/\s/g, '')));
    if (found.length === 0 || found.includes(undefined))
      throw new CommandError('Key', `--${option}: ${file} holds no Ed25519 public key in PEM (BEGIN PUBLIC KEY)`);
    keys.push(...found.filter((key) => key !== undefined));
  }
  return keys;
}

/** A file of JSON. @throws CommandError */
export async function readJson(option: string, file: string): Promise<unknown> {
  const text = await readText(option, file);
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new CommandError('Source', `--${option}: ${file} is not JSON`, { cause: error });
  }
}

async function readText(option: string, file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable';
    throw new CommandError('Source', `--${option}: ${file} cannot be read (${code})`, { cause: error });
  }
}
