import { expect, test } from 'vitest';
import { newFinder } from './find.ts';
import { type Header, maskHeaders } from './mask-headers.ts';
import { redacted } from './placeholder.ts';

const finder = newFinder({ detectors: 'all', patterns: [] });

const HEADERS: Readonly<Record<string, readonly [header: Header, masked: string]>> = {
  'a scheme stays, its token goes': [['Authorization', 'Bearer abc'], 'Bearer [MASKED:authorization]'],
  'a token without a scheme goes': [['authorization', 'abc'], '[MASKED:authorization]'],
  'what has parameters goes as a whole': [
    ['Proxy-Authorization', 'Digest username="a", response="b"'],
    'Digest [MASKED:authorization]',
  ],
  'names of cookies stay': [['Cookie', 'a=b; c=d; e'], 'a=[MASKED:cookie]; c=[MASKED:cookie];[MASKED:cookie]'],
  'attributes of a cookie stay': [['Set-Cookie', 'a=b; Path=/; HttpOnly'], 'a=[MASKED:cookie]; Path=/; HttpOnly'],
  'of subprotocols the one with the token': [
    ['Sec-WebSocket-Protocol', 'v4.channel.k8s.io, base64url.bearer.authorization.k8s.io.YWJj, x'],
    'v4.channel.k8s.io, base64url.bearer.authorization.k8s.io.[MASKED:bearer-subprotocol], x',
  ],
  'what is called a token is one': [['X-Vault-Token', 'x'], '[MASKED:secret-header]'],
  'a key of an API, too': [['X-Api-Key', 'x'], '[MASKED:secret-header]'],
  'a URL is read as one': [['Location', '/a?token=b'], '/a?token=%5BMASKED%3Aurl-credential%5D'],
  'any other is text': [['X-Note', 'password=hunter2'], 'password=[MASKED:credential]'],
  'what holds nothing stays': [
    ['Accept', 'application/json;as=Table;v=v1;g=meta.k8s.io'],
    'application/json;as=Table;v=v1;g=meta.k8s.io',
  ],
};

test.each(Object.entries(HEADERS))('%s', (_, [header, expected]) => {
  const once = maskHeaders([header], finder, redacted);
  expect(once.headers).toEqual([[header[0], expected]]);
  const twice = maskHeaders(once.headers, finder, redacted);
  expect(twice.headers).toEqual(once.headers);
  expect(twice.counts.size).toBe(0);
});

test('headers keep their number and order, and findings are counted', () => {
  const headers: readonly Header[] = [
    ['Cookie', 'a=b'],
    ['Host', 'h'],
    ['Cookie', 'c=d'],
  ];
  const masked = maskHeaders(headers, finder, redacted);
  expect(masked.headers.map(([name]) => name)).toEqual(['Cookie', 'Host', 'Cookie']);
  expect(masked.counts).toEqual(new Map([['cookie', 2]]));
});
