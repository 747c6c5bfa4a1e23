import { ApiError, ConnectionError, summarizeStatus } from '@chaperone/crds/client/api-error';
import type { Call } from '@chaperone/crds/client/connection';
import { refusalOfAsync } from '@chaperone/test/authn/refusal';
import { newFakeClock, settle, type FakeClock } from '@chaperone/test/faults/fake-clock';
import { beforeEach, describe, expect, test } from 'vitest';
import { AuthenticationError } from './authentication-error.ts';
import type { CompactToken } from './compact-token.ts';
import { newTokenReviewer, type ReviewOutcome, type TokenReviewer } from './token-reviewer.ts';

const tokenOf = (text: string): CompactToken => ({
  text,
  digest: `digest of ${text}`,
  algorithm: 'RS256',
  keyId: undefined,
  claims: {},
});

const status = (authenticated: boolean): unknown => ({
  kind: 'TokenReview',
  status: {
    authenticated,
    ...(authenticated ? { audiences: ['chaperone'], user: { username: 'system:serviceaccount:ci:runner' } } : {}),
  },
});

let clock: FakeClock;
let calls: Call[];
let outcomes: ReviewOutcome[];
let answer: (call: Call) => Promise<unknown>;
let reviewer: TokenReviewer;

beforeEach(() => {
  clock = newFakeClock();
  calls = [];
  outcomes = [];
  answer = () => Promise.resolve(status(true));
  reviewer = newTokenReviewer({
    request(call) {
      calls.push(call);
      return answer(call);
    },
    audience: 'chaperone',
    clock,
    observe: (outcome) => void outcomes.push(outcome),
  });
});

const ask = (text: string): Promise<string> => refusalOfAsync(reviewer.review(tokenOf(text)));

describe('a TokenReview', () => {
  test('that vouched counts for ten seconds', async () => {
    expect([await ask('a'), await ask('a')]).toEqual(['accepted', 'accepted']);
    await clock.advance(9_999);
    await ask('a');
    expect(calls).toHaveLength(1);
    await clock.advance(1);
    answer = () => Promise.resolve(status(false));
    expect(await ask('a')).toBe('TokenRefused');
    expect(outcomes).toEqual(['Vouched', 'Refused']);
  });

  test('that refused counts for two seconds', async () => {
    answer = () => Promise.resolve(status(false));
    expect([await ask('a'), await ask('a')]).toEqual(['TokenRefused', 'TokenRefused']);
    expect(calls).toHaveLength(1);
    answer = () => Promise.resolve(status(true));
    await clock.advance(2_000);
    expect(await ask('a')).toBe('accepted');
  });

  test('that failed counts for nothing', async () => {
    answer = () => Promise.reject(new ConnectionError('ECONNREFUSED'));
    expect(await ask('a')).toBe('TokenReviewUnavailable');
    answer = () => Promise.resolve(status(true));
    expect(await ask('a')).toBe('accepted');
    expect(outcomes).toEqual(['Failed', 'Vouched']);
  });

  test('is asked once for many calls at the same time', async () => {
    const answers = await Promise.all(Array.from({ length: 50 }, () => ask('a')));
    expect(new Set(answers)).toEqual(new Set(['accepted']));
    expect(calls).toHaveLength(1);
  });

  test('that fails fails for all who waited, and is asked again', async () => {
    answer = () => Promise.reject(new ConnectionError('ECONNRESET'));
    const answers = await Promise.all([ask('a'), ask('a')]);
    expect(answers).toEqual(['TokenReviewUnavailable', 'TokenReviewUnavailable']);
    expect(calls).toHaveLength(1);
    await ask('a');
    expect(calls).toHaveLength(2);
  });

  const errors: Record<string, [status: number, want: string]> = {
    'too many requests': [429, 'TooManyTokenReviews'],
    'forbidden, as the gateway lacks a right': [403, 'TokenReviewUnavailable'],
    'an internal error': [500, 'TokenReviewUnavailable'],
  };
  test.each(Object.entries(errors))(
    'that is answered with %s tells it without the words of the server',
    async (_sentence, [code, want]) => {
      const error = new ApiError('POST', summarizeStatus({ status: code, body: {} }));
      answer = () => Promise.reject(error);
      expect(await ask('a')).toBe(want);
      await expect(reviewer.review(tokenOf('a'))).rejects.toMatchObject({ cause: error });
    },
  );
});

describe('a flood of tokens that nobody knows', () => {
  test('reaches the API server a hundred times, and fifty times in each second after that', async () => {
    answer = () => Promise.resolve(status(false));
    let limited = 0;
    for (let index = 0; index < 1_000; index += 1) {
      if ((await ask(`made up ${index}`)) === 'TooManyTokenReviews') limited += 1;
    }
    expect([calls.length, limited]).toEqual([100, 900]);
    await clock.advance(1_000);
    for (let index = 0; index < 1_000; index += 1) await ask(`made up again ${index}`);
    expect(calls).toHaveLength(150);
  });

  test('does not keep out who was vouched for before', async () => {
    await ask('known');
    answer = (call) => Promise.resolve(status(JSON.stringify(call.body).includes('"known"')));
    for (let index = 0; index < 1_000; index += 1) await ask(`made up ${index}`);
    expect(await ask('known')).toBe('accepted');
    await clock.advance(10_000);
    for (let index = 0; index < 1_000; index += 1) await ask(`more ${index}`);
    expect(await ask('known')).toBe('accepted');
  });

  test('has at most 32 reviews under way, and leaves as many for who was vouched for before', async () => {
    const known = Array.from({ length: 40 }, (_, index) => `known ${index}`);
    for (const text of known) await ask(text);
    await clock.advance(10_000);
    calls = [];
    let release: (() => void) | undefined;
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    answer = () => gate.then(() => status(true));
    const strangers = Array.from({ length: 80 }, (_, index) => ask(`token ${index}`));
    await settle();
    expect(calls).toHaveLength(32);
    const others = known.map(ask);
    await settle();
    expect(calls).toHaveLength(64);
    release?.();
    const limited = async (asked: readonly Promise<string>[]): Promise<number> =>
      (await Promise.all(asked)).filter((code) => code === 'TooManyTokenReviews').length;
    expect([await limited(strangers), await limited(others)]).toEqual([48, 8]);
    expect(await ask('token 0')).toBe('accepted');
    expect(new AuthenticationError('TooManyTokenReviews')).toMatchObject({ status: 429, retryAfterSeconds: 1 });
  });
});
