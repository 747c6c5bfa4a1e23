import { generateKeyPairSync } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { decodeProtectedHeader } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { mintToken, type TokenRequest } from '@chaperone/e2e/issuer/issue-token';
import { startIssuer } from '@chaperone/e2e/issuer/issuer';
import { dropRetiredKeys, rotateKeys, stateFiles } from '@chaperone/e2e/issuer/state';
import { newCertificateAuthority } from '@chaperone/e2e/certificates/authority';
import { newRunningIssuer, publishedKids, refusal, verify, type RunningIssuer } from './running-issuer.ts';

let issuer: RunningIssuer;

beforeAll(async () => {
  issuer = await newRunningIssuer();
});

afterAll(() => issuer.stop());

const mint = (request: Partial<TokenRequest> = {}): Promise<string> =>
  mintToken(issuer.directory, { user: 'agent@example.com', groups: ['agents'], expiresIn: 600, ...request });

test('a token made beside the issuer verifies against its JWKS', async () => {
  const { iat = 0, jti, ...payload } = await verify(issuer, await mint());
  expect(Math.abs(iat - Date.now() / 1000)).toBeLessThan(60);
  expect(jti).toMatch(/^[\da-f-]{36}$/);
  expect(payload).toEqual({
    iss: issuer.url,
    sub: 'agent@example.com',
    aud: 'chaperone',
    exp: iat + 600,
    email: 'agent@example.com',
    email_verified: true,
    groups: ['agents'],
  });
});

test('a token with claims dropped verifies without them', async () => {
  const payload = await verify(
    issuer,
    await mint({
      claims: [
        ['email', null],
        ['groups', null],
        ['exp', null],
      ],
    }),
  );
  expect(Object.keys(payload).toSorted()).toEqual(['aud', 'email_verified', 'iat', 'iss', 'jti', 'sub']);
});

const foreignKey = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({
  type: 'pkcs8',
  format: 'pem',
});

