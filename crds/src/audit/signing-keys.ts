import { createPrivateKey, createPublicKey, hash, sign, verify, type KeyObject } from 'node:crypto';

/** A key that signs checkpoints or registries. */
export interface SigningKey {
  /** SHA-256 over the public key's SubjectPublicKeyInfo, in hexadecimal. */
  readonly id: string;
  /** SubjectPublicKeyInfo in base64. */
  readonly publicKey: string;
  sign(text: string): string;
}

/** What is known of a key to those who check signatures. */
export interface PublicKey {
  readonly id: string;
  readonly publicKey: string;
}

/** A key cannot be used. Never tells any of it. */
export class SigningKeyError extends Error {
  override readonly name = 'SigningKeyError';
  readonly code: 'NotAKey' | 'NotEd25519' | 'NoKeys';

  constructor(code: SigningKeyError['code'], file: string) {
    // The parser's error is left out: OpenSSL's messages may hold parts of its input.
    const what = {
      NotAKey: 'holds no private key in PEM',
      NotEd25519: 'is not an Ed25519 key',
      NoKeys: 'holds no key',
    };
    super(`${file} ${what[code]}`);
    this.code = code;
  }
}

const idOf = (der: Buffer): string => hash('sha256', der, 'hex');

/** @throws SigningKeyError */
export function signingKey(pem: string, file: string): SigningKey {
  let key: KeyObject;
  try {
    key = createPrivateKey(pem);
  } catch {
    throw new SigningKeyError('NotAKey', file);
  }
  if (key.asymmetricKeyType !== 'ed25519') throw new SigningKeyError('NotEd25519', file);
  const der = createPublicKey(key).export({ format: 'der', type: 'spki' });
  return {
    id: idOf(der),
    publicKey: der.toString('base64'),
    sign: (text) => sign(null, Buffer.from(text), key).toString('base64'),
  };
}

export interface KeyDirectory {
  readdir(directory: string): Promise<readonly string[]>;
  readFile(path: string): Promise<string>;
}

/** The keys of a directory's `*.pem` files, oldest first: the last one by name signs. @throws SigningKeyError */
export async function readSigningKeys(files: KeyDirectory, directory: string): Promise<readonly SigningKey[]> {
  const names = (await files.readdir(directory)).filter((name) => name.endsWith('.pem')).toSorted();
  if (names.length === 0) throw new SigningKeyError('NoKeys', directory);
  return await Promise.all(names.map(async (name) => signingKey(await files.readFile(`${directory}/${name}`), name)));
}

/** Whether the text is base64 in the one spelling that an encoder gives: unused bits of the last character are zero. */
const isCanonicalBase64 = (text: string): boolean => Buffer.from(text, 'base64').toString('base64') === text;

/** The public key of a SubjectPublicKeyInfo in base64; undefined where it is none of Ed25519. */
export function publicKeyOf(publicKey: string): PublicKey | undefined {
  if (!isCanonicalBase64(publicKey)) return undefined;
  const der = Buffer.from(publicKey, 'base64');
  try {
    const key = createPublicKey({ key: der, format: 'der', type: 'spki' });
    return key.asymmetricKeyType === 'ed25519' ? { id: idOf(der), publicKey } : undefined;
  } catch {
    return undefined;
  }
}

export function isSignedBy({ publicKey }: PublicKey, text: string, signature: string): boolean {
  if (!isCanonicalBase64(signature)) return false;
  try {
    const key = createPublicKey({ key: Buffer.from(publicKey, 'base64'), format: 'der', type: 'spki' });
    return verify(null, Buffer.from(text), key, Buffer.from(signature, 'base64'));
  } catch {
    return false;
  }
}
