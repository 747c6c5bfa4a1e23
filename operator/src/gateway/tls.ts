import { createPrivateKey, X509Certificate } from 'node:crypto';
import type { KeyPair, ServingNames, Validity } from './certificates.ts';

/** A pair that could be read, whose key fits. */
export interface ParsedPair extends KeyPair {
  readonly validity: Validity;
}

/** What is there of a self-signed authority and what it signed. What cannot be used counts as not there. */
export interface TlsState {
  readonly authority: ParsedPair | undefined;
  /** The authority that comes next: clients are told of it before anything is signed by it. */
  readonly next: (ParsedPair & { readonly publishedAt: number }) | undefined;
  /** The certificate of the authority before, which clients go on being told of until it ends. */
  readonly previous: string | undefined;
  readonly serving: ParsedPair | undefined;
}

export interface TlsRules {
  readonly names: ServingNames;
  readonly certificateMs: number;
  readonly authorityMs: number;
}

/** What has to be done now. Times are in milliseconds since the epoch. */
export interface TlsPlan {
  /** `promote`: the next one takes over. `create`: there is none to take over from, and no client trusts the new one. */
  readonly authority: 'keep' | 'create' | 'promote';
  readonly introduceNext: boolean;
  readonly issueServing: boolean;
  /** When there may be something to do again. */
  readonly wakeAt: number;
}

/** When a third of the time is left: long enough for an operator that was down, or for clients that look rarely. */
const renewalOf = ({ from, until }: Validity): number => from + (until - from) * (2 / 3);

const isValid = (validity: Validity | undefined, now: number): boolean =>
  validity !== undefined && validity.from <= now && now < validity.until;

/** Decides what to renew. Pure; certificates are parsed, never made, here. */
export function planTls(state: TlsState, rules: TlsRules, now: number): TlsPlan {
  const overlapMs = rules.authorityMs / 6;
  const takesOverAt = state.next === undefined ? Infinity : state.next.publishedAt + overlapMs;
  const authority = planAuthority(state, takesOverAt, now);
  const current = authority === 'promote' ? state.next : state.authority;
  const introducesAt =
    authority === 'create' || current === undefined ? now + rules.authorityMs * (2 / 3) : renewalOf(current.validity);
  const hasNext = authority === 'keep' && state.next !== undefined && now < state.next.validity.until;
  const introduceNext = !hasNext && now >= introducesAt;
  const issueServing = authority !== 'keep' || !isServingFit(state, rules.names, now);
  const renewsAt =
    issueServing || state.serving === undefined
      ? now + rules.certificateMs * (2 / 3)
      : renewalOf(state.serving.validity);
  const authorityStep = hasNext ? takesOverAt : introduceNext ? now + overlapMs : introducesAt;
  return { authority, introduceNext, issueServing, wakeAt: Math.min(renewsAt, authorityStep) };
}

function planAuthority({ authority, next }: TlsState, takesOverAt: number, now: number): TlsPlan['authority'] {
  const nextIsValid = isValid(next?.validity, now);
  if (authority !== undefined && isValid(authority.validity, now)) {
    return nextIsValid && now >= takesOverAt ? 'promote' : 'keep';
  }
  // Clients may know the next one already; they cannot know one that is made now.
  return nextIsValid ? 'promote' : 'create';
}

function isServingFit({ serving, authority }: TlsState, names: ServingNames, now: number): boolean {
  if (serving === undefined || authority === undefined || now >= renewalOf(serving.validity)) {
    return false;
  }
  return (
    isSignedBy(serving.certificate, authority.certificate) && missingNames(serving.certificate, names).length === 0
  );
}

function isSignedBy(certificate: string, authority: string): boolean {
  const issuer = new X509Certificate(authority);
  const issued = new X509Certificate(certificate);
  return issued.checkIssued(issuer) && issued.verify(issuer.publicKey);
}

