import { authorizationHeader, bearerSubprotocol, bearerToken } from './authorization.ts';
import { awsAccessKeyId, awsSecretAccessKey, awsSessionToken, awsSignature } from './aws.ts';
import { azureClientSecret, azureSignature, azureStorageKey } from './azure.ts';
import { dsnPassword, mysqlPassword, urlPassword } from './connection-string.ts';
import { credential } from './credential.ts';
import type { Detector, DetectorKind } from './detector.ts';
import { dockerConfig } from './docker-config.ts';
import { gcpServiceAccountKey } from './gcp.ts';
import { jwt } from './jwt.ts';
import { kubeconfig } from './kubeconfig.ts';
import { prefixedTokens } from './prefixed-tokens.ts';
import { encodedPrivateKey, privateKey, puttyPrivateKey } from './private-key.ts';

/**
 * All built-in detectors, as docs/masking.md lists them. Of two that find the same, the earlier gives its name: the ones
 * that know what they found are before those that go by the name in front of it.
 */
export const DETECTORS: readonly Detector[] = [
  privateKey,
  puttyPrivateKey,
  encodedPrivateKey,
  jwt,
  awsAccessKeyId,
  awsSecretAccessKey,
  awsSessionToken,
  awsSignature,
  azureStorageKey,
  azureClientSecret,
  azureSignature,
  gcpServiceAccountKey,
  ...prefixedTokens,
  urlPassword,
  dsnPassword,
  mysqlPassword,
  authorizationHeader,
  bearerToken,
  bearerSubprotocol,
  dockerConfig,
  kubeconfig,
  credential,
];

/** The detectors of these kinds, and those that are always on. */
export function detectorsOf(kinds: 'all' | readonly DetectorKind[]): readonly Detector[] {
  return kinds === 'all' ? DETECTORS : DETECTORS.filter(({ kind }) => kind === undefined || kinds.includes(kind));
}
