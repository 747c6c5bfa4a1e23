import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { newCertificateAuthority, type CertificateAuthority } from '@chaperone/e2e/certificates/authority';
import { startIssuer, type Issuer } from '@chaperone/e2e/issuer/issuer';
import { choosePorts } from '@chaperone/e2e/process/free-port';
import { newSupervisor, type Supervisor } from '@chaperone/e2e/process/supervisor';
import { createRemoteJWKSet, customFetch, errors, jwtVerify, type JWTPayload } from 'jose';
import { Agent, fetch } from 'undici';

/** An issuer of one test file, with what it takes to talk to it. */
export interface RunningIssuer extends Issuer {
  readonly supervisor: Supervisor;
  readonly certificateAuthority: CertificateAuthority;
  readonly port: number;
  /** Trusts the issuer's authority alone. */
  readonly dispatcher: Agent;
  stop(): Promise<void>;
}

export async function newRunningIssuer(): Promise<RunningIssuer> {
  const root = mkdtempSync(join(tmpdir(), 'chaperone-issuer-'));
  const supervisor = newSupervisor(root);
  const { port } = await choosePorts({ port: { variable: 'ISSUER_PORT' } }, {});
  const certificateAuthority = await newCertificateAuthority('issuer test');
  const issuer = await startIssuer(supervisor, {
    directory: join(root, 'issuer'),
    port,
    certificateAuthority,
    audience: 'chaperone',
  });
  const dispatcher = new Agent({ connect: { ca: readFileSync(issuer.caFile, 'utf8') } });
  return {
    ...issuer,
    supervisor,
    certificateAuthority,
    port,
    dispatcher,
    async stop() {
      await dispatcher.destroy();
      await supervisor.stopAll();
      rmSync(root, { recursive: true, force: true });
    },
  };
}

/** The kids that the issuer publishes now. */
export async function publishedKids(issuer: RunningIssuer): Promise<unknown[]> {
  const response = await fetch(`${issuer.url}/jwks`, { dispatcher: issuer.dispatcher });
  const body = await response.json();
  if (typeof body !== 'object' || body === null || !('keys' in body) || !Array.isArray(body.keys)) return [];
  return body.keys.map((key: { kid?: unknown }) => key.kid);
}

/** Verifies a token as a relying party does: against the JWKS that discovery names, fetched now. */
export async function verify(issuer: RunningIssuer, token: string): Promise<JWTPayload> {
  const response = await fetch(`${issuer.url}/.well-known/openid-configuration`, { dispatcher: issuer.dispatcher });
  const discovery = await response.json();
  if (typeof discovery !== 'object' || discovery === null) throw new TypeError('discovery is no object');
  const jwksUri = 'jwks_uri' in discovery ? String(discovery.jwks_uri) : '';
  const keys = createRemoteJWKSet(new URL(jwksUri), {
    [customFetch]: async (url, { headers, ...options }) => {
      const answer = await fetch(url, { ...options, headers: [...headers], dispatcher: issuer.dispatcher });
      return new Response(await answer.text(), { status: answer.status });
    },
  });
  const { payload } = await jwtVerify(token, keys, {
    issuer: issuer.url,
    audience: issuer.audience,
    algorithms: ['RS256', 'ES256'],
  });
  return payload;
}

/** Why a relying party refuses the token, as the code of jose's error; 'verified' where it does not. */
export async function refusal(issuer: RunningIssuer, token: string): Promise<unknown> {
  try {
    await verify(issuer, token);
    return 'verified';
  } catch (error) {
    return error instanceof errors.JOSEError ? error.code : error;
  }
}
