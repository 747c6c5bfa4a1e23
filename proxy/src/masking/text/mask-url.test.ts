import { expect, test } from 'vitest';
import { newFinder } from './find.ts';
import { KnownValues } from './known-values.ts';
import { maskUrl } from './mask-url.ts';
import { redacted } from './placeholder.ts';

const FORGE_TOKEN = `ghp_${'a1B2c3D4e5F6'.repeat(3)}`;
const known = new KnownValues();
known.add('seen/before 1');
const finder = newFinder({ detectors: 'all', patterns: [], known });
const masked = (url: string): string => maskUrl(url, finder, redacted).text;

const PLACEHOLDER = (name: string): string => `%5BMASKED%3A${name}%5D`;

const URLS: Readonly<Record<string, readonly [url: string, masked: string]>> = {
  'parameters that are called a token are masked, others keep their bytes': [
    '/x?a=%2F+b&access_token=abc&token=&password=x&c',
    `/x?a=%2F+b&access_token=${PLACEHOLDER('url-credential')}&token=&password=${PLACEHOLDER('url-credential')}&c`,
  ],
  'a token in any other parameter is found': [`/x?q=a%20${FORGE_TOKEN}`, `/x?q=a%20${PLACEHOLDER('github-token')}`],
  'a token in the path is found': [
    `/api/v1/namespaces/a/services/b/proxy/${FORGE_TOKEN}/c%2Fd`,
    `/api/v1/namespaces/a/services/b/proxy/${PLACEHOLDER('github-token')}/c%2Fd`,
  ],
  'a known value is found decoded': ['/x?q=seen%2Fbefore+1&r=1', `/x?q=${PLACEHOLDER('known-value')}&r=1`],
  'the arguments of an exec are read as one command': [
    '/api/v1/namespaces/a/pods/b/exec?command=mysql&command=--password&command=hunter2&stdin=true',
    `/api/v1/namespaces/a/pods/b/exec?command=mysql&command=--password&command=${PLACEHOLDER('command-argument')}&stdin=true`,
  ],
  'the text of a shell is read': [
    '/exec?command=sh&command=-c&command=mysql+-phunter2+db',
    `/exec?command=sh&command=-c&command=${encodeURIComponent('mysql -p[MASKED:command-argument] db')}`,
  ],
  'the password of a user goes': ['https://u:p@h:1/x', `https://u:${PLACEHOLDER('url-password')}@h:1/x`],
  'the answer of an implicit flow has its token in the fragment': [
    '/cb#access_token=abc&state=1',
    `/cb#access_token=${PLACEHOLDER('url-credential')}&state=1`,
  ],
  'escapes that are none stay': ['/x?a=%zz&token=%ff', `/x?a=%zz&token=${PLACEHOLDER('url-credential')}`],
  'a path with nothing in it stays': [
    '/api/v1/namespaces/kube-system/secrets?limit=500&watch=true',
    '/api/v1/namespaces/kube-system/secrets?limit=500&watch=true',
  ],
};

test.each(Object.entries(URLS))('%s', (_, [url, expected]) => {
  expect(masked(url)).toBe(expected);
  expect(masked(expected)).toBe(expected);
});

test('each thing that was masked is counted once', () => {
  const { counts } = maskUrl(`https://u:p@h/x?token=abc&q=${FORGE_TOKEN}`, finder, redacted);
  expect(Object.fromEntries(counts)).toEqual({ 'url-password': 1, 'url-credential': 1, 'github-token': 1 });
});
