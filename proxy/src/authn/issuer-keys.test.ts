import { forgeKey, jwkSet, mintForged, type ForgeKey } from '@chaperone/test/authn/token-forge';
import {
  DISCOVERY_PATH,
  json,
  KEYS_PATH,
  startHttpsIssuer,
  type HttpsIssuer,
} from '@chaperone/test/authn/https-issuer';
import { refusalOfAsync } from '@chaperone/test/authn/refusal';
import { newFakeClock, type FakeClock } from '@chaperone/test/faults/fake-clock';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parseCompactToken, type CompactToken } from './compact-token.ts';
import { newIssuerKeys, type IssuerKeys, type KeysRead } from './issuer-keys.ts';

const first = forgeKey('first');
const second = forgeKey('second');
const tokenOf = (key: ForgeKey, header: Readonly<Record<string, unknown>> = {}): CompactToken =>
  parseCompactToken(mintForged(key, { iss: 'x' }, header));

let issuer: HttpsIssuer;
let clock: FakeClock;
let events: KeysRead[];
let stop: AbortController;
let keys: IssuerKeys;

beforeEach(async () => {
  issuer = await startHttpsIssuer();
  issuer.publish(jwkSet(first));
  clock = newFakeClock();
  events = [];
  stop = new AbortController();
  keys = newIssuerKeys({
    issuer: issuer.configuration,
    clock,
    observe: (event) => void events.push(event),
    timeoutMs: 2_000,
  });
});

afterEach(async () => {
  stop.abort();
  await issuer.refuse();
});

/** Runs the loop until it has read `count` times, well or not. */
async function run(count = 1): Promise<void> {
  void keys.run(stop.signal);
  await expect.poll(() => events.length).toBe(count);
}

const ask = (token: CompactToken): Promise<string> => refusalOfAsync(keys.keyFor(token));
const keyReads = (): number => issuer.requests.filter((path) => path === KEYS_PATH).length;

describe('the keys of an issuer', () => {
  test('are read by discovery, and tell which token they are for', async () => {
    expect(keys.ready).toBe(false);
    await run();
    expect(issuer.requests).toEqual([DISCOVERY_PATH, KEYS_PATH]);
    expect(events).toEqual([{ kind: 'KeysRead', issuer: issuer.configuration.url, keys: 1, changed: true }]);
    expect(keys.ready).toBe(true);
    expect(await keys.keyFor(tokenOf(first))).toMatchObject({ type: 'public' });
  });

  test('are waited for by the first callers', async () => {
    void keys.run(stop.signal);
    expect(await ask(tokenOf(first))).toBe('accepted');
  });

  test('are unavailable before anybody has asked for them', async () => {
    expect(await ask(tokenOf(first))).toBe('IssuerUnavailable');
  });

  test('are found at once after a rotation, and the token of a withdrawn key is refused', async () => {
    await run();
    const { generation } = keys;
    issuer.publish(jwkSet(second));
    expect(await ask(tokenOf(first))).toBe('accepted');
    expect(await ask(tokenOf(second))).toBe('accepted');
    expect(keys.generation).toBe(generation + 1);
    expect(await ask(tokenOf(first))).toBe('KeyUnknown');
  });

  test('are read again after five minutes, so that a withdrawn key stops counting by itself', async () => {
    await run();
    issuer.publish(jwkSet(second));
    await clock.advance(299_000);
    expect(events).toHaveLength(1);
    await clock.advance(1_000);
    await expect.poll(() => events.length).toBe(2);
    expect(events[1]).toMatchObject({ changed: true });
    expect(await ask(tokenOf(first))).toBe('KeyUnknown');
  });

  test('that are the same keep what was verified', async () => {
    await run();
    const { generation } = keys;
    await clock.advance(300_000);
    await expect.poll(() => events.length).toBe(2);
    expect(events[1]).toMatchObject({ changed: false });
    expect(keys.generation).toBe(generation);
  });

  test('are read once for many callers at the same time', async () => {
    await run();
    issuer.publish(jwkSet(first, second));
    const answers = await Promise.all(Array.from({ length: 50 }, () => ask(tokenOf(second))));
    expect(new Set(answers)).toEqual(new Set(['accepted']));
    expect(keyReads()).toBe(2);
  });

  test('are read at most three times, and once more every ten seconds, for a flood of unknown keys', async () => {
    await run();
    for (let index = 0; index < 200; index += 1) {
      expect(await ask(tokenOf(first, { kid: `made-up-${index}` }))).toBe('KeyUnknown');
    }
    expect(keyReads()).toBe(4);
    expect(await ask(tokenOf(first))).toBe('accepted');
    await clock.advance(10_000);
    issuer.publish(jwkSet(first, second));
    expect(await ask(tokenOf(first, { kid: 'made-up' }))).toBe('KeyUnknown');
    expect(await ask(tokenOf(first, { kid: 'made-up-too' }))).toBe('KeyUnknown');
    expect(keyReads()).toBe(5);
    // The flood itself has brought the new key.
    expect(await ask(tokenOf(second))).toBe('accepted');
  });

  test('are not read again for an algorithm that a known key is not for', async () => {
    await run();
    expect(await ask(tokenOf(forgeKey('first', 'ES256')))).toBe('SignatureInvalid');
    expect(await ask(tokenOf(first, { kid: undefined }))).toBe('accepted');
    issuer.publish(jwkSet(first, second));
    expect(await ask(tokenOf(second))).toBe('accepted');
    expect(await ask(tokenOf(second, { kid: undefined }))).toBe('SignatureInvalid');
    expect(keyReads()).toBe(2);
  });
});

