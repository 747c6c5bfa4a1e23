import { createPrivateKey, X509Certificate } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { get } from 'node:https';
import { extname, join } from 'node:path';
import type { CertificateAuthority } from '../certificates/authority.ts';
import type { Supervisor } from '../process/supervisor.ts';
import { issuerUrl } from './options.ts';
import { replaceFile } from '../process/replace-file.ts';
import { ensureKeys, stateFiles, writeSettings } from './state.ts';

export interface StartIssuerOptions {
  /** Keeps keys, certificate and settings; what is there from an earlier start is used again. */
  readonly directory: string;
  readonly port: number;
  /** Signs the serving certificate. */
  readonly certificateAuthority: CertificateAuthority;
  /** The `aud` of its tokens and the identifier of its public client. */
  readonly audience: string;
  /** An IP address to listen on and to be known by; 127.0.0.1 unless given. */
  readonly host?: string;
  /** Of ID tokens from the flows, in seconds; an hour unless given. */
  readonly idTokenLifetime?: number;
  /** How long it may take to answer, in milliseconds. */
  readonly timeout?: number;
}

/** A running issuer. */
export interface Issuer {
  /** The `iss` of its tokens; discovery is below it. */
  readonly url: string;
  /** Path of the certificate authority to trust, PEM. */
  readonly caFile: string;
  readonly audience: string;
  /** For mintToken, rotateKeys and dropRetiredKeys. */
  readonly directory: string;
}

/** The name of the process in the stack. */
export const ISSUER_PROCESS = 'issuer';

const RENEW_BEFORE = 30 * 86_400_000;

/**
 * Starts the issuer, or finds it running, and waits until it answers discovery. Throws LaunchError when it ends or does
 * not answer in time.
 */
export async function startIssuer(supervisor: Supervisor, options: StartIssuerOptions): Promise<Issuer> {
  const { directory, port, audience, host = '127.0.0.1', idTokenLifetime = 3_600 } = options;
  const url = issuerUrl({ host, port });
  const files = stateFiles(directory);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  await ensureKeys(directory);
  if (!certificateFits(files, options.certificateAuthority, host)) {
    // A running issuer has read the earlier certificate, which nobody would trust any more.
    await supervisor.stop(ISSUER_PROCESS);
    await writeCertificate(files, options.certificateAuthority, host);
  }
  writeSettings(directory, { url, audience });
  const record = await supervisor.start({
    name: ISSUER_PROCESS,
    command: process.execPath,
    args: [
      '--conditions=source',
      join(import.meta.dirname, `main${extname(import.meta.filename)}`),
      `--directory=${directory}`,
      `--host=${host}`,
      `--port=${port}`,
      `--audience=${audience}`,
      `--id-token-lifetime=${idTokenLifetime}`,
    ],
  });
  const ca = readFileSync(files.ca, 'utf8');
  await supervisor.waitUntilReady(record, () => answersDiscovery(url, ca), options.timeout ?? 20_000);
  return { url, caFile: files.ca, audience, directory };
}

type StateFiles = ReturnType<typeof stateFiles>;

/** Whether the certificate on file is this authority's, names the host and lasts for a while. */
function certificateFits(files: StateFiles, authority: CertificateAuthority, host: string): boolean {
  try {
    if (readFileSync(files.ca, 'utf8') !== authority.keyPair.certificate) return false;
    const certificate = new X509Certificate(readFileSync(files.certificate));
    return (
      certificate.verify(new X509Certificate(authority.keyPair.certificate).publicKey) &&
      certificate.checkPrivateKey(createPrivateKey(readFileSync(files.key))) &&
      certificate.checkIP(host) !== undefined &&
      Date.parse(certificate.validTo) - Date.now() > RENEW_BEFORE
    );
  } catch {
    // Missing or unreadable: written anew.
    return false;
  }
}

async function writeCertificate(files: StateFiles, authority: CertificateAuthority, host: string): Promise<void> {
  const serving = await authority.issue({
    commonName: 'OIDC issuer',
    dnsNames: ['localhost'],
    ipAddresses: [...new Set(['127.0.0.1', host])],
    usages: ['server'],
  });
  replaceFile(files.ca, authority.keyPair.certificate, 0o644);
  replaceFile(files.certificate, serving.certificate, 0o644);
  replaceFile(files.key, serving.key, 0o600);
}

/** Whether discovery answers under our authority for our URL: what else may listen on the port does not count. */
function answersDiscovery(url: string, ca: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const request = get(`${url}/.well-known/openid-configuration`, { ca, timeout: 2_000, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
      });
      response.once('error', reject);
      response.once('end', () => resolve(response.statusCode === 200 && text.includes(JSON.stringify(url))));
    });
    request.once('timeout', () => request.destroy(new Error('no answer')));
    request.once('error', reject);
  });
}
