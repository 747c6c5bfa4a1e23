import { describe, expect, test } from 'vitest';
import { MAX_TOKEN_LENGTH, parseCompactToken } from './compact-token.ts';
import { refusalOf } from '@chaperone/test/authn/refusal';

const encode = (part: unknown): string =>
  Buffer.from(typeof part === 'string' ? part : JSON.stringify(part)).toString('base64url');
const HEAD = encode({ alg: 'RS256', kid: 'k', typ: 'JWT' });
const BODY = encode({ iss: 'https://issuer.example' });
const token = (head: string, body = BODY, signature = 'c2ln'): string => `${head}.${body}.${signature}`;
const head = (extra: object): string => token(encode({ alg: 'RS256', ...extra }));

describe('parseCompactToken', () => {
  test('reads header and claims, and keeps a digest in place of the token', () => {
    const text = token(HEAD);
    const { digest, ...read } = parseCompactToken(text);
    expect(read).toEqual({ text, algorithm: 'RS256', keyId: 'k', claims: { iss: 'https://issuer.example' } });
    expect(digest).toMatch(/^[A-Za-z0-9+/]{43}=$/u);
  });

  const accepted: Record<string, string> = {
    'without a kid': head({}),
    'without a typ': head({ kid: 'k' }),
    'of an access token': head({ typ: 'at+jwt' }),
    'of an access token, as a media type': head({ typ: 'application/at+jwt' }),
    "of Okta's own access token": head({ typ: 'application/okta-internal-at+jwt' }),
    'with members that mean nothing here': head({ x5t: 'abc', jku: 'https://evil.example', jwk: {} }),
    'with a claim named __proto__': token(HEAD, encode('{"__proto__":{"a":1}}')),
    'with the same name in two objects': token(HEAD, encode('{"a":{"x":1},"b":{"x":2},"c":[{"x":1},{"x":1}]}')),
    'with a text that looks like a name': token(HEAD, encode('{"a":"\\"a\\":1","b":"{"}')),
    'of PS512': token(encode({ alg: 'PS512' })),
  };
  test.each(Object.entries(accepted))('accepts a token %s', (_sentence, text) => {
    expect(parseCompactToken(text).text).toBe(text);
  });

  const deep = `${'{"a":'.repeat(40)}1${'}'.repeat(40)}`;
  const refused: Record<string, [text: string, code: string]> = {
    'the empty text': ['', 'TokenMalformed'],
    'an opaque token': ['0123456789abcdef', 'TokenMalformed'],
    'two segments': [`${HEAD}.${BODY}`, 'TokenMalformed'],
    'a dot in front': [`.${token(HEAD)}`, 'TokenMalformed'],
    'a dot behind': [`${token(HEAD)}.`, 'TokenMalformed'],
    'nothing but dots': ['.'.repeat(1_000), 'TokenMalformed'],
    'five segments, as in JWE': [`${HEAD}.a.b.c.d`, 'TokenEncrypted'],
    'a JWS in JSON': [JSON.stringify({ payload: BODY, protected: HEAD, signature: 'c2ln' }), 'TokenMalformed'],
    'more than its bound': [token(HEAD, 'A'.repeat(MAX_TOKEN_LENGTH)), 'TokenTooLong'],
    'a header with padding': [token(`${HEAD}=`), 'TokenMalformed'],
    'a signature in base64 that is not for URLs': [token(HEAD, BODY, '+/+/'), 'TokenMalformed'],
    'a blank inside a segment': [token(`${HEAD.slice(0, 4)} ${HEAD.slice(4)}`), 'TokenMalformed'],
    'a line break at its end': [`${token(HEAD)}\n`, 'TokenMalformed'],
    'surplus bits at the end of a segment': [token(HEAD, BODY, 'cx'), 'TokenMalformed'],
    'a header that is no JSON': [token(encode('{"alg":"RS256"')), 'TokenMalformed'],
    'a header that is a list': [token(encode(['RS256'])), 'TokenMalformed'],
    'claims that are null': [token(HEAD, encode('null')), 'TokenMalformed'],
    'claims that are no UTF-8': [
      token(HEAD, Buffer.from('7b2261223a22ff227d', 'hex').toString('base64url')),
      'TokenMalformed',
    ],
    'claims after a byte order mark': [token(HEAD, encode('\u{feff}{}')), 'TokenMalformed'],
    'text after the claims': [token(HEAD, encode('{}{}')), 'TokenMalformed'],
    'a claim twice': [token(HEAD, encode('{"sub":"a","sub":"b"}')), 'TokenMalformed'],
    'a claim twice, once escaped': [token(HEAD, encode(String.raw`{"sub":"a","s\u0075b":"b"}`)), 'TokenMalformed'],
    'a claim twice, with blanks before the colon': [token(HEAD, encode('{"sub" :"a","sub"\n:"b"}')), 'TokenMalformed'],
    'a member of the header twice': [token(encode('{"alg":"none","alg":"RS256"}')), 'TokenMalformed'],
    'a name twice in an inner object': [token(HEAD, encode('{"a":[{"b":1,"b":2}]}')), 'TokenMalformed'],
    'objects inside objects without end': [token(HEAD, encode(deep)), 'TokenMalformed'],
    'a kid that is a number': [head({ kid: 1 }), 'TokenMalformed'],
    'a typ that is a list': [head({ typ: ['JWT'] }), 'TokenMalformed'],
    'no signature': [token(HEAD, BODY, ''), 'TokenMalformed'],
    'alg none': [token(encode({ alg: 'none' }), BODY, ''), 'AlgorithmUnsupported'],
    'alg None in another spelling': [token(encode({ alg: 'nOnE' })), 'AlgorithmUnsupported'],
    'no alg': [token(encode({ kid: 'k' })), 'AlgorithmUnsupported'],
    'alg HS256': [token(encode({ alg: 'HS256' })), 'AlgorithmUnsupported'],
    'alg EdDSA': [token(encode({ alg: 'EdDSA' })), 'AlgorithmUnsupported'],
    'alg rs256': [token(encode({ alg: 'rs256' })), 'AlgorithmUnsupported'],
    'alg as a list': [token(encode({ alg: ['RS256'] })), 'AlgorithmUnsupported'],
    'a critical extension': [head({ crit: ['exp'], exp: 1 }), 'HeaderUnsupported'],
    'an empty list of critical extensions': [head({ crit: [] }), 'HeaderUnsupported'],
    'an unencoded payload': [head({ crit: ['b64'], b64: false }), 'HeaderUnsupported'],
    'b64 that no crit names': [head({ b64: false }), 'HeaderUnsupported'],
    'enc beside alg': [head({ enc: 'A256GCM' }), 'HeaderUnsupported'],
    compression: [head({ zip: 'DEF' }), 'HeaderUnsupported'],
    'a logout token': [head({ typ: 'logout+jwt' }), 'TokenTypeUnsupported'],
    'a DPoP proof': [head({ typ: 'dpop+jwt' }), 'TokenTypeUnsupported'],
    'a security event': [head({ typ: 'application/secevent+jwt' }), 'TokenTypeUnsupported'],
    'a type that ends like an access token and is none': [head({ typ: 'evilat+jwt' }), 'TokenTypeUnsupported'],
  };
  test.each(Object.entries(refused))('refuses %s', (_sentence, [text, code]) => {
    expect(refusalOf(() => parseCompactToken(text))).toBe(code);
  });

  test('reads the longest token and the worst strings in less than 50 ms', () => {
    const worst = [
      encode(`{"a":"${'\\"'.repeat(12_000)}"}`),
      encode(`{"a":${'['.repeat(31)}${']'.repeat(31)}}`),
      encode(`{${Array.from({ length: 2_000 }, (_, index) => `"${index}":1`).join(',')}}`),
    ];
    for (const body of worst) {
      const start = performance.now();
      expect(refusalOf(() => parseCompactToken(token(HEAD, body)))).toBe('accepted');
      expect(performance.now() - start).toBeLessThan(50);
    }
  });
});
