import { X509Certificate } from 'node:crypto';
import {
  duplicate,
  forbidden,
  invalid,
  notSupported,
  required,
  type FieldError,
} from '@chaperone/crds/validation/field-error';
import { child, item } from '@chaperone/crds/validation/path';
import type { JwtAuthenticatorShape } from './configuration-schema.ts';

/** Who issues tokens, and where its keys are found. */
export interface IssuerConfiguration {
  /** Exactly the `iss` of its tokens and the `issuer` of its discovery document. */
  readonly url: string;
  /** Where the discovery document is read. */
  readonly discoveryUrl: string;
  /** PEM, one certificate each; empty for the system's authorities. */
  readonly certificateAuthority: readonly string[];
  /** A token must be meant for one of them. */
  readonly audiences: readonly string[];
}

/** Reads `issuer` of one authenticator by Kubernetes' rules (`validateIssuer`). */
export function readIssuer(
  shape: JwtAuthenticatorShape['issuer'],
  path: string,
  findings: FieldError[],
): IssuerConfiguration {
  const { url, discoveryURL, audiences, audienceMatchPolicy, egressSelectorType } = shape;
  const urlPath = child(path, 'url');
  if (url === '') findings.push(required(urlPath, 'the issuer of the tokens, exactly as in their iss'));
  else checkUrl(url, urlPath, findings);
  if (discoveryURL !== '') {
    const discoveryPath = child(path, 'discoveryURL');
    checkUrl(discoveryURL, discoveryPath, findings);
    if (withoutSlash(url) === withoutSlash(discoveryURL)) {
      findings.push(invalid(discoveryPath, discoveryURL, 'must differ from url; leave it out'));
    }
  }
  checkAudiences(audiences, child(path, 'audiences'), findings);
  if (audienceMatchPolicy === '' ? audiences.length > 1 : audienceMatchPolicy !== 'MatchAny') {
    findings.push(notSupported(child(path, 'audienceMatchPolicy'), audienceMatchPolicy, ['MatchAny']));
  }
  if (egressSelectorType !== '') {
    findings.push(forbidden(child(path, 'egressSelectorType'), 'belongs to the API server, and this is none'));
  }
  return {
    url,
    discoveryUrl: discoveryURL === '' ? `${withoutSlash(url)}/.well-known/openid-configuration` : discoveryURL,
    certificateAuthority: readCertificates(shape.certificateAuthority, child(path, 'certificateAuthority'), findings),
    audiences,
  };
}

const withoutSlash = (url: string): string => url.replace(/\/+$/u, '');

function checkUrl(text: string, path: string, findings: FieldError[]): void {
  const url = URL.parse(text);
  if (url === null) {
    findings.push(invalid(path, text, 'must be a URL'));
    return;
  }
  if (url.protocol !== 'https:') findings.push(invalid(path, text, 'URL scheme must be https'));
  if (url.username !== '' || url.password !== '') {
    // Without the value: it is a password.
    findings.push(forbidden(path, 'URL must not contain a username or password'));
  }
  if (text.includes('?')) findings.push(invalid(path, text, 'URL must not contain a query'));
  if (text.includes('#')) findings.push(invalid(path, text, 'URL must not contain a fragment'));
}

function checkAudiences(audiences: readonly string[], path: string, findings: FieldError[]): void {
  if (audiences.length === 0) findings.push(required(path, 'at least one audience is required'));
  audiences.forEach((audience, index) => {
    if (audience === '') findings.push(required(item(path, index), 'must not be empty'));
    else if (audiences.indexOf(audience) !== index) findings.push(duplicate(item(path, index), audience));
  });
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/gu;

/** The content is never shown: somebody may have put a private key there. */
function readCertificates(pem: string, path: string, findings: FieldError[]): readonly string[] {
  if (pem === '') return [];
  const certificates = pem.match(CERTIFICATE) ?? [];
  if (certificates.length === 0) {
    findings.push({ type: 'Invalid', path, detail: 'must be certificates in PEM' });
  }
  certificates.forEach((certificate, index) => {
    if (!isReadable(certificate)) {
      findings.push({ type: 'Invalid', path, detail: `certificate ${index + 1} cannot be read` });
    }
  });
  return certificates;
}

function isReadable(certificate: string): boolean {
  try {
    return new X509Certificate(certificate).subject !== undefined;
  } catch {
    return false;
  }
}
