import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import {
  ApiError,
  isAlreadyExists,
  isConflict,
  isForbidden,
  isGone,
  isInvalid,
  isNotFound,
  isTooLargeResourceVersion,
  isTooManyRequests,
  parseRetryAfter,
  retryAfterSeconds,
  summarizeStatus,
} from './api-error.ts';

const apiError = (status: number, reason = '', details: object = {}): ApiError =>
  new ApiError('GET /x', summarizeStatus({ status, body: { kind: 'Status', reason, details } }));

describe('predicates', () => {
  const predicates = {
    isAlreadyExists,
    isConflict,
    isForbidden,
    isGone,
    isInvalid,
    isNotFound,
    isTooLargeResourceVersion,
    isTooManyRequests,
  };
  const causes = [{ reason: 'ResourceVersionTooLarge' }];

  test.each<[string, unknown, (keyof typeof predicates)[]]>([
    ['a 404', apiError(404, 'NotFound'), ['isNotFound']],
    ['a 409 on update', apiError(409, 'Conflict'), ['isConflict']],
    ['a 409 on create', apiError(409, 'AlreadyExists'), ['isAlreadyExists']],
    ['a 410', apiError(410, 'Expired'), ['isGone']],
    ['a 422', apiError(422, 'Invalid'), ['isInvalid']],
    ['a 429', apiError(429, 'TooManyRequests'), ['isTooManyRequests']],
    ['a 403', apiError(403, 'Forbidden'), ['isForbidden']],
    ['a version of the future', apiError(504, 'Timeout', { causes }), ['isTooLargeResourceVersion']],
    ['a 500', apiError(500), []],
    ['an error of another kind with a code', Object.assign(new Error('x'), { code: 404, status: 404 }), []],
    ['nothing at all', undefined, []],
  ])('%s', (_what, error, want) => {
    const matching = Object.entries(predicates).flatMap(([name, holds]) => (holds(error) ? [name] : []));
    expect(matching).toEqual(want);
  });
});

describe('Retry-After', () => {
  test.each<[string, string | string[] | undefined, number | undefined]>([
    ['seconds', '7', 7],
    ['the first of several', ['3', '9'], 3],
    ['more than five minutes is cut', '86400', 300],
    ['zero asks for nothing', '0', undefined],
    ['a date is left to the backoff', 'Wed, 21 Oct 2026 07:28:00 GMT', undefined],
    ['a negative number', '-1', undefined],
    ['nothing', undefined, undefined],
  ])('%s', (_what, header, want) => {
    expect(parseRetryAfter(header)).toBe(want);
  });

  test('is read from the details of the Status where there is no header', () => {
    expect(retryAfterSeconds(apiError(429, 'TooManyRequests', { retryAfterSeconds: 4 }))).toBe(4);
    expect(retryAfterSeconds(new Error('other'))).toBeUndefined();
  });
});

describe('what an error shows', () => {
  const token = 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhZ2VudCJ9.c2lnbmF0dXJlLXNpZ25hdHVyZQ';
  const views = (error: unknown): string[] => [
    String(error),
    JSON.stringify(error),
    inspect(error, { depth: 10, showHidden: true }),
    ...Object.values(error ?? {}).map(String),
  ];

  test.each([
    ['a bearer token', `authentication failed for Bearer ${token}`],
    ['a bare JWT', `token ${token} has expired`],
    ['a private key', '-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC\n-----END PRIVATE KEY-----'],
    ['an unfinished private key', '-----BEGIN RSA PRIVATE KEY-----\\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC'],
    ['a password in a URL', 'cannot reach https://user:MIIEvQIBADAN@db.example.com/'],
  ])('never holds %s that the server wrote into its message', (_what, message) => {
    const error = new ApiError('GET /x', summarizeStatus({ status: 400, body: { kind: 'Status', message } }));
    for (const view of views(error)) {
      expect(view).not.toContain('eyJzdWIi');
      expect(view).not.toContain('MIIEvQ');
    }
    expect(error.message).toContain('[redacted]');
  });

  test('never holds fields of the body that are no part of a Status', () => {
    const body = { kind: 'Secret', message: 'hunter2', data: { password: 'hunter2' } };
    for (const view of views(new ApiError('GET /x', summarizeStatus({ status: 500, body })))) {
      expect(view).not.toContain('hunter2');
    }
  });

  test('is cut where the server is wordy', () => {
    const error = apiError(400, 'x'.repeat(10_000));
    expect(error.reason.length).toBeLessThanOrEqual(128);
    const wordy = summarizeStatus({ status: 400, body: { kind: 'Status', message: 'word '.repeat(10_000) } });
    expect(wordy.message.length).toBeLessThanOrEqual(1024);
  });
});
