import { X509Certificate } from 'node:crypto';
import { chownSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { CertificateAuthority } from '../certificates/authority.ts';
import type { Account } from './account.ts';
import { TLS_CERTIFICATE, TLS_KEY, type ServerDirectories } from './configuration.ts';
import { newUsers, parseUsers, serializeUsers, type Users } from './security.ts';

const DAY = 86_400_000;

/** Put in place whole: a running server watches some of its files. */
export function writeOwned(file: string, content: string, account: Account | undefined): void {
  if (readOptional(file) === content) return;
  writeFileSync(`${file}.new`, content, { mode: 0o600 });
  if (account !== undefined) chownSync(`${file}.new`, account.uid, account.gid);
  renameSync(`${file}.new`, file);
}

function readOptional(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

/** The stack's users, made at its first start. The file holds passwords and is the launcher's alone. */
export function keptUsers(file: string): Users {
  const kept = parseUsers(readOptional(file) ?? '');
  if (kept !== undefined) return kept;
  const users = newUsers();
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, serializeUsers(users), { mode: 0o600 });
  return users;
}

/** The certificate of an earlier start while it serves (a new one would restart the server), else a new one. */
export async function servingCertificate(
  { config }: ServerDirectories,
  authority: CertificateAuthority,
): Promise<Readonly<Record<string, string>>> {
  const kept = { certificate: readOptional(join(config, TLS_CERTIFICATE)), key: readOptional(join(config, TLS_KEY)) };
  const { certificate, key } =
    kept.certificate !== undefined && kept.key !== undefined && isFrom(authority, kept.certificate)
      ? { certificate: kept.certificate, key: kept.key }
      : await authority.issue({
          commonName: 'elasticsearch',
          dnsNames: ['localhost'],
          ipAddresses: ['127.0.0.1'],
          usages: ['server'],
        });
  return { [TLS_CERTIFICATE]: certificate, [TLS_KEY]: key };
}

function isFrom(authority: CertificateAuthority, pem: string): boolean {
  const certificate = new X509Certificate(pem);
  const issuer = new X509Certificate(authority.keyPair.certificate);
  return certificate.verify(issuer.publicKey) && Date.parse(certificate.validTo) > Date.now() + DAY;
}
