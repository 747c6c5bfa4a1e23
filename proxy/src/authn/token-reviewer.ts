import type { Clock } from '@chaperone/crds/client/clock';
import { isTooManyRequests } from '@chaperone/crds/client/api-error';
import type { Connection } from '@chaperone/crds/client/connection';
import { AuthenticationError } from './authentication-error.ts';
import type { CompactToken } from './compact-token.ts';
import { newExpiringCache } from './expiring-cache.ts';
import { newTokenBucket } from './token-bucket.ts';
import { judgeTokenReview, tokenReviewCall, type VouchedServiceAccount } from './token-review.ts';

/** Asks the API server about tokens, and remembers its answers for a moment. */
export interface TokenReviewer {
  /**
   * That the token has not expired is for the caller to see each time: an answer is remembered without looking at it.
   *
   * @throws AuthenticationError
   */
  review(token: CompactToken): Promise<VouchedServiceAccount>;
}

export type ReviewOutcome = 'Vouched' | 'Refused' | 'Failed' | 'Limited';

export interface TokenReviewerOptions {
  /** Of the gateway's own credential, which needs `create` on `tokenreviews`. */
  readonly request: Connection['request'];
  readonly audience: string;
  readonly clock: Clock;
  /** Called for every answer of the API server, and where none was asked for; not for what is remembered. */
  readonly observe?: ((outcome: ReviewOutcome) => void) | undefined;
}

/** How long the API server's word counts; its own cache of reviews has the same. */
const VOUCHED_MS = 10_000;
/** Shorter: a ServiceAccount may have been created between two tries. */
const REFUSED_MS = 2_000;
/** A token that was good is asked about again beyond the limits for strangers. */
const KNOWN_MS = 3_600_000;
const CAPACITY = 4_096;
const MAX_IN_FLIGHT = 64;
/** Of these; the rest is kept for tokens that were good before, should the API server be slow. */
const MAX_STRANGERS_IN_FLIGHT = 32;
/** Tokens never seen before, a second; whoever makes them up floods neither the API server nor the callers it knows. */
const STRANGERS = { capacity: 100, refillMs: 20 } as const;

export function newTokenReviewer({ request, audience, clock, observe }: TokenReviewerOptions): TokenReviewer {
  const cacheOf = <Value>() => newExpiringCache<Value>({ capacity: CAPACITY, clock });
  const vouched = cacheOf<VouchedServiceAccount>();
  // Apart, so that a flood of bad tokens pushes no good one out.
  const refused = cacheOf<AuthenticationError>();
  const known = cacheOf<true>();
  const strangers = newTokenBucket({ ...STRANGERS, clock });
  const inFlight = new Map<string, Promise<VouchedServiceAccount>>();
  let strangersInFlight = 0;

  function isLimited(isStranger: boolean): boolean {
    if (inFlight.size >= MAX_IN_FLIGHT) return true;
    return isStranger && (strangersInFlight >= MAX_STRANGERS_IN_FLIGHT || !strangers.take());
  }

  async function ask({ text, digest }: CompactToken): Promise<VouchedServiceAccount> {
    try {
      const answer = judgeTokenReview(await request(tokenReviewCall(text, audience)), audience);
      vouched.set(digest, answer, VOUCHED_MS);
      known.set(digest, true, KNOWN_MS);
      observe?.('Vouched');
      return answer;
    } catch (error) {
      throw failureOf(digest, error);
    }
  }

  function failureOf(digest: string, error: unknown): AuthenticationError {
    if (error instanceof AuthenticationError && error.status === 401) {
      refused.set(digest, error, REFUSED_MS);
      known.delete(digest);
      observe?.('Refused');
      return error;
    }
    // Not remembered: the next call may find the API server well again.
    observe?.('Failed');
    if (error instanceof AuthenticationError) return error;
    return new AuthenticationError(
      isTooManyRequests(error) ? 'TooManyTokenReviews' : 'TokenReviewUnavailable',
      undefined,
      error,
    );
  }

  return {
    async review(token) {
      const { digest } = token;
      const remembered = vouched.get(digest);
      if (remembered !== undefined) return remembered;
      const refusal = refused.get(digest);
      if (refusal !== undefined) throw refusal;
      const asked = inFlight.get(digest);
      if (asked !== undefined) return asked;
      const isStranger = known.get(digest) !== true;
      if (isLimited(isStranger)) {
        observe?.('Limited');
        throw new AuthenticationError('TooManyTokenReviews');
      }
      if (isStranger) strangersInFlight += 1;
      const asking = ask(token).finally(() => {
        inFlight.delete(digest);
        if (isStranger) strangersInFlight -= 1;
      });
      inFlight.set(digest, asking);
      return asking;
    },
  };
}