describe('an issuer that is down', () => {
  test('at the start is asked every ten seconds until it answers', async () => {
    await issuer.refuse();
    await run();
    expect(keys.ready).toBe(false);
    expect(await ask(tokenOf(first))).toBe('IssuerUnavailable');
    expect(events[0]).toMatchObject({ kind: 'KeysNotRead', error: { code: 'Connection' } });
    await issuer.accept();
    await clock.advance(10_000);
    await expect.poll(() => keys.ready).toBe(true);
    expect(await ask(tokenOf(first))).toBe('accepted');
  });

  test('later leaves its keys in use and unknown ones refused', async () => {
    await run();
    await issuer.refuse();
    await clock.advance(3_600_000);
    await expect.poll(() => events.some(({ kind }) => kind === 'KeysNotRead')).toBe(true);
    expect(keys.ready).toBe(true);
    expect(await ask(tokenOf(first))).toBe('accepted');
    expect(await ask(tokenOf(second))).toBe('IssuerUnavailable');
    expect(await ask(tokenOf(first, { kid: 'made-up' }))).toBe('IssuerUnavailable');
  });
});

describe('an answer that cannot be used', () => {
  const table: Record<
    string,
    [path: string, answer: (url: string) => Parameters<HttpsIssuer['on']>[1], error: unknown]
  > = {
    'a discovery document of another issuer': [
      DISCOVERY_PATH,
      (url) => json({ issuer: 'https://evil.example', jwks_uri: `${url}${KEYS_PATH}` }),
      { code: 'ERR_DISCOVERY' },
    ],
    'a discovery document whose issuer has a slash more': [
      DISCOVERY_PATH,
      (url) => json({ issuer: `${url}/`, jwks_uri: `${url}${KEYS_PATH}` }),
      { code: 'ERR_DISCOVERY', message: 'issuer.url differs from the issuer that its discovery document names' },
    ],
    'a discovery document without keys': [DISCOVERY_PATH, (url) => json({ issuer: url }), { code: 'ERR_DISCOVERY' }],
    'keys in the clear': [
      DISCOVERY_PATH,
      (url) => json({ issuer: url, jwks_uri: `${url.replace('https', 'http')}${KEYS_PATH}` }),
      { code: 'ERR_DISCOVERY' },
    ],
    'a discovery document that is no JSON': [
      DISCOVERY_PATH,
      () => (_request, response) => void response.end('<html>'),
      { code: 'ERR_DISCOVERY' },
    ],
    'a redirect': [
      DISCOVERY_PATH,
      (url) => (_request, response) => void response.writeHead(302, { location: `${url}/elsewhere` }).end(),
      { code: 'Status', message: 'answered with status 302 instead of 200' },
    ],
    'a redirect of the keys': [
      KEYS_PATH,
      (url) => (_request, response) => void response.writeHead(307, { location: `${url}/elsewhere` }).end(),
      { code: 'Status' },
    ],
    'an error': [KEYS_PATH, () => (_request, response) => void response.writeHead(503).end(), { code: 'Status' }],
    'keys that are no JSON': [
      KEYS_PATH,
      () => (_request, response) => void response.end('{"keys":['),
      { message: 'the answer is not JSON' },
    ],
    'keys that are no set': [KEYS_PATH, () => json([]), { message: 'the answer is not a JSON Web Key Set' }],
    'a set of something else': [
      KEYS_PATH,
      () => json({ keys: ['jwk'] }),
      { message: 'the answer is not a JSON Web Key Set' },
    ],
    'more keys than anybody has': [
      KEYS_PATH,
      () => json({ keys: Array.from({ length: 101 }, () => first.jwk) }),
      { message: 'the key set has more than 100 keys' },
    ],
    'an answer without end': [
      KEYS_PATH,
      () => (_request, response) => {
        const timer = setInterval(() => response.write('x'.repeat(65_536)), 1);
        response.once('close', () => clearInterval(timer));
      },
      { code: 'TooLarge' },
    ],
    'an answer that stops in the middle': [
      KEYS_PATH,
      () => (_request, response) => {
        response.writeHead(200, { 'content-length': '1000' });
        response.write('{"keys":', () => response.destroy());
      },
      { code: 'Connection' },
    ],
    'an answer that never comes': [KEYS_PATH, () => () => undefined, { code: 'Timeout' }],
  };
  test.each(Object.entries(table))('is %s', async (_sentence, [path, answer, error]) => {
    issuer.on(path, answer(issuer.configuration.url));
    await run();
    expect(events).toHaveLength(1);
    expect(events[0]).toMatchObject({ kind: 'KeysNotRead', issuer: issuer.configuration.url, error });
    expect(keys.ready).toBe(false);
    expect(issuer.requests).not.toContain('/elsewhere');
    expect(await ask(tokenOf(first))).toBe('IssuerUnavailable');
  });

  test('is a certificate of an authority that is not configured', async () => {
    const stranger = await startHttpsIssuer();
    const strict = newIssuerKeys({
      issuer: { ...issuer.configuration, certificateAuthority: stranger.configuration.certificateAuthority },
      clock,
      observe: (event) => void events.push(event),
    });
    void strict.run(stop.signal);
    await expect.poll(() => events.length).toBe(1);
    expect(events[0]).toMatchObject({
      kind: 'KeysNotRead',
      error: { message: 'no answer: UNABLE_TO_VERIFY_LEAF_SIGNATURE' },
    });
    await stranger.refuse();
  });

  test('is a set without keys, which is asked for again soon', async () => {
    issuer.publish({ keys: [] });
    await run();
    expect(keys.ready).toBe(false);
    expect(await ask(tokenOf(first))).toBe('KeyUnknown');
    issuer.publish(jwkSet(first));
    await clock.advance(10_000);
    await expect.poll(() => keys.ready).toBe(true);
  });
});

