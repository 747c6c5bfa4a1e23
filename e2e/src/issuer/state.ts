import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { replaceFile } from '../process/replace-file.ts';
import { IssuerError } from './issuer-error.ts';
import { generateKeys, parseKeySet, rotated, withoutRetired, type KeySet } from './key-set.ts';

/** What tokens of the issuer say of it, for those who make tokens without asking it. */
export interface IssuerSettings {
  /** The `iss` claim. */
  readonly url: string;
  /** The `aud` claim, and the identifier of the public client. */
  readonly audience: string;
}

/** Where an issuer keeps what it has, under its directory. */
export function stateFiles(directory: string): Record<'settings' | 'keys' | 'ca' | 'certificate' | 'key', string> {
  return {
    settings: join(directory, 'issuer.json'),
    keys: join(directory, 'keys', 'jwks.json'),
    ca: join(directory, 'ca.crt'),
    certificate: join(directory, 'tls.crt'),
    key: join(directory, 'tls.key'),
  };
}

/** Throws IssuerError `NotSetUp` when no issuer was started with this directory. */
export function readSettings(directory: string): IssuerSettings {
  const file = stateFiles(directory).settings;
  const value: unknown = JSON.parse(readState(directory, file));
  if (typeof value === 'object' && value !== null && 'url' in value && 'audience' in value) {
    const { url, audience } = value;
    if (typeof url === 'string' && typeof audience === 'string') return { url, audience };
  }
  throw new IssuerError('BadState', `${file} does not hold the settings of an issuer`);
}

export function writeSettings(directory: string, settings: IssuerSettings): void {
  replaceFile(stateFiles(directory).settings, `${JSON.stringify(settings, null, 2)}\n`, 0o644);
}

/** The private keys, those that sign first. Throws IssuerError `NotSetUp` when there are none yet. */
export function readKeys(directory: string): KeySet {
  const file = stateFiles(directory).keys;
  return parseKeySet(readState(directory, file), file);
}

/** Makes keys where there are none; those of an earlier start stay, so that its tokens stay good. */
export async function ensureKeys(directory: string): Promise<void> {
  try {
    readKeys(directory);
  } catch (error) {
    if (!(error instanceof IssuerError && error.code === 'NotSetUp')) throw error;
    writeKeys(directory, await generateKeys());
  }
}

/**
 * Puts new keys in front; the earlier ones still verify. A running issuer serves them within a second, tokens made from
 * the directory use them at once.
 */
export async function rotateKeys(directory: string): Promise<KeySet> {
  readKeys(directory);
  const added = await generateKeys();
  // Read again: between this read and the write nothing is awaited, so two rotations in one process lose no key.
  const keys = rotated(readKeys(directory), added);
  writeKeys(directory, keys);
  return keys;
}

/** Retires every key that no longer signs: a running issuer ceases to publish them within a second. */
export function dropRetiredKeys(directory: string): KeySet {
  const keys = withoutRetired(readKeys(directory));
  writeKeys(directory, keys);
  return keys;
}

function writeKeys(directory: string, keys: KeySet): void {
  replaceFile(stateFiles(directory).keys, `${JSON.stringify({ keys }, null, 2)}\n`, 0o600);
}

function readState(directory: string, file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') {
      throw new IssuerError('NotSetUp', `no issuer has been set up in ${directory}: run "make up" first`, { cause });
    }
    throw new IssuerError('BadState', `${file} cannot be read`, { cause });
  }
}
