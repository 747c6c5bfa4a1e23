import { createHash, randomBytes } from 'node:crypto';
import { get } from 'node:https';
import { decodeProtectedHeader } from 'jose';
import { fetch } from 'undici';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readKeys, rotateKeys } from '@chaperone/e2e/issuer/state';
import { newBrowser, type Browser, type Page } from './browser.ts';
import { newRunningIssuer, publishedKids, verify, type RunningIssuer } from './running-issuer.ts';

let issuer: RunningIssuer;
let discovery: Record<string, unknown>;

beforeAll(async () => {
  issuer = await newRunningIssuer();
  discovery = (await requestJson('/.well-known/openid-configuration')).body;
});

afterAll(() => issuer.stop());

interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

async function requestJson(path: string, form?: Record<string, string>): Promise<Answer> {
  const response = await fetch(new URL(path, issuer.url), {
    dispatcher: issuer.dispatcher,
    ...(form === undefined ? {} : { method: 'POST', body: new URLSearchParams(form) }),
  });
  const body = await response.json();
  if (typeof body !== 'object' || body === null) throw new TypeError(`${path} answered no object`);
  return { status: response.status, body: { ...body } };
}

const requestToken = (form: Record<string, string>): Promise<Answer> =>
  requestJson(String(discovery['token_endpoint']), { client_id: issuer.audience, ...form });

const verifier = randomBytes(32).toString('base64url');
const challenge = createHash('sha256').update(verifier).digest('base64url');
const REDIRECT_URI = 'http://localhost:51234/callback';

function authorizationUrl(parameters: Record<string, string | undefined> = {}): string {
  const url = new URL(String(discovery['authorization_endpoint']));
  const all = {
    client_id: issuer.audience,
    response_type: 'code',
    scope: 'openid',
    redirect_uri: REDIRECT_URI,
    state: 'a state',
    nonce: 'a nonce',
    code_challenge: challenge,
    code_challenge_method: 'S256',
    ...parameters,
  };
  for (const [name, value] of Object.entries(all)) if (value !== undefined) url.searchParams.set(name, value);
  return url.href;
}

const browser = (): Browser => newBrowser(issuer.url, issuer.dispatcher);

/** Signs in and consents; the answer is the page after that. */
async function signIn(person: Browser, page: Page, login: string, groups = ''): Promise<Page> {
  expect(page.html).toContain('<h1>Sign in</h1>');
  const consent = await person.submit(page, { login, groups });
  expect(consent.html).toContain(`wants to act as ${login}.`);
  return person.submit(consent, {});
}

function parameterOf(page: Page, name: string): string | undefined {
  return new URL(page.url).searchParams.get(name) ?? undefined;
}

async function codeFor(login: string, groups = '', parameters: Record<string, string> = {}): Promise<string> {
  const person = browser();
  const page = await signIn(person, await person.open(authorizationUrl(parameters)), login, groups);
  expect(parameterOf(page, 'error')).toBeUndefined();
  return parameterOf(page, 'code') ?? '';
}

test('discovery names the endpoints, flows and algorithms, and no more', () => {
  expect(discovery).toMatchObject({
    issuer: issuer.url,
    jwks_uri: `${issuer.url}/jwks`,
    authorization_endpoint: `${issuer.url}/auth`,
    token_endpoint: `${issuer.url}/token`,
    device_authorization_endpoint: `${issuer.url}/device/auth`,
    response_types_supported: ['code'],
    code_challenge_methods_supported: ['S256'],
    token_endpoint_auth_methods_supported: ['none'],
    id_token_signing_alg_values_supported: ['RS256', 'ES256'],
  });
  expect(discovery['grant_types_supported']).toEqual(
    expect.arrayContaining(['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code']),
  );
});

/** Typed, as vitest's own is `any`. */
const anyString: unknown = expect.any(String);

test('the JWKS holds the public halves of the keys alone', async () => {
  const { body } = await requestJson('/jwks');
  expect(body['keys']).toEqual([
    { kty: 'RSA', use: 'sig', alg: 'RS256', kid: anyString, n: anyString, e: 'AQAB' },
    {
      kty: 'EC',
      use: 'sig',
      alg: 'ES256',
      kid: anyString,
      crv: 'P-256',
      x: anyString,
      y: anyString,
    },
  ]);
});

test('the health endpoint answers', async () => {
  const response = await fetch(`${issuer.url}/healthz`, { dispatcher: issuer.dispatcher });
  expect([response.status, await response.text()]).toEqual([200, 'ok']);
});

