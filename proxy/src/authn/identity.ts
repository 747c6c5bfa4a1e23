/** Values by key, as in Kubernetes' `user.Info`: several values for each. */
export type Extra = { readonly [key: string]: readonly string[] };

/** Who a token says the caller is, under the names that Kubernetes uses. */
export interface MappedUser {
  readonly username: string;
  /** '' where there is none. */
  readonly uid: string;
  readonly groups: readonly string[];
  readonly extra: Extra;
}

/** What is sent upstream for the caller, and nothing beside it. */
export interface Impersonation extends MappedUser {
  /**
   * Whether the extra `chaperone.dev/via` may be added. Constrained impersonation takes nothing but a username for a
   * ServiceAccount (KEP-5284), so not in Native.
   */
  readonly via: boolean;
}

export interface ServiceAccountReference {
  readonly namespace: string;
  readonly name: string;
}

/** An authenticated caller. Shared by all calls with one token, so it is frozen. */
export interface Identity extends MappedUser {
  /** For policies and records, with `system:authenticated`, which the API server adds by itself to who is impersonated. */
  readonly groups: readonly string[];
  /** What policies and records see; `impersonation` holds less. */
  readonly extra: Extra;
  readonly impersonation: Impersonation;
  /** Set if and only if TokenReview vouched for it: the only thing that a subject of kind ServiceAccount may match. */
  readonly serviceAccount: ServiceAccountReference | undefined;
  /** The `iss` that vouches for all this. */
  readonly issuer: string;
  /** Milliseconds since the epoch: a stream must end then. */
  readonly expiresAt: number;
  /** The verified extras under `chaperone.dev/`, by the rest of their key: run, model, ci-job, owner, ref. */
  readonly facts: Extra;
}

/** The domain of the extras that Chaperone gives a meaning. */
export const FACT_PREFIX = 'chaperone.dev/';

/** Set by the gateway alone: admission policies tell by it that a call came through the gateway. */
export const VIA_KEY = 'chaperone.dev/via';

/** Unique to each token, so every new one would miss the API server's cache of impersonation decisions. */
export const CREDENTIAL_ID_KEY = 'authentication.kubernetes.io/credential-id';

const AUTHENTICATED = 'system:authenticated';

/** The identity of a user that is impersonated with all values. */
export function newIdentity(
  user: MappedUser,
  source: Pick<Identity, 'issuer' | 'expiresAt'> & Partial<Pick<Identity, 'serviceAccount'>>,
): Identity {
  const { [CREDENTIAL_ID_KEY]: _credentialId, ...sent } = user.extra;
  return freeze({
    ...user,
    groups: [...new Set([...user.groups, AUTHENTICATED])],
    impersonation: { ...user, extra: sent, via: true },
    serviceAccount: source.serviceAccount,
    issuer: source.issuer,
    expiresAt: source.expiresAt,
    facts: factsOf(user.extra),
  });
}

/** The identity of a ServiceAccount that acts under its own name: it is impersonated by that name alone. */
export function newNativeIdentity(
  user: MappedUser,
  source: Pick<Identity, 'issuer' | 'expiresAt'> & { readonly serviceAccount: ServiceAccountReference },
): Identity {
  return freeze({
    ...newIdentity(user, source),
    impersonation: { username: user.username, uid: '', groups: [], extra: {}, via: false },
  });
}

function factsOf(extra: Extra): Extra {
  return Object.fromEntries(
    Object.entries(extra)
      .filter(([key]) => key.startsWith(FACT_PREFIX))
      .map(([key, values]) => [key.slice(FACT_PREFIX.length), values]),
  );
}

function freeze<Value>(value: Value): Value {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    Object.values(value).forEach(freeze);
  }
  return value;
}
