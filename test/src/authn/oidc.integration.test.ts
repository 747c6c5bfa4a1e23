import { startIssuer } from '@chaperone/e2e/issuer/issuer';
import { mintToken, type TokenRequest } from '@chaperone/e2e/issuer/issue-token';
import { dropRetiredKeys, rotateKeys } from '@chaperone/e2e/issuer/state';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { newRunningIssuer, publishedKids, type RunningIssuer } from '../issuer/running-issuer.ts';
import { refusalOfAsync } from './refusal.ts';
import { runAuthenticator, type RunningAuthenticator } from './running-authenticator.ts';
import { forgeKey } from './token-forge.ts';
import { untilReady } from './until-ready.ts';

const honest: TokenRequest = { user: 'agent@example.com', groups: ['agents'], expiresIn: 600 };

describe('tokens of the issuer that everything runs with', () => {
  let running: RunningAuthenticator;

  beforeAll(async () => {
    running = runAuthenticator({
      issuer: { url: inject('issuerUrl'), caFile: inject('issuerCa'), audience: inject('issuerAudience') },
    });
    await untilReady(running.authenticator);
  });

  afterAll(() => running.stop());

  const mint = (request: Partial<TokenRequest> = {}): Promise<string> =>
    mintToken(inject('issuerDirectory'), { ...honest, ...request });

  test('map to the user that they name', async () => {
    const before = Date.now();
    const identity = await running.authenticate(await mint({ claims: [['run', 'nightly-7']] }));
    expect(identity).toMatchObject({
      username: 'agent@example.com',
      groups: ['agents', 'system:authenticated'],
      facts: { run: ['nightly-7'] },
      issuer: inject('issuerUrl'),
      impersonation: {
        username: 'agent@example.com',
        groups: ['agents'],
        extra: { 'chaperone.dev/run': ['nightly-7'] },
        via: true,
      },
    });
    expect(identity.extra['authentication.kubernetes.io/credential-id']?.[0]).toMatch(/^JTI=[\da-f-]{36}$/u);
    expect(identity.expiresAt - before).toBeGreaterThan(590_000);
    expect(identity.expiresAt - before).toBeLessThan(610_000);
  });

  const foreign = forgeKey('x').privateKey.export({ type: 'pkcs8', format: 'pem' });
  const table: Record<string, [request: Partial<TokenRequest>, want: string]> = {
    'an honest token': [{}, 'accepted'],
    'an honest ES256 token': [{ algorithm: 'ES256' }, 'accepted'],
    'one of several audiences': [{ audiences: ['other', 'chaperone'] }, 'accepted'],
    'a negative lifetime': [{ expiresIn: -60 }, 'TokenExpired'],
    'a token that is not valid yet': [{ notBefore: 120 }, 'TokenNotYetValid'],
    'another audience': [{ audiences: ['other'] }, 'AudienceMismatch'],
    'another issuer': [{ issuer: 'https://example.com' }, 'IssuerUnknown'],
    'an issuer with a slash': [{ issuer: `${inject('issuerUrl')}/` }, 'IssuerUnknown'],
    'no end': [{ claims: [['exp', null]] }, 'ClaimInvalid'],
    'no signature': [{ algorithm: 'none' }, 'AlgorithmUnsupported'],
    'a signature keyed with the public key': [{ algorithm: 'HS256' }, 'AlgorithmUnsupported'],
    'a foreign key under our kid': [{ key: foreign }, 'SignatureInvalid'],
    'a kid that nobody has': [{ kid: 'nobody' }, 'KeyUnknown'],
    'an address that is not verified': [{ claims: [['email_verified', false]] }, 'MappingFailed'],
    'no address': [{ claims: [['email', null]] }, 'MappingFailed'],
    'an administrator of the cluster': [{ groups: ['system:masters'] }, 'NameRefused'],
    'a padded group': [{ groups: ['agents '] }, 'NameRefused'],
    'a subject that is a number': [{ claims: [['sub', 7]] }, 'ClaimInvalid'],
  };
  test.each(Object.entries(table))('%s', async (_sentence, [request, want]) => {
    expect(await refusalOfAsync(running.authenticate(await mint(request)))).toBe(want);
  });
});

