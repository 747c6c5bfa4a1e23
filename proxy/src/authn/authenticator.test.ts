import { startHttpsIssuer, type HttpsIssuer } from '@chaperone/test/authn/https-issuer';
import { refusalOfAsync } from '@chaperone/test/authn/refusal';
import { forgeKey, forgeToken, jwkSet, mintForged, type ForgeKey } from '@chaperone/test/authn/token-forge';
import { untilReady } from '@chaperone/test/authn/until-ready';
import { newFakeClock, type FakeClock } from '@chaperone/test/faults/fake-clock';
import { inspect } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Call } from '@chaperone/crds/client/connection';
import { newAuthenticator, type AuthenticationEvent, type Authenticator } from './authenticator.ts';
import type { Claims } from './compact-token.ts';
import { parseAuthenticationConfiguration, type AuthenticationConfiguration } from './configuration.ts';
import type { Identity } from './identity.ts';
import { serviceAccountSettings } from './service-account-settings.ts';

const NOW = Date.UTC(2026, 5, 1);
const SECONDS = NOW / 1000;
const CLUSTER = 'https://kubernetes.default.svc';

const rsa = forgeKey('rsa');
const ec = forgeKey('ec', 'ES256');
const ofOther = forgeKey('other');
const ofAttacker = forgeKey('rsa');

let issuer: HttpsIssuer;
let other: HttpsIssuer;
let configuration: AuthenticationConfiguration;
let clock: FakeClock;
let authenticator: Authenticator;
let events: AuthenticationEvent[];
let reviews: Call[];
let stop: AbortController;

beforeAll(async () => {
  [issuer, other] = await Promise.all([startHttpsIssuer(), startHttpsIssuer()]);
  configuration = parseAuthenticationConfiguration({
    apiVersion: 'apiserver.config.k8s.io/v1',
    kind: 'AuthenticationConfiguration',
    jwt: [entryOf(issuer, 'a:'), entryOf(other, 'b:')],
  });
});

const entryOf = ({ configuration: { url, certificateAuthority } }: HttpsIssuer, prefix: string) => ({
  issuer: { url, audiences: ['chaperone'], certificateAuthority: certificateAuthority.join('\n') },
  claimMappings: { username: { claim: 'sub', prefix }, groups: { claim: 'groups', prefix } },
});

afterAll(() => Promise.all([issuer.refuse(), other.refuse()]));

beforeEach(async () => {
  issuer.publish(jwkSet(rsa, ec));
  other.publish(jwkSet(ofOther));
  clock = newFakeClock(NOW);
  events = [];
  reviews = [];
  stop = new AbortController();
  authenticator = newAuthenticator({
    configuration,
    serviceAccounts: serviceAccountSettings.parse({ issuers: [CLUSTER] }),
    request(call) {
      reviews.push(call);
      return Promise.resolve({
        kind: 'TokenReview',
        status: {
          authenticated: true,
          audiences: ['chaperone'],
          user: { username: 'system:serviceaccount:ci:runner' },
        },
      });
    },
    clock,
    observe: (event) => void events.push(event),
  });
  void authenticator.run(stop.signal);
  await untilReady(authenticator);
  return () => stop.abort();
});

const claimsFor = (url: string, changes: Claims = {}): Claims => ({
  iss: url,
  sub: 'agent',
  aud: 'chaperone',
  iat: SECONDS,
  exp: SECONDS + 600,
  groups: ['agents'],
  ...changes,
});
const claims = (changes: Claims = {}): Claims => claimsFor(issuer.configuration.url, changes);
const good = (changes: Claims = {}, key: ForgeKey = rsa): string => mintForged(key, claims(changes));

const authenticate = (token: string): Promise<Identity> =>
  authenticator.authenticate({ credentials: { kind: 'bearer', token }, clientCertificate: false });
const refusal = (token: string): Promise<string> => refusalOfAsync(authenticate(token));