const table: Record<string, { request: Partial<TokenRequest>; want: string }> = {
  'an honest token': { request: {}, want: 'verified' },
  'an honest ES256 token': { request: { algorithm: 'ES256' }, want: 'verified' },
  'one of several audiences': { request: { audiences: ['other', 'chaperone'] }, want: 'verified' },
  'a negative lifetime': { request: { expiresIn: -60 }, want: 'ERR_JWT_EXPIRED' },
  'a token that is not yet good': { request: { notBefore: 60 }, want: 'ERR_JWT_CLAIM_VALIDATION_FAILED' },
  'another audience': { request: { audiences: ['other'] }, want: 'ERR_JWT_CLAIM_VALIDATION_FAILED' },
  'another issuer': { request: { issuer: 'https://example.com' }, want: 'ERR_JWT_CLAIM_VALIDATION_FAILED' },
  'no issuer': { request: { claims: [['iss', null]] }, want: 'ERR_JWT_CLAIM_VALIDATION_FAILED' },
  'no signature': { request: { algorithm: 'none' }, want: 'ERR_JOSE_ALG_NOT_ALLOWED' },
  'a signature keyed with the public key': { request: { algorithm: 'HS256' }, want: 'ERR_JOSE_ALG_NOT_ALLOWED' },
  'a foreign key under our kid': { request: { key: foreignKey }, want: 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED' },
  'a kid that nobody has': { request: { kid: 'nobody' }, want: 'ERR_JWKS_NO_MATCHING_KEY' },
};

test.each(Object.entries(table))('a relying party, given %s', async (_sentence, { request, want }) => {
  expect(await refusal(issuer, await mint(request))).toBe(want);
});

describe('a rotation', () => {
  test('keeps old tokens good and signs with a new kid', async () => {
    const old = await mint();
    const [newest] = await rotateKeys(issuer.directory);
    await expect.poll(() => publishedKids(issuer), { timeout: 5_000 }).toContain(newest?.kid);
    const fresh = await mint();
    expect(decodeProtectedHeader(fresh).kid).toBe(newest?.kid);
    expect(decodeProtectedHeader(old).kid).not.toBe(newest?.kid);
    expect(await refusal(issuer, old)).toBe('verified');
    expect(await refusal(issuer, fresh)).toBe('verified');
  });

  test('is followed by the running issuer within a second', async () => {
    const times: number[] = [];
    for (let round = 0; round < 3; round += 1) {
      const [newest] = await rotateKeys(issuer.directory);
      const start = performance.now();
      await expect.poll(() => publishedKids(issuer), { timeout: 5_000, interval: 20 }).toContain(newest?.kid);
      times.push(performance.now() - start);
    }
    // The best of three: other tests use the same machine.
    expect(Math.min(...times)).toBeLessThan(1_000);
  });

  test('that drops the old keys leaves only the newest good', async () => {
    const old = await mint();
    await rotateKeys(issuer.directory);
    const fresh = await mint();
    const kept = dropRetiredKeys(issuer.directory).map((key) => key.kid);
    await expect.poll(() => publishedKids(issuer), { timeout: 5_000 }).toEqual(kept);
    expect(await refusal(issuer, old)).toBe('ERR_JWKS_NO_MATCHING_KEY');
    expect(await refusal(issuer, fresh)).toBe('verified');
  });

  test('that leaves a broken file keeps the keys in use', async () => {
    const file = stateFiles(issuer.directory).keys;
    const good = readFileSync(file, 'utf8');
    const before = await publishedKids(issuer);
    writeFileSync(file, '{"keys":[');
    try {
      const log = (): string => readFileSync(issuer.supervisor.logFile('issuer'), 'utf8');
      await expect.poll(log, { timeout: 5_000 }).toContain('Keys not reloaded');
      expect(await publishedKids(issuer)).toEqual(before);
      expect(before).toHaveLength(2);
    } finally {
      writeFileSync(file, good);
    }
  });
});

describe('starting again', () => {
  const start = (changes: Partial<Parameters<typeof startIssuer>[1]> = {}): Promise<unknown> =>
    startIssuer(issuer.supervisor, {
      directory: issuer.directory,
      port: issuer.port,
      certificateAuthority: issuer.certificateAuthority,
      audience: issuer.audience,
      ...changes,
    });
  const pid = (): number | undefined => issuer.supervisor.running().find(({ name }) => name === 'issuer')?.pid;

  test('leaves a running issuer alone', async () => {
    const before = pid();
    expect(await start()).toEqual({
      url: issuer.url,
      caFile: issuer.caFile,
      audience: issuer.audience,
      directory: issuer.directory,
    });
    expect(pid()).toBe(before);
    expect(before).toBeGreaterThan(0);
  });

  test('after a stop keeps earlier tokens good', async () => {
    const token = await mint();
    await issuer.supervisor.stop('issuer');
    await start();
    expect(await refusal(issuer, token)).toBe('verified');
  });

  test('on a taken port says so in one line', async () => {
    const other = await newRunningIssuer();
    try {
      const attempt = startIssuer(other.supervisor, {
        directory: other.directory,
        port: issuer.port,
        certificateAuthority: other.certificateAuthority,
        audience: other.audience,
      });
      await expect(attempt).rejects.toMatchObject({ name: 'LaunchError', code: 'ProcessEnded' });
      await expect(attempt).rejects.toThrow(
        /^issuer ended while starting: issuer: cannot listen on https:.*EADDRINUSE.*$/,
      );
    } finally {
      await other.stop();
    }
  });

  // Last: the dispatcher of this file trusts the first authority alone.
  test('under another authority serves a certificate of that one', async () => {
    const before = pid();
    await start({ certificateAuthority: await newCertificateAuthority('another') });
    expect(pid()).not.toBe(before);
    expect(await refusal(issuer, await mint())).toMatchObject({ cause: { code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' } });
  });
});