test('keys that are of no use keep nobody from using the others', async () => {
  const secret = { kty: 'oct', k: 'c2VjcmV0', kid: 'secret', alg: 'HS256' };
  const encryption = { ...forgeKey('encryption').jwk, use: 'enc' };
  const unknown = { kty: 'XYZ', kid: 'unknown' };
  const withPrivate = { ...first.privateKey.export({ format: 'jwk' }), kid: 'leaked', alg: 'RS256' };
  const short = forgeKey('short', 'RS256', 1024).jwk;
  issuer.publish({ keys: [secret, encryption, unknown, withPrivate, short, ...jwkSet(first).keys] });
  await run();
  expect(await ask(tokenOf(first))).toBe('accepted');
  for (const kid of ['secret', 'encryption', 'unknown', 'leaked']) {
    expect([kid, await ask(tokenOf(first, { kid }))]).toEqual([kid, 'SignatureInvalid']);
  }
});

test('a discovery URL is taken as it is', async () => {
  const { url } = issuer.configuration;
  issuer.on('/tenant/document', json({ issuer: url, jwks_uri: `${url}${KEYS_PATH}` }));
  keys = newIssuerKeys({
    issuer: { ...issuer.configuration, discoveryUrl: `${url}/tenant/document` },
    clock,
    observe: (event) => void events.push(event),
  });
  await run();
  expect(issuer.requests).toEqual(['/tenant/document', KEYS_PATH]);
  expect(keys.ready).toBe(true);
});