describe('an issuer of one test', () => {
  let issuer: RunningIssuer;
  let running: RunningAuthenticator | undefined;

  beforeEach(async () => {
    issuer = await newRunningIssuer();
  });

  afterEach(async () => {
    running?.stop();
    await issuer.stop();
  });

  const start = (): RunningAuthenticator => {
    running = runAuthenticator({ issuer });
    return running;
  };
  const mint = (request: Partial<TokenRequest> = {}): Promise<string> =>
    mintToken(issuer.directory, { ...honest, ...request });
  const restart = (): Promise<unknown> =>
    startIssuer(issuer.supervisor, {
      directory: issuer.directory,
      port: issuer.port,
      certificateAuthority: issuer.certificateAuthority,
      audience: issuer.audience,
    });
  const isReady = (authenticator: RunningAuthenticator): boolean =>
    authenticator.authenticator.issuers().every(({ ready }) => ready);

  test('changes its keys: new tokens are good at once, old ones until their key is dropped', async () => {
    const authenticator = start();
    await expect.poll(() => isReady(authenticator)).toBe(true);
    const old = await mint();
    expect(await refusalOfAsync(authenticator.authenticate(old))).toBe('accepted');
    const [newest] = await rotateKeys(issuer.directory);
    await expect.poll(() => publishedKids(issuer)).toContain(newest?.kid);
    expect(await refusalOfAsync(authenticator.authenticate(await mint()))).toBe('accepted');
    expect(await refusalOfAsync(authenticator.authenticate(old))).toBe('accepted');

    await rotateKeys(issuer.directory);
    const kept = dropRetiredKeys(issuer.directory).map(({ kid }) => kid);
    await expect.poll(() => publishedKids(issuer)).toEqual(kept);
    // The first token of the new key brings the key set in which the old one is missing.
    expect(await refusalOfAsync(authenticator.authenticate(await mint()))).toBe('accepted');
    expect(await refusalOfAsync(authenticator.authenticate(old))).toBe('KeyUnknown');
  });

  test('is down at the start: nothing is ready or accepted, and all is well once it answers', async () => {
    const token = await mint();
    await issuer.supervisor.stop('issuer');
    const authenticator = start();
    await expect.poll(() => authenticator.events.length).toBeGreaterThan(1);
    expect(isReady(authenticator)).toBe(false);
    await expect(authenticator.authenticate(token)).rejects.toMatchObject({ code: 'IssuerUnavailable', status: 503 });
    await restart();
    await expect.poll(() => isReady(authenticator)).toBe(true);
    expect(await refusalOfAsync(authenticator.authenticate(token))).toBe('accepted');
  });

  test('goes down later: tokens of known keys are good, those of unknown ones are not', async () => {
    const authenticator = start();
    await expect.poll(() => isReady(authenticator)).toBe(true);
    await issuer.supervisor.stop('issuer');
    expect(await refusalOfAsync(authenticator.authenticate(await mint()))).toBe('accepted');
    expect(isReady(authenticator)).toBe(true);
    await rotateKeys(issuer.directory);
    const fresh = await mint();
    expect(await refusalOfAsync(authenticator.authenticate(fresh))).toBe('IssuerUnavailable');
    await restart();
    expect(await refusalOfAsync(authenticator.authenticate(fresh))).toBe('accepted');
  });

  test('is asked three times by two hundred tokens with keys that nobody has', async () => {
    const authenticator = start();
    await expect.poll(() => isReady(authenticator)).toBe(true);
    const before = authenticator.events.length;
    const tokens = await Promise.all(Array.from({ length: 200 }, (_, index) => mint({ kid: `made-up-${index}` })));
    for (const token of tokens) expect(await refusalOfAsync(authenticator.authenticate(token))).toBe('KeyUnknown');
    expect(authenticator.events.length - before).toBe(3);
    expect(await refusalOfAsync(authenticator.authenticate(await mint()))).toBe('accepted');
  });
});