describe('a caller', () => {
  test('with a token is known by its issuer', async () => {
    expect(await authenticate(good())).toMatchObject({
      username: 'a:agent',
      groups: ['a:agents', 'system:authenticated'],
      issuer: issuer.configuration.url,
      expiresAt: NOW + 600_000,
      serviceAccount: undefined,
    });
    expect(await authenticate(mintForged(ofOther, claimsFor(other.configuration.url)))).toMatchObject({
      username: 'b:agent',
      issuer: other.configuration.url,
    });
    expect(reviews).toEqual([]);
  });

  test("with a token of the cluster is known by the API server's word", async () => {
    const token = mintForged(ofOther, claimsFor(CLUSTER));
    expect(await authenticate(token)).toMatchObject({
      username: 'chaperone:sa:ci:runner',
      issuer: CLUSTER,
      expiresAt: NOW + 600_000,
      serviceAccount: { namespace: 'ci', name: 'runner' },
    });
    expect(reviews).toHaveLength(1);
  });

  test('without a token is told what to use', async () => {
    const attempt = (clientCertificate: boolean) =>
      authenticator.authenticate({ credentials: { kind: 'none' }, clientCertificate });
    await expect(attempt(false)).rejects.toMatchObject({ code: 'NoToken', status: 401 });
    await expect(attempt(true)).rejects.toMatchObject({ code: 'ClientCertificate', status: 401 });
    await expect(attempt(true)).rejects.toThrow(/gateway that terminates TLS: use a kubeconfig with a token/u);
  });

  test('with another scheme is told so', async () => {
    await expect(
      authenticator.authenticate({ credentials: { kind: 'unsupported', scheme: 'Basic' }, clientCertificate: false }),
    ).rejects.toMatchObject({ code: 'SchemeUnsupported', status: 401 });
  });
});

test.each(['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512'])(
  'tokens signed with %s verify',
  async (algorithm) => {
    const key = forgeKey(`key for ${algorithm}`, algorithm);
    issuer.publish(jwkSet(rsa, key));
    expect(await refusal(good({}, key))).toBe('accepted');
  },
);

