import { expect, test } from 'vitest';
import { rawHeaderStrings, responseHeaders } from './response-headers.ts';

test('what belongs to the connection with the API server, or is true of it alone, stays behind', () => {
  const raw = [
    ['Connection', 'close, X-Hop'],
    ['X-Hop', 'a'],
    ['Keep-Alive', 'timeout=5'],
    ['Proxy-Authenticate', 'Basic'],
    ['TE', 'trailers'],
    ['Trailer', 'X-A'],
    ['Transfer-Encoding', 'chunked'],
    ['Upgrade', 'h2c'],
    ['Alt-Svc', 'h2=":6443"'],
    ['Strict-Transport-Security', 'max-age=1'],
    ['Content-Type', 'application/json'],
    ['Warning', '299 - "one"'],
    ['warning', '299 - "two"'],
    ['Audit-Id', 'theirs'],
  ];
  expect(responseHeaders(raw.flat(), 'ours')).toEqual([
    'Content-Type',
    'application/json',
    'Warning',
    '299 - "one"',
    'warning',
    '299 - "two"',
    'Audit-Id',
    'theirs',
  ]);
});

test('an answer without an Audit-Id gets that of the call', () => {
  expect(responseHeaders(['Content-Length', '2'], 'ours')).toEqual(['Content-Length', '2', 'Audit-Id', 'ours']);
});

test('raw headers are bytes, and none are none', () => {
  expect(rawHeaderStrings([Buffer.from('X-A'), Buffer.from([0xe4])])).toEqual(['X-A', 'ä']);
  expect(rawHeaderStrings(null)).toEqual([]);
});
