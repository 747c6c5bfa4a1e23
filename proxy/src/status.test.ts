import { describe, expect, test } from 'vitest';
import { AuthenticationError } from './authn/authentication-error.ts';
import { GatewayError } from './gateway-error.ts';
import { Rejection } from './request/rejection.ts';
import { answerHeaders, statusAnswer, statusBody } from './status.ts';

const pod = { isResourceRequest: true, name: 'web', apiGroup: '', resource: 'pods' } as const;
const deployments = { isResourceRequest: true, name: '', apiGroup: 'apps', resource: 'deployments' } as const;
const version = { isResourceRequest: false, name: '', apiGroup: '', resource: '' } as const;

describe('the Status of a refusal', () => {
  const cases: Record<string, { error: unknown; want: object }> = {
    'for the form of the request': {
      error: new Rejection('PathSegmentDots'),
      want: { reason: 'BadRequest', code: 400 },
    },
    'for a method': { error: new Rejection('MethodUnknown'), want: { reason: 'MethodNotAllowed', code: 405 } },
    'for the size of headers, which has no reason of its own': {
      error: new Rejection('TooManyHeaders'),
      want: { reason: 'BadRequest', code: 431 },
    },
    'for an identity': { error: new AuthenticationError('TokenExpired'), want: { reason: 'Unauthorized', code: 401 } },
    'by policy': { error: new GatewayError('PolicyDenied'), want: { reason: 'Forbidden', code: 403 } },
    'for a broken connection': {
      error: new GatewayError('UpstreamBroken'),
      want: { reason: 'InternalError', code: 502 },
    },
    'for what nobody foresaw': {
      error: new Error('a token: eyJ'),
      want: { reason: 'InternalError', code: 500, message: 'the gateway failed' },
    },
    'for what is no error': {
      error: 'eyJ',
      want: { reason: 'InternalError', code: 500, message: 'the gateway failed' },
    },
  };
  test.each(Object.entries(cases))('%s', (_, { error, want }) => {
    const { status } = statusAnswer(error, undefined);
    expect(status).toMatchObject({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', ...want });
    expect(status).not.toHaveProperty('details');
  });

  test('names the object, as the API server does', () => {
    const error = new GatewayError('PolicyDenied');
    expect(statusAnswer(error, pod).status.details).toEqual({ name: 'web', kind: 'pods' });
    expect(statusAnswer(error, deployments).status.details).toEqual({ group: 'apps', kind: 'deployments' });
    expect(statusAnswer(error, version).status).not.toHaveProperty('details');
  });

  test('tells clients to come back only where that helps', () => {
    const busy = statusAnswer(new GatewayError('TooManyRequests'), version);
    expect(busy.status.details).toEqual({ retryAfterSeconds: 1 });
    expect(answerHeaders(busy, 'audit-1', 2).join('|')).toContain('Retry-After|1');
    const denied = statusAnswer(new GatewayError('PolicyDenied'), version);
    expect(answerHeaders(denied, 'audit-1', 2)).not.toContain('Retry-After');
  });

  test('is JSON in one line that no page takes for markup', () => {
    const answer = statusAnswer(new GatewayError('PolicyDenied', { detail: '<script>&"\n' }), undefined);
    const body = String(statusBody(answer.status));
    expect(body).toMatch(/^\{[^\n<>&]*\}\n$/);
    expect(JSON.parse(body)).toEqual(answer.status);
  });
});

test('an answer says what it is, is kept by nobody, and asks for a token where one is missing', () => {
  const unauthorized = statusAnswer(new AuthenticationError('TokenExpired'), undefined);
  expect(answerHeaders(unauthorized, 'audit-1', 2)).toEqual([
    'Audit-Id',
    'audit-1',
    'Cache-Control',
    'no-cache, private',
    'Content-Type',
    'application/json',
    'WWW-Authenticate',
    'Bearer realm="chaperone"',
    'X-Content-Type-Options',
    'nosniff',
    'Content-Length',
    '2',
  ]);
  expect(answerHeaders(statusAnswer(new Rejection('PathEscape'), undefined), 'a', 2)).not.toContain('WWW-Authenticate');
});

test('a refusal of discovery is a warning too, as clients do not read its Status; one of a resource is not', () => {
  const refused = new GatewayError('ImpersonationRefused', { detail: 'a"b\\c\u00fc\n' });
  expect(answerHeaders(statusAnswer(refused, undefined), 'a', 2).join('|')).toContain(
    String.raw`Warning|299 - "${refused.message.split(':')[0]}: calls are forwarded under the name of their caller; leave out --as: a\"b\\c??"|`,
  );
  const about = { isResourceRequest: true, name: '', apiGroup: '', resource: 'pods' };
  expect(answerHeaders(statusAnswer(refused, about), 'a', 2)).not.toContain('Warning');
  expect(answerHeaders(statusAnswer(new GatewayError('BundleMissing'), undefined), 'a', 2)).not.toContain('Warning');
});

test('what is not served is answered in the words of the API server, whose details are empty', () => {
  const about = { isResourceRequest: true, name: 'a', apiGroup: '', resource: 'nothings' };
  expect(statusBody(statusAnswer(new GatewayError('ResourceNotServed'), about).status).toString('utf8')).toBe(
    '{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"the server could not find the requested resource","reason":"NotFound","details":{},"code":404}\n',
  );
});
