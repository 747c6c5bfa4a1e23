import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  Name,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  AuthorityKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';

/** A certificate and its private key, both PEM; the key is PKCS #8. */
export interface KeyPair {
  readonly certificate: string;
  readonly key: string;
}

/** What a certificate is issued for. A serving certificate names hosts, a client certificate a user and groups. */
export interface CertificateRequest {
  readonly commonName: string;
  /** Kubernetes reads the organizations of a client certificate as groups. */
  readonly organizations?: readonly string[];
  readonly dnsNames?: readonly string[];
  readonly ipAddresses?: readonly string[];
  readonly usages: readonly ('client' | 'server')[];
}

/** Signs the certificates of a local stack. Its key never leaves the process unless `keyPair` is written somewhere. */
export interface CertificateAuthority {
  readonly keyPair: KeyPair;
  issue(request: CertificateRequest): Promise<KeyPair>;
}

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const DAY = 86_400_000;
/** A stack may be left running for long; it is never a production system. */
const LIFETIME = 365 * DAY;

/** Makes an authority with a new ECDSA P-256 key. */
export async function newCertificateAuthority(commonName: string): Promise<CertificateAuthority> {
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: distinguishedName(commonName),
    ...validity(),
    keys,
    signingAlgorithm: ALGORITHM,
    extensions: [
      new BasicConstraintsExtension(true, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign | KeyUsageFlags.digitalSignature, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return authority(certificate, keys.privateKey, await pemOfKey(keys.privateKey));
}

/** An authority from its PEM, as written by an earlier start of the same stack. */
export async function loadCertificateAuthority(keyPair: KeyPair): Promise<CertificateAuthority> {
  const der = Buffer.from(keyPair.key.replaceAll(/-----[^-]+-----|\s/g, ''), 'base64');
  const key = await webcrypto.subtle.importKey('pkcs8', der, ALGORITHM, true, ['sign']);
  return authority(new X509Certificate(keyPair.certificate), key, keyPair.key);
}

function authority(certificate: X509Certificate, key: CryptoKey, keyPem: string): CertificateAuthority {
  return {
    keyPair: { certificate: certificate.toString('pem'), key: keyPem },
    async issue(request) {
      const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
      const names = [
        ...(request.dnsNames ?? []).map((value) => ({ type: 'dns' as const, value })),
        ...(request.ipAddresses ?? []).map((value) => ({ type: 'ip' as const, value })),
      ];
      const issued = await X509CertificateGenerator.create({
        subject: distinguishedName(request.commonName, request.organizations),
        issuer: certificate.subjectName,
        ...validity(),
        publicKey: keys.publicKey,
        signingKey: key,
        signingAlgorithm: ALGORITHM,
        extensions: [
          new BasicConstraintsExtension(false, undefined, true),
          new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
          new ExtendedKeyUsageExtension(
            request.usages.map((usage) =>
              usage === 'client' ? ExtendedKeyUsage.clientAuth : ExtendedKeyUsage.serverAuth,
            ),
          ),
          await AuthorityKeyIdentifierExtension.create(certificate.publicKey),
          ...(names.length === 0 ? [] : [new SubjectAlternativeNameExtension(names)]),
        ],
      });
      return { certificate: issued.toString('pem'), key: await pemOfKey(keys.privateKey) };
    },
  };
}

/** A structured name: values are never parsed as RFC 4514 text, so `system:node:a, O=b` stays one value. */
function distinguishedName(commonName: string, organizations: readonly string[] = []): Name {
  return new Name([...organizations.map((organization) => ({ O: [organization] })), { CN: [commonName] }]);
}

function validity(): { notBefore: Date; notAfter: Date } {
  // A minute back: a container's clock may lag behind the host's.
  return { notBefore: new Date(Date.now() - 60_000), notAfter: new Date(Date.now() + LIFETIME) };
}

async function pemOfKey(key: CryptoKey): Promise<string> {
  const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', key)).toString('base64');
  return `-----BEGIN PRIVATE KEY-----\n${(der.match(/.{1,64}/g) ?? []).join('\n')}\n-----END PRIVATE KEY-----\n`;
}
