import type { Call } from '@chaperone/crds/client/connection';
import { isRecord } from '@chaperone/crds/client/kubernetes-object';
import { AuthenticationError } from './authentication-error.ts';
import type { Extra, MappedUser, ServiceAccountReference } from './identity.ts';

/** A ServiceAccount that the API server vouches for, as it is known there. */
export interface VouchedServiceAccount {
  readonly serviceAccount: ServiceAccountReference;
  readonly user: MappedUser;
}

/** `authentication.k8s.io/v1` TokenReview of a token that must be meant for `audience`. */
export function tokenReviewCall(token: string, audience: string): Call {
  return {
    method: 'POST',
    path: '/apis/authentication.k8s.io/v1/tokenreviews',
    body: {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenReview',
      spec: { token, audiences: [audience] },
    },
    timeoutMs: 10_000,
    // An error may quote what was sent.
    secret: true,
  };
}

/**
 * What a TokenReview came to. A reviewer that returns no audiences vouches for its own ones only (k8s.io/apiserver,
 * `webhook.go`), so ours must be among those returned.
 *
 * @throws AuthenticationError `TokenRefused`, `NotServiceAccount`; `TokenReviewUnavailable` for an answer of another kind
 */
export function judgeTokenReview(answer: unknown, audience: string): VouchedServiceAccount {
  const status = isRecord(answer) && answer['kind'] === 'TokenReview' ? answer['status'] : undefined;
  if (!isRecord(status)) throw new AuthenticationError('TokenReviewUnavailable');
  const { authenticated, error, audiences, user } = status;
  const isVouched = authenticated === true && (error === undefined || error === '');
  // The error is not shown: it may quote the token.
  if (!isVouched || !Array.isArray(audiences) || !audiences.includes(audience)) {
    throw new AuthenticationError('TokenRefused');
  }
  if (!isRecord(user)) throw new AuthenticationError('TokenReviewUnavailable');
  const { username, uid, groups, extra } = user;
  const serviceAccount = serviceAccountOf(username);
  if (serviceAccount === undefined || typeof username !== 'string') throw new AuthenticationError('NotServiceAccount');
  return {
    serviceAccount,
    user: { username, uid: typeof uid === 'string' ? uid : '', groups: textsOf(groups), extra: extraOf(extra) },
  };
}

/** Namespaces are DNS labels and names of ServiceAccounts DNS subdomains, so neither holds a colon. */
const USERNAME =
  /^system:serviceaccount:([a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?):([a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?)$/u;

function serviceAccountOf(username: unknown): ServiceAccountReference | undefined {
  const [, namespace, name] = (typeof username === 'string' ? USERNAME.exec(username) : null) ?? [];
  return namespace === undefined || name === undefined ? undefined : { namespace, name };
}

function textsOf(value: unknown): readonly string[] {
  const elements: readonly unknown[] = Array.isArray(value) ? value : [];
  return elements.filter((element): element is string => typeof element === 'string' && element !== '');
}

/** What the token is bound to: `pod-name`, `pod-uid`, `node-name`, `node-uid`, `credential-id`. */
const BOUND_KEY = /^authentication\.kubernetes\.io\/[a-z0-9-]{1,63}$/u;

function extraOf(value: unknown): Extra {
  if (!isRecord(value)) return {};
  const entries = Object.entries(value)
    .filter(([key]) => BOUND_KEY.test(key))
    .map(([key, values]) => [key, textsOf(values)] as const);
  return Object.fromEntries(entries.filter(([, values]) => values.length > 0));
}
