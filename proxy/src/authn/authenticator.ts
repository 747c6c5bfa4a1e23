import type { Clock } from '@chaperone/crds/client/clock';
import type { Connection } from '@chaperone/crds/client/connection';
import type { Credentials } from '../request/credentials.ts';
import { AuthenticationError } from './authentication-error.ts';
import { newClusterIssuers } from './cluster-issuer.ts';
import { MAX_TOKEN_LENGTH, parseCompactToken, tokenDigest, type CompactToken } from './compact-token.ts';
import type { AuthenticationConfiguration, JwtAuthenticator } from './configuration.ts';
import { newExpiringCache } from './expiring-cache.ts';
import type { Identity } from './identity.ts';
import { newIssuerKeys, type IssuerKeys, type IssuerKeysOptions, type KeysRead } from './issuer-keys.ts';
import {
  checkBeforeReview,
  LEGACY_ISSUER,
  legacyTokenError,
  looksLikeServiceAccount,
  serviceAccountIdentity,
} from './service-account.ts';
import type { ServiceAccountSettings } from './service-account-settings.ts';
import { issuerOf } from './standard-claims.ts';
import { newTokenReviewer, type ReviewOutcome } from './token-reviewer.ts';
import { verifyToken } from './verify-token.ts';

/** Tells who calls. */
export interface Authenticator {
  /**
   * @throws AuthenticationError, which says what the caller is answered.
   */
  authenticate(caller: Caller): Promise<Identity>;
  /** For readiness: whether the keys of each issuer have been read once. */
  issuers(): readonly IssuerStatus[];
  /** Keeps keys fresh until the signal aborts. Never rejects. */
  run(signal: AbortSignal): Promise<void>;
}

/** What a caller shows of itself. */
export interface Caller {
  readonly credentials: Credentials;
  /** Whether the TLS connection came with a client certificate, which proves nothing to whom the call is forwarded. */
  readonly clientCertificate: boolean;
}

export interface IssuerStatus {
  readonly issuer: string;
  readonly ready: boolean;
}

/** What happened beside a call; for logs and metrics. */
export type AuthenticationEvent =
  | KeysRead
  | { readonly kind: 'TokenReviewed'; readonly outcome: ReviewOutcome }
  | { readonly kind: 'ClusterIssuerNotRead'; readonly error: unknown };

export interface AuthenticatorOptions {
  readonly configuration: AuthenticationConfiguration;
  readonly serviceAccounts: ServiceAccountSettings;
  /** To the API server, with the gateway's own credential. */
  readonly request: Connection['request'];
  readonly clock: Clock;
  readonly observe?: ((event: AuthenticationEvent) => void) | undefined;
  /** Of every issuer's keys; the defaults are those of production. */
  readonly keys?: Partial<Pick<IssuerKeysOptions, 'retryMs' | 'refreshMs' | 'unknownKeyMs' | 'timeoutMs'>>;
}

/** How long a verified token is not verified again, as long as its issuer publishes the same keys. */
const VERIFIED_MS = 60_000;
const CAPACITY = 8_192;

interface Verified {
  readonly identity: Identity;
  readonly generation: number;
  readonly keys: IssuerKeys;
}

function isStillGood({ identity, generation, keys }: Verified, now: number): boolean {
  return generation === keys.generation && now < identity.expiresAt;
}

interface Issuer {
  readonly authenticator: JwtAuthenticator;
  readonly keys: IssuerKeys;
}

export function newAuthenticator(options: AuthenticatorOptions): Authenticator {
  const { configuration, serviceAccounts, request, clock, observe } = options;
  const issuers = new Map<string, Issuer>(
    configuration.jwt.map((authenticator) => [
      authenticator.issuer.url,
      { authenticator, keys: newIssuerKeys({ ...options.keys, issuer: authenticator.issuer, clock, observe }) },
    ]),
  );
  const verified = newExpiringCache<Verified>({ capacity: CAPACITY, clock });
  const clusterIssuers = newClusterIssuers({
    configured: serviceAccounts.issuers,
    request,
    clock,
    observe: (error) => observe?.({ kind: 'ClusterIssuerNotRead', error }),
  });
  const reviewer = newTokenReviewer({
    request,
    audience: serviceAccounts.audience,
    clock,
    observe: (outcome) => observe?.({ kind: 'TokenReviewed', outcome }),
  });

  async function verifyOnce(token: CompactToken, { authenticator, keys }: Issuer): Promise<Identity> {
    // Taken before: keys that change meanwhile make the entry void.
    const { generation } = keys;
    const identity = await verifyToken(token, authenticator, keys, clock.now());
    verified.set(token.digest, { identity, generation, keys }, VERIFIED_MS);
    return identity;
  }

  async function reviewServiceAccount(token: CompactToken, issuer: string): Promise<Identity> {
    const expiresAt = checkBeforeReview(token, serviceAccounts.audience, clock.now());
    const vouched = await reviewer.review(token);
    return serviceAccountIdentity(vouched, serviceAccounts.identity, { issuer, expiresAt });
  }

  /** `iss` leads to exactly one way: a token that one of them refuses is never tried by another. */
  function route(token: CompactToken): Promise<Identity> {
    const iss = issuerOf(token.claims);
    const issuer = issuers.get(iss);
    if (issuer !== undefined) return verifyOnce(token, issuer);
    if (serviceAccounts.enabled) {
      if (clusterIssuers.urls.includes(iss)) return reviewServiceAccount(token, iss);
      if (iss === LEGACY_ISSUER) throw legacyTokenError();
      if (clusterIssuers.urls.length === 0 && looksLikeServiceAccount(token)) {
        throw new AuthenticationError('TokenReviewUnavailable');
      }
    }
    throw new AuthenticationError('IssuerUnknown', iss);
  }

  async function authenticateToken(text: string): Promise<Identity> {
    // Before hashing, which takes as long as the text is.
    if (text.length > MAX_TOKEN_LENGTH) throw new AuthenticationError('TokenTooLong');
    const digest = tokenDigest(text);
    const known = verified.get(digest);
    if (known !== undefined && isStillGood(known, clock.now())) return known.identity;
    return route(parseCompactToken(text, digest));
  }

  return {
    async authenticate({ credentials, clientCertificate }) {
      switch (credentials.kind) {
        case 'bearer':
          return authenticateToken(credentials.token);
        case 'none':
          throw new AuthenticationError(clientCertificate ? 'ClientCertificate' : 'NoToken');
        case 'unsupported':
          throw new AuthenticationError('SchemeUnsupported');
        default:
          return credentials satisfies never;
      }
    },
    issuers: () => [...issuers].map(([issuer, { keys }]) => ({ issuer, ready: keys.ready })),
    async run(signal) {
      const loops = [...issuers.values()].map(({ keys }) => keys.run(signal));
      await Promise.all(serviceAccounts.enabled ? [...loops, clusterIssuers.run(signal)] : loops);
    },
  };
}
