import { describe, expect, test } from 'vitest';
import { dryRunObject, readObject, type SideAnswer } from './object-answer.ts';

const answer = (status: number, body: unknown): SideAnswer => ({
  status,
  body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
});

const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' } };
const status = (code: number, reason: string, rest: object = {}): SideAnswer =>
  answer(code, { apiVersion: 'v1', kind: 'Status', metadata: {}, status: 'Failure', reason, code, ...rest });

describe('what a GET tells', () => {
  const cases: Readonly<Record<string, readonly [SideAnswer, object]>> = {
    'the object': [answer(200, pod), { kind: 'known', value: pod }],
    'that there is none': [status(404, 'NotFound', { details: { name: 'p', kind: 'pods' } }), { kind: 'absent' }],
    'nothing where the path is not served': [answer(404, '404 page not found\n'), { kind: 'unknown' }],
    'nothing where the resource is not served': [status(404, 'NotFound', { details: {} }), { kind: 'unknown' }],
    'nothing where the caller may not read it': [
      status(403, 'Forbidden', { message: 'pods "p" is forbidden: User "u" cannot get resource "pods"' }),
      { kind: 'unknown', refusal: 'pods "p" is forbidden: User "u" cannot get resource "pods"' },
    ],
    'nothing where there is no GET': [status(405, 'MethodNotAllowed'), { kind: 'unknown' }],
    'nothing where it is no JSON': [answer(200, 'log line\n'), { kind: 'unknown' }],
    'nothing where it is no object': [answer(200, [pod]), { kind: 'unknown' }],
    'nothing where it has no metadata': [answer(200, { kind: 'Pod' }), { kind: 'unknown' }],
    'nothing where it is too long': [{ status: 200, body: undefined }, { kind: 'unknown' }],
  };
  test.each(Object.entries(cases))('%s', (_, [given, knowledge]) => {
    expect(readObject(given)).toEqual(knowledge);
  });

  test('an integer that a double does not hold, exactly', () => {
    const text = '{"kind":"X","metadata":{},"spec":{"big":9007199254740993,"small":1,"half":0.1234567890123456789}}';
    expect(readObject(answer(200, text))).toMatchObject({
      value: { spec: { big: 9007199254740993n, small: 1, half: 0.12345678901234568 } },
    });
  });
});

describe('what a dry run tells', () => {
  const cases: Readonly<Record<string, readonly [SideAnswer, string]>> = {
    'of an update': [answer(200, pod), 'known'],
    'of a create': [answer(201, pod), 'known'],
    'nothing where the answer is a Status': [
      answer(201, { kind: 'Status', apiVersion: 'v1', metadata: {} }),
      'unknown',
    ],
    'nothing where the API server refuses it': [status(422, 'Invalid'), 'unknown'],
    'nothing where the object is missing': [status(404, 'NotFound', { details: { name: 'p' } }), 'unknown'],
    'nothing where a webhook knows no dry runs': [status(400, 'BadRequest'), 'unknown'],
    'nothing where something fails': [status(500, 'InternalError'), 'unknown'],
  };
  test.each(Object.entries(cases))('%s', (_, [given, kind]) => {
    expect(dryRunObject(given).kind).toBe(kind);
  });
});

describe.each([['a GET', readObject] as const, ['a dry run', dryRunObject] as const])('%s', (_, read) => {
  test.each([429, 503, 504])('that is answered with %i says nothing for certain', (code) => {
    expect(() => read(status(code, 'X'))).toThrow(
      expect.objectContaining({ code: 'ObjectUnavailable', retryAfterSeconds: 1 }),
    );
  });

  test('that the gateway itself may not make yet is made again by the client', () => {
    const refusal = status(403, 'Forbidden', {
      message: 'User "system:serviceaccount:c:p" cannot impersonate-on:user-info:get resource "pods"',
    });
    expect(() => read(refusal)).toThrow(expect.objectContaining({ code: 'RightsLagging', retryAfterSeconds: 2 }));
  });
});