describe('a forged token is refused', () => {
  const forge = (
    header: Readonly<Record<string, unknown>>,
    changes: Claims = {},
    key = rsa,
    algorithm?: string,
  ): string =>
    forgeToken({
      header: { alg: key.algorithm, kid: key.kid, typ: 'JWT', ...header },
      claims: claims(changes),
      key,
      ...(algorithm === undefined ? {} : { algorithm }),
    });
  const tamper = (token: string, segment: 0 | 1 | 2, change: (text: string) => string): string =>
    token
      .split('.')
      .map((text, index) => (index === segment ? change(text) : text))
      .join('.');
  const flip = (text: string): string => (text.startsWith('A') ? 'B' : 'A') + text.slice(1);
  const recode = (change: (claimsText: string) => string) => (text: string) =>
    Buffer.from(change(Buffer.from(text, 'base64url').toString())).toString('base64url');

  const table: Record<string, [token: () => string, code: string]> = {
    'without a signature, alg none': [() => forge({ alg: 'none' }).replace(/[^.]+$/u, ''), 'AlgorithmUnsupported'],
    'with a signature and alg none': [() => forge({ alg: 'none' }), 'AlgorithmUnsupported'],
    'HS256 keyed with the public key': [() => forge({ alg: 'HS256' }, {}, rsa, 'HS256'), 'AlgorithmUnsupported'],
    'HS512 keyed with the public key': [() => forge({ alg: 'HS512' }, {}, rsa, 'HS512'), 'AlgorithmUnsupported'],
    'HS256 that says RS256': [() => forge({ alg: 'RS256' }, {}, rsa, 'HS256'), 'SignatureInvalid'],
    'RS256 that says PS256, for a key of RS256': [() => forge({ alg: 'PS256' }), 'SignatureInvalid'],
    'RS512 with a key of RS256': [() => forge({ alg: 'RS512' }, {}, rsa, 'RS512'), 'SignatureInvalid'],
    'ES256 with the name of an RSA key': [() => forge({ kid: 'rsa' }, {}, ec), 'SignatureInvalid'],
    "the attacker's key under the issuer's name of it": [() => good({}, ofAttacker), 'SignatureInvalid'],
    "the attacker's key in the header": [() => forge({ jwk: ofAttacker.jwk }, {}, ofAttacker), 'SignatureInvalid'],
    "the attacker's key set in the header": [
      () => forge({ jku: `${other.configuration.url}/keys` }, {}, ofAttacker),
      'SignatureInvalid',
    ],
    "the attacker's certificate in the header": [
      () => forge({ x5u: `${other.configuration.url}/cert`, x5c: ['AAAA'] }, {}, ofAttacker),
      'SignatureInvalid',
    ],
    'a kid that nobody has': [() => forge({ kid: 'nobody' }), 'KeyUnknown'],
    'a kid that is a path': [() => forge({ kid: '../../../../dev/null' }), 'KeyUnknown'],
    'a kid that every object has': [() => forge({ kid: '__proto__' }), 'KeyUnknown'],
    'no kid, where several keys could be meant': [
      () => {
        issuer.publish(jwkSet(rsa, forgeKey('second')));
        return forge({ kid: undefined, alg: 'RS256' }, {}, ofAttacker);
      },
      'SignatureInvalid',
    ],
    "another issuer's key": [() => mintForged(ofOther, claims()), 'KeyUnknown'],
    "another issuer's key under this issuer's name of it": [
      () => mintForged(ofOther, claims(), { kid: 'rsa' }),
      'SignatureInvalid',
    ],
    "this issuer's token in the name of another": [
      () => mintForged(rsa, claimsFor(other.configuration.url)),
      'KeyUnknown',
    ],
    'claims changed after signing': [
      () =>
        tamper(
          good(),
          1,
          recode((text) => text.replace('"agent"', '"admin"')),
        ),
      'SignatureInvalid',
    ],
    'a header changed after signing': [
      () =>
        tamper(
          good(),
          0,
          recode((text) => text.replace('"JWT"', '"jwt"')),
        ),
      'SignatureInvalid',
    ],
    'a signature changed': [() => tamper(good(), 2, flip), 'SignatureInvalid'],
    'a signature cut short': [() => tamper(good(), 2, (text) => text.slice(0, 300)), 'SignatureInvalid'],
    'a signature of another token': [
      () => tamper(good(), 2, () => good({ sub: 'other' }).split('.')[2] ?? ''),
      'SignatureInvalid',
    ],
    'an ECDSA signature of zeros (CVE-2022-21449)': [
      () => tamper(good({}, ec), 2, () => Buffer.alloc(64).toString('base64url')),
      'SignatureInvalid',
    ],
    'a signature in DER instead of both numbers': [
      () =>
        tamper(good({}, ec), 2, () =>
          Buffer.from(`3045022100${'aa'.repeat(32)}0220${'11'.repeat(32)}`, 'hex').toString('base64url'),
        ),
      'SignatureInvalid',
    ],
    'another spelling of the same signature': [() => `${good()}=`, 'TokenMalformed'],
    'the token cut in the middle': [() => good().slice(0, 200), 'TokenMalformed'],
    'a segment more': [() => `${good()}.e30`, 'TokenMalformed'],
    'two tokens in one': [() => `${good()}.${good()}`, 'TokenMalformed'],
    'a blank behind': [() => `${good()} `, 'TokenMalformed'],
    'a token as long as a book': [() => good({ text: 'x'.repeat(100_000) }), 'TokenTooLong'],
    'a claim twice': [
      () =>
        forgeToken({
          header: { alg: 'RS256', kid: 'rsa' },
          claims: JSON.stringify(claims()).replace('{', '{"sub":"admin",'),
          key: rsa,
        }),
      'TokenMalformed',
    ],
    'an iss twice, the cluster first': [
      () =>
        forgeToken({
          header: { alg: 'RS256', kid: 'rsa' },
          claims: JSON.stringify(claims()).replace('{', `{"iss":"${CLUSTER}",`),
          key: rsa,
        }),
      'TokenMalformed',
    ],
    'a critical header': [() => forge({ crit: ['x'], x: 1 }), 'HeaderUnsupported'],
    'an unencoded payload': [() => forge({ crit: ['b64'], b64: false }), 'HeaderUnsupported'],
    'an encrypted token': [() => 'eyJhbGciOiJSU0EtT0FFUCIsImVuYyI6IkEyNTZHQ00ifQ.a.b.c.d', 'TokenEncrypted'],
    'a logout token': [() => forge({ typ: 'logout+jwt' }), 'TokenTypeUnsupported'],
    expired: [() => good({ exp: SECONDS - 1 }), 'TokenExpired'],
    'not valid yet': [() => good({ nbf: SECONDS + 120 }), 'TokenNotYetValid'],
    'without an end': [() => good({ exp: undefined }), 'ClaimInvalid'],
    'with an end that is a text': [() => good({ exp: String(SECONDS + 600) }), 'ClaimInvalid'],
    'for another audience': [() => good({ aud: 'kubernetes' }), 'AudienceMismatch'],
    'for an audience in a list in a list': [() => good({ aud: [['chaperone']] }), 'ClaimInvalid'],
    'with a subject that is no text': [() => good({ sub: { toString: 'admin' } }), 'ClaimInvalid'],
    'with an iss with a slash more': [() => good({ iss: `${issuer.configuration.url}/` }), 'IssuerUnknown'],
    'with an iss in capitals': [() => good({ iss: issuer.configuration.url.toUpperCase() }), 'IssuerUnknown'],
    'with an iss that is a list': [() => good({ iss: [issuer.configuration.url] }), 'IssuerUnknown'],
    'without an iss': [() => good({ iss: undefined }), 'IssuerUnknown'],
    'with an iss that every object has': [() => good({ iss: '__proto__' }), 'IssuerUnknown'],
    'out of a Secret': [() => good({ iss: 'kubernetes/serviceaccount' }), 'LegacyServiceAccountToken'],
    'with a line break in the username': [() => good({ sub: 'x\ny' }), 'NameRefused'],
  };
  test.each(Object.entries(table))('%s', async (_sentence, [token, code]) => {
    const text = token();
    expect(await refusal(text)).toBe(code);
    expect(await refusal(text)).toBe(code);
    expect(await refusal(good())).toBe('accepted');
    // None of them is tried by another way.
    expect(reviews).toEqual([]);
  });
});

