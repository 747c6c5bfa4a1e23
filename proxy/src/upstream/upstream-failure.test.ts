import { errors } from 'undici';
import { describe, expect, test } from 'vitest';
import { failureOf, isRepeatable } from './upstream-failure.ts';

const coded = (code: string): Error => Object.assign(new Error('broken'), { code });

const FAILURES = {
  'a connection that is refused: nothing was sent, whatever the method': [
    coded('ECONNREFUSED'),
    'POST',
    false,
    'UpstreamUnreachable',
  ],
  'a connection that takes too long to open': [new errors.ConnectTimeoutError(), 'GET', false, 'UpstreamUnreachable'],
  'a write whose connection breaks after it was sent': [coded('ECONNRESET'), 'POST', true, 'OutcomeUnknown'],
  'a write that gets no answer in time': [new errors.HeadersTimeoutError(), 'DELETE', true, 'OutcomeUnknown'],
  'a write that is answered with no HTTP': [coded('HPE_INVALID_CONSTANT'), 'PATCH', true, 'OutcomeUnknown'],
  'a read whose connection breaks': [new errors.SocketError('other side closed'), 'GET', true, 'UpstreamBroken'],
  'a read that gets no answer in time': [new errors.HeadersTimeoutError(), 'GET', true, 'UpstreamTimeout'],
  'a read that is answered with no HTTP': [coded('HPE_INVALID_CONSTANT'), 'GET', true, 'UpstreamMalformed'],
  'a read that is answered with too many headers': [
    new errors.HeadersOverflowError(),
    'HEAD',
    true,
    'UpstreamMalformed',
  ],
} as const;

describe('what a caller is told of', () => {
  test.each(Object.entries(FAILURES))('%s', (_what, [error, method, sent, code]) => {
    expect(failureOf(error, { method, sent })).toMatchObject({ code, cause: error });
  });
});

test('nothing but a read without a body is ever sent twice', () => {
  const methods = ['GET', 'HEAD', 'OPTIONS', 'POST', 'PUT', 'PATCH', 'DELETE'];
  expect(methods.filter((method) => isRepeatable(method, false))).toEqual(['GET', 'HEAD', 'OPTIONS']);
  expect(methods.filter((method) => isRepeatable(method, true))).toEqual([]);
});