/** The names that a certificate is not good for. */
export function missingNames(certificate: string, { dnsNames, ipAddresses }: ServingNames): readonly string[] {
  const parsed = new X509Certificate(certificate);
  return [
    ...dnsNames.filter((name) => parsed.checkHost(name, { subject: 'never' }) === undefined),
    ...ipAddresses.filter((address) => parsed.checkIP(address) === undefined),
  ];
}

/** Reads a pair; undefined where either part is no PEM, or they do not belong together. Of a chain the first counts. */
export function parsePair(certificate: string | undefined, key: string | undefined): ParsedPair | undefined {
  if (certificate === undefined || key === undefined) {
    return undefined;
  }
  try {
    const parsed = new X509Certificate(certificate);
    if (!parsed.checkPrivateKey(createPrivateKey(key))) {
      return undefined;
    }
    return { certificate, key, validity: validityOf(parsed) };
  } catch {
    // The parser's words are of no use to anybody, and might quote the key.
    return undefined;
  }
}

const validityOf = ({ validFrom, validTo }: X509Certificate): Validity => ({
  from: Date.parse(validFrom),
  until: Date.parse(validTo),
});

/** A certificate without its key, where it can be read and has not ended. */
export function parseLiving(certificate: string | undefined, now: number): string | undefined {
  try {
    return certificate !== undefined && validityOf(new X509Certificate(certificate)).until > now
      ? certificate
      : undefined;
  } catch {
    return undefined;
  }
}

/** What is wrong with a certificate that somebody else provides. */
export interface CertificateFinding {
  readonly reason: 'CertificateMissing' | 'CertificateInvalid' | 'CertificateExpired' | 'CertificateExpiring';
  readonly message: string;
}

/** From this much time before its end on, a certificate that nobody renewed is warned of. */
const WARN_MS = 14 * 86_400_000;

/** Judges the certificate of a Secret that somebody else writes; undefined where all is well. Pure. */
export function judgeGiven(
  given: { readonly certificate: string | undefined; readonly key: string | undefined },
  { names, secretName }: { readonly names: ServingNames; readonly secretName: string },
  now: number,
): CertificateFinding | undefined {
  const named = `Secret ${secretName}`;
  if (given.certificate === undefined || given.key === undefined) {
    return { reason: 'CertificateMissing', message: `${named} is not there, or has no tls.crt and tls.key` };
  }
  const pair = parsePair(given.certificate, given.key);
  if (pair === undefined) {
    return {
      reason: 'CertificateInvalid',
      message: `${named}: tls.crt or tls.key cannot be read, or they do not belong together`,
    };
  }
  const missing = missingNames(pair.certificate, names);
  if (missing.length > 0) {
    return { reason: 'CertificateInvalid', message: `${named}: the certificate does not name ${missing.join(', ')}` };
  }
  const end = new Date(pair.validity.until).toISOString();
  if (!isValid(pair.validity, now)) {
    return { reason: 'CertificateExpired', message: `${named}: the certificate is not valid now, it ends at ${end}` };
  }
  // A short one is renewed late in its life, and rightly so.
  const warnMs = Math.min(WARN_MS, (pair.validity.until - pair.validity.from) / 6);
  return now >= pair.validity.until - warnMs
    ? { reason: 'CertificateExpiring', message: `${named}: the certificate ends at ${end} and was not renewed` }
    : undefined;
}

/** The names by which pods reach the gateway's Service, and those that are configured. */
export const servingNames = (
  service: string,
  namespace: string,
  more: { readonly dnsNames: readonly string[]; readonly ipAddresses: readonly string[] },
): ServingNames => ({
  dnsNames: [
    ...new Set([
      service,
      `${service}.${namespace}`,
      `${service}.${namespace}.svc`,
      `${service}.${namespace}.svc.cluster.local`,
      ...more.dnsNames,
    ]),
  ],
  ipAddresses: [...new Set(more.ipAddresses)],
});