describe('an unreviewed token of the cluster', () => {
  const table: Record<string, [changes: Claims, code: string]> = {
    'that has expired': [{ exp: SECONDS }, 'TokenExpired'],
    'for another audience': [{ aud: [CLUSTER] }, 'AudienceMismatch'],
    'without an audience': [{ aud: undefined }, 'ClaimInvalid'],
    'without an end': [{ exp: undefined }, 'ClaimInvalid'],
  };
  test.each(Object.entries(table))('%s costs no review', async (_sentence, [changes, code]) => {
    expect(await refusal(mintForged(ofOther, claimsFor(CLUSTER, changes)))).toBe(code);
    expect(reviews).toEqual([]);
  });

  test('is asked about while it has not expired, however fresh the last answer is', async () => {
    const token = mintForged(ofOther, claimsFor(CLUSTER, { exp: SECONDS + 5 }));
    expect(await refusal(token)).toBe('accepted');
    await clock.advance(5_000);
    expect(await refusal(token)).toBe('TokenExpired');
  });

  test('is not told to be of an unknown issuer while the issuer of the cluster is not known', async () => {
    const waiting = newAuthenticator({
      configuration: { jwt: [] },
      serviceAccounts: serviceAccountSettings.parse({}),
      request: () => Promise.reject(new Error('not asked')),
      clock,
    });
    const attempt = (changes: Claims) =>
      refusalOfAsync(
        waiting.authenticate({
          credentials: { kind: 'bearer', token: mintForged(ofOther, claimsFor(CLUSTER, changes)) },
          clientCertificate: false,
        }),
      );
    expect(await attempt({ 'kubernetes.io': { namespace: 'ci' } })).toBe('TokenReviewUnavailable');
    expect(await attempt({})).toBe('IssuerUnknown');
  });

  test('is of an unknown issuer where ServiceAccounts are switched off', async () => {
    const off = newAuthenticator({
      configuration: { jwt: [] },
      serviceAccounts: serviceAccountSettings.parse({ enabled: false, issuers: [CLUSTER] }),
      request: () => Promise.reject(new Error('not asked')),
      clock,
    });
    const token = mintForged(ofOther, claimsFor(CLUSTER));
    const attempt = off.authenticate({ credentials: { kind: 'bearer', token }, clientCertificate: false });
    expect(await refusalOfAsync(attempt)).toBe('IssuerUnknown');
  });
});

describe('a verified token', () => {
  test('is the same identity for a minute, and is verified again after that', async () => {
    const token = good();
    const identity = await authenticate(token);
    expect(await authenticate(token)).toBe(identity);
    await clock.advance(60_000);
    const again = await authenticate(token);
    expect(again).not.toBe(identity);
    expect(again).toEqual(identity);
  });

  test('is refused from its last second on, however fresh', async () => {
    const token = good({ exp: SECONDS + 10 });
    expect(await refusal(token)).toBe('accepted');
    clock.jumpWallClock(10_000);
    expect(await refusal(token)).toBe('TokenExpired');
  });

  test('is verified again as soon as other keys are published', async () => {
    const token = good();
    expect(await refusal(token)).toBe('accepted');
    const fresh = forgeKey('fresh');
    issuer.publish(jwkSet(fresh));
    expect(await refusal(good({}, fresh))).toBe('accepted');
    expect(await refusal(token)).toBe('KeyUnknown');
  });
});

test('no refusal shows the token or a claim, in any way of printing it', async () => {
  const secret = 'claim-that-nobody-may-see';
  const tokens = [
    good({ sub: secret, aud: 'x' }),
    good({ sub: `${secret}\n` }),
    good({ sub: [secret] }),
    mintForged(ofAttacker, claims({ sub: secret })),
    `${good({ sub: secret })}x`,
    `${Buffer.from('{"alg":"RS256"').toString('base64url')}.${secret}.c2ln`,
  ];
  for (const token of tokens) {
    const error: unknown = await authenticate(token).catch((caught: unknown) => caught);
    const shown = [inspect(error, { depth: 20, showHidden: true }), JSON.stringify(error), String(error)].join('\n');
    expect(shown).toContain('AuthenticationError');
    for (const part of [secret, ...token.split('.').filter((text) => text.length > 20)]) {
      expect(shown).not.toContain(part);
    }
  }
});
