import { X509Certificate, createPrivateKey } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Clock } from '@chaperone/crds/client/clock';
import { lookRegularly } from '@chaperone/crds/process/look-regularly';

/** A certificate chain and its key, in PEM. */
export interface ServingCertificate {
  readonly cert: string;
  readonly key: string;
}

export interface CertificateFiles {
  readonly certificate: string;
  readonly key: string;
}

/** What the files hold cannot be served. */
export class CertificateError extends Error {
  override readonly name = 'CertificateError';
  readonly code = 'ERR_SERVING_CERTIFICATE';
}

/**
 * Reads both files. They are replaced one after the other, or by a symbolic link: what does not belong together is an
 * error, and the next look finds what does.
 *
 * @throws CertificateError, which quotes no key
 */
export async function readCertificate(files: CertificateFiles): Promise<ServingCertificate> {
  try {
    const [cert, key] = await Promise.all([readFile(files.certificate, 'utf8'), readFile(files.key, 'utf8')]);
    if (!new X509Certificate(cert).checkPrivateKey(createPrivateKey(key)))
      throw new CertificateError(`${files.key} is not the key of ${files.certificate}`);
    return { cert, key };
  } catch (error) {
    if (error instanceof CertificateError) throw error;
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'not PEM';
    throw new CertificateError(`${files.certificate} and ${files.key} cannot be read (${code})`);
  }
}

export interface CertificateWatchOptions {
  readonly files: CertificateFiles;
  readonly clock: Clock;
  readonly current: ServingCertificate;
  /** Given each new pair. */
  readonly changed: (certificate: ServingCertificate) => void;
  readonly failed: (error: unknown) => void;
  readonly intervalMs?: number;
}

const INTERVAL_MS = 5_000;

/** Looks at the files until the signal aborts. Never rejects; what cannot be served leaves the old pair in service. */
export function watchCertificate(options: CertificateWatchOptions, signal: AbortSignal): Promise<void> {
  const { files, clock, changed, failed, intervalMs = INTERVAL_MS } = options;
  let { current } = options;
  const take = (read: ServingCertificate): void => {
    if (read.cert === current.cert && read.key === current.key) return;
    current = read;
    changed(read);
  };
  return lookRegularly({ clock, intervalMs, read: () => readCertificate(files), take, failed }, signal);
}
