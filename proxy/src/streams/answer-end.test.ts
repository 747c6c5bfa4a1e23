import { describe, expect, test } from 'vitest';
import { GatewayError } from '../gateway-error.ts';
import { requestAttributes, type RequestAttributes } from '../request/request-attributes.ts';
import { Rejection } from '../request/rejection.ts';
import { answerEnd } from './answer-end.ts';

function about(target: string): RequestAttributes {
  const attributes = requestAttributes({ method: 'GET', target });
  if (attributes instanceof Rejection) throw attributes;
  return attributes;
}

const watch = about('/api/v1/namespaces/a/configmaps?watch=true');
const followed = about('/api/v1/namespaces/a/pods/p/log?follow=true');
const json = ['Content-Type', 'application/json'];
const text = ['Content-Type', 'text/plain'];
const protobuf = ['Content-Type', 'application/vnd.kubernetes.protobuf;stream=watch'];
const denied = new GatewayError('PolicyDenied');

interface Case {
  readonly about: RequestAttributes;
  readonly status?: number;
  readonly headers: readonly string[];
  readonly passed?: readonly string[];
  readonly why?: GatewayError;
}

function lastWords({ about: attributes, status = 200, headers, passed = [], why = denied }: Case): string | undefined {
  const end = answerEnd(attributes, status, headers);
  for (const chunk of passed) end.passed(Buffer.from(chunk, 'latin1'));
  return end.lastWords(why)?.toString('latin1');
}

const FORBIDDEN_EVENT =
  '{"type":"ERROR","object":{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"refused by policy","reason":"Forbidden","details":{"kind":"configmaps"},"code":403}}\n';

describe('a watch in JSON', () => {
  test('ends with an error event, in one line as every event', () => {
    expect(lastWords({ about: watch, headers: json })).toBe(FORBIDDEN_EVENT);
    expect(lastWords({ about: watch, headers: json, passed: ['{"type":"ADDED"}\n'] })).toBe(FORBIDDEN_EVENT);
  });

  test('of Tables ends with a Status too', () => {
    const headers = ['content-type', 'application/json;as=Table;g=meta.k8s.io;v=v1'];
    expect(lastWords({ about: watch, headers })).toBe(FORBIDDEN_EVENT);
  });

  test('ends with 401 where the token has expired', () => {
    const words = lastWords({ about: watch, headers: json, why: new GatewayError('StreamTokenExpired') });
    expect(words).toContain('"reason":"Unauthorized"');
    expect(words).toContain('"code":401');
  });

  test.each(['Draining', 'StreamTooLong'] as const)(
    'ends without a word for %s: its client goes on elsewhere',
    (code) => expect(lastWords({ about: watch, headers: json, why: new GatewayError(code) })).toBe(''),
  );

  test('is cut inside an event', () =>
    expect(lastWords({ about: watch, headers: json, passed: ['{"type":"ADDED"}\n{"ty'] })).toBeUndefined());
});

describe('a watch in protobuf', () => {
  test('ends with a frame of its own', () => {
    const words = lastWords({ about: watch, headers: protobuf, passed: ['\0\0\0\u0001x'] }) ?? '';
    expect(words.slice(0, 4)).toBe(`\0\0\0${String.fromCharCode(words.length - 4)}`);
    expect(words).toContain('refused by policy');
  });

  test('is cut inside a frame', () =>
    expect(lastWords({ about: watch, headers: protobuf, passed: ['\0\0\0\u0002x'] })).toBeUndefined());
});

describe('a followed log', () => {
  const line = 'chaperone: the log ends here: refused by policy\n';
  test.each<[string, readonly string[], string]>([
    ['before its first line', [], line],
    ['after a line', ['hello\n'], line],
    ['inside a line, which is ended first', ['hel'], `\n${line}`],
  ])('ends with a line that says why: %s', (_, passed, expected) =>
    expect(lastWords({ about: followed, headers: text, passed })).toBe(expected),
  );
});

describe('is cut, as nobody could tell its end from the end of all there is:', () => {
  test.each<[string, Case]>([
    ['a watch that is compressed', { about: watch, headers: [...json, 'Content-Encoding', 'gzip'] }],
    ['a log that is compressed', { about: followed, headers: [...text, 'content-encoding', 'gzip'] }],
    ['a watch in CBOR', { about: watch, headers: ['Content-Type', 'application/cbor-seq'] }],
    ['a watch without a media type', { about: watch, headers: [] }],
    ['an answer that is no stream', { about: watch, status: 410, headers: json }],
    ['a log that is not followed', { about: about('/api/v1/namespaces/a/pods/p/log'), headers: text }],
    ['a followed log that is no text', { about: followed, headers: json }],
    ['what a backend answers', { about: about('/api/v1/namespaces/a/services/s/proxy/x?follow=true'), headers: text }],
    ['a profile', { about: about('/debug/pprof/profile'), headers: text }],
  ])('%s', (_, broken) => expect(lastWords(broken)).toBeUndefined());
});