test('a client that does not trust the authority is not served', async () => {
  const failure = new Promise((resolve) => {
    get(`${issuer.url}/healthz`, { ca: [] }, resolve).once('error', (error: NodeJS.ErrnoException) =>
      resolve(error.code),
    );
  });
  expect(await failure).toBe('UNABLE_TO_VERIFY_LEAF_SIGNATURE');
});

describe('authorization code with PKCE', () => {
  test('gives an ID token that verifies and says who it is', async () => {
    const code = await codeFor('dana@example.com', 'oncall, payments');
    const { status, body } = await requestToken({
      grant_type: 'authorization_code',
      code,
      code_verifier: verifier,
      redirect_uri: REDIRECT_URI,
    });
    expect(status).toBe(200);
    expect(await verify(issuer, String(body['id_token']))).toMatchObject({
      sub: 'dana@example.com',
      aud: 'chaperone',
      email: 'dana@example.com',
      email_verified: true,
      groups: ['oncall', 'payments'],
      nonce: 'a nonce',
    });
  });

  test('gives an account of the table its groups where none are entered', async () => {
    const { body } = await requestToken({
      grant_type: 'authorization_code',
      code: await codeFor('agent@example.com'),
      code_verifier: verifier,
      redirect_uri: REDIRECT_URI,
    });
    expect((await verify(issuer, String(body['id_token'])))['groups']).toEqual(['agents']);
  });

  const refused: Record<string, Record<string, string>> = {
    'another verifier': { code_verifier: randomBytes(32).toString('base64url') },
    'another port of the loopback than was asked for': { redirect_uri: 'http://localhost:51235/callback' },
  };
  test.each(Object.entries(refused))('refuses the code with %s', async (_sentence, wrong) => {
    const code = await codeFor('dana@example.com');
    const honest = { grant_type: 'authorization_code', code, code_verifier: verifier, redirect_uri: REDIRECT_URI };
    expect(await requestToken({ ...honest, ...wrong })).toMatchObject({
      status: 400,
      body: { error: 'invalid_grant' },
    });
  });

  test('refuses a code that was used', async () => {
    const code = await codeFor('dana@example.com');
    const form = { grant_type: 'authorization_code', code, code_verifier: verifier, redirect_uri: REDIRECT_URI };
    expect((await requestToken(form)).status).toBe(200);
    expect(await requestToken(form)).toMatchObject({ status: 400, body: { error: 'invalid_grant' } });
  });

  test.each(['http://127.0.0.1:8000', 'http://localhost:18000/', 'http://[::1]:1/callback'])(
    'tells a client on the loopback at %s',
    async (redirectUri) => {
      const person = browser();
      const start = await person.open(authorizationUrl({ redirect_uri: redirectUri }));
      const page = await signIn(person, start, 'dana@example.com');
      expect(new URL(page.url).origin).toBe(new URL(redirectUri).origin);
      expect(parameterOf(page, 'state')).toBe('a state');
      expect(parameterOf(page, 'code')).toBeDefined();
    },
  );

  test.each(['https://example.com/callback', 'http://localhost.example.com:8000/', 'http://localhost:8000/other'])(
    'never sends anybody to %s',
    async (redirectUri) => {
      const page = await browser().open(authorizationUrl({ redirect_uri: redirectUri }));
      expect(page.status).toBe(400);
      expect(new URL(page.url).origin).toBe(issuer.url);
      expect(page.html).toContain('invalid_redirect_uri');
    },
  );

  test('refuses a client that brings no challenge', async () => {
    const page = await browser().open(
      authorizationUrl({ code_challenge: undefined, code_challenge_method: undefined }),
    );
    expect(parameterOf(page, 'error')).toBe('invalid_request');
  });

  test('tells the client when the person cancels', async () => {
    const person = browser();
    const page = await person.submit(await person.open(authorizationUrl()), { abort: 'yes' });
    expect([parameterOf(page, 'error'), parameterOf(page, 'code')]).toEqual(['access_denied', undefined]);
  });

  test('asks again when no name is given', async () => {
    const person = browser();
    const page = await person.submit(await person.open(authorizationUrl()), { login: '  ' });
    expect(page.status).toBe(400);
    expect(page.html).toContain('Enter a name.');
  });

  test('shows a hint as text', async () => {
    const page = await browser().open(authorizationUrl({ login_hint: '"><b>x' }));
    expect(page.html).toContain('value="&quot;&gt;&lt;b&gt;x"');
  });

  test('does not read a form without end', async () => {
    const person = browser();
    const page = await person.submit(await person.open(authorizationUrl()), { login: 'x'.repeat(20_000) });
    expect(page.status).toBe(413);
  });

  test('knows nothing of a sign-in that another browser began', async () => {
    const { url } = await browser().open(authorizationUrl());
    expect(new URL(url).pathname).toMatch(/^\/interaction\//);
    expect((await browser().open(url)).status).toBe(400);
  });
});

describe('refresh', () => {
  async function refreshTokenFor(login: string, groups: string): Promise<string> {
    const { body } = await requestToken({
      grant_type: 'authorization_code',
      code: await codeFor(login, groups),
      code_verifier: verifier,
      redirect_uri: REDIRECT_URI,
    });
    return String(body['refresh_token']);
  }

  const refresh = (token: string): Promise<Answer> =>
    requestToken({ grant_type: 'refresh_token', refresh_token: token });

  test('gives a new ID token and a new refresh token, once', async () => {
    const first = await refreshTokenFor('dana@example.com', 'oncall');
    const { body } = await refresh(first);
    expect(await verify(issuer, String(body['id_token']))).toMatchObject({
      sub: 'dana@example.com',
      groups: ['oncall'],
    });
    expect(body['refresh_token']).not.toBe(first);
    // RFC 9700, section 4.14.2: a public client's refresh token that is used twice has been stolen.
    expect(await refresh(first)).toMatchObject({ status: 400, body: { error: 'invalid_grant' } });
    expect(await refresh(String(body['refresh_token']))).toMatchObject({
      status: 400,
      body: { error: 'invalid_grant' },
    });
  });

  test('outlasts a rotation of keys, and signs with the new one', async () => {
    const token = await refreshTokenFor('dana@example.com', 'oncall');
    const [newest] = await rotateKeys(issuer.directory);
    await expect.poll(() => publishedKids(issuer), { timeout: 5_000 }).toContain(newest?.kid);
    const { body } = await refresh(token);
    const idToken = String(body['id_token']);
    expect(decodeProtectedHeader(idToken).kid).toBe(readKeys(issuer.directory)[0]?.kid);
    expect(await verify(issuer, idToken)).toMatchObject({ sub: 'dana@example.com', groups: ['oncall'] });
  });
});

describe('device code', () => {
  const GRANT_TYPE = 'urn:ietf:params:oauth:grant-type:device_code';

  async function begin(): Promise<Record<string, string>> {
    const { body } = await requestJson(String(discovery['device_authorization_endpoint']), {
      client_id: issuer.audience,
      scope: 'openid',
    });
    return Object.fromEntries(Object.entries(body).map(([name, value]) => [name, String(value)]));
  }

  const poll = (device: Record<string, string>): Promise<Answer> =>
    requestToken({ grant_type: GRANT_TYPE, device_code: device['device_code'] ?? '' });

  test('gives an ID token once a person has entered the code and signed in', async () => {
    const device = await begin();
    expect(await poll(device)).toMatchObject({ status: 400, body: { error: 'authorization_pending' } });
    const person = browser();
    const entry = await person.open(device['verification_uri'] ?? '');
    const confirmation = await person.submit(entry, { user_code: device['user_code'] ?? '' });
    expect(confirmation.html).toContain(device['user_code']);
    const done = await signIn(person, await person.submit(confirmation, {}), 'dana@example.com', 'oncall');
    expect(done.html).toContain('Your device is signed in.');
    const { status, body } = await poll(device);
    expect(status).toBe(200);
    expect(await verify(issuer, String(body['id_token']))).toMatchObject({
      sub: 'dana@example.com',
      email_verified: true,
      groups: ['oncall'],
    });
    expect(await poll(device)).toMatchObject({ status: 400, body: { error: 'invalid_grant' } });
  });

  test('says that a code is wrong', async () => {
    const person = browser();
    const page = await person.submit(await person.open(`${issuer.url}/device`), { user_code: 'BBBB-BBBB' });
    expect(page.html).toContain('This code is not valid.');
  });

  test('tells the device when the person cancels', async () => {
    const device = await begin();
    const person = browser();
    const entry = await person.open(device['verification_uri'] ?? '');
    const confirmation = await person.submit(entry, { user_code: device['user_code'] ?? '' });
    await person.submit(confirmation, { abort: 'yes' });
    expect(await poll(device)).toMatchObject({ status: 400, body: { error: 'access_denied' } });
  });
});
