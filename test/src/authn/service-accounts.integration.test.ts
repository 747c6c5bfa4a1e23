import { randomBytes } from 'node:crypto';
import { newConnection, type Connection } from '@chaperone/crds/client/connection';
import { kubeConfigFromFile } from '@chaperone/crds/client/kubeconfig';
import { isRecord } from '@chaperone/crds/client/kubernetes-object';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { refusalOfAsync } from './refusal.ts';
import { runAuthenticator, type RunAuthenticatorOptions, type RunningAuthenticator } from './running-authenticator.ts';
import { forgeKey, mintForged } from './token-forge.ts';

const CLUSTER_ISSUER = 'https://kubernetes.default.svc.cluster.local';
const namespace = `authn-${randomBytes(4).toString('hex')}`;

let connection: Connection;
const started: RunningAuthenticator[] = [];

beforeAll(async () => {
  connection = newConnection({ kubeConfig: kubeConfigFromFile(inject('adminKubeconfig')), userAgent: 'authn test' });
  await create('/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
  await createServiceAccount('runner');
});

afterAll(async () => {
  for (const running of started) running.stop();
  await connection.request({ method: 'DELETE', path: `/api/v1/namespaces/${namespace}` });
  await connection.close();
});

const create = (path: string, body: object): Promise<unknown> => connection.request({ method: 'POST', path, body });
const remove = (resource: string): Promise<unknown> =>
  connection.request({
    method: 'DELETE',
    path: `/api/v1/namespaces/${namespace}/${resource}`,
    body: { apiVersion: 'v1', kind: 'DeleteOptions', gracePeriodSeconds: 0 },
  });
const createServiceAccount = (name: string): Promise<unknown> =>
  create(`/api/v1/namespaces/${namespace}/serviceaccounts`, {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name },
  });

/** A token by TokenRequest. */
async function requestToken(name: string, spec: object = { audiences: ['chaperone'] }): Promise<string> {
  const answer = await create(`/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`, {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    spec: { audiences: [], ...spec },
  });
  const status = isRecord(answer) ? answer['status'] : undefined;
  const token = isRecord(status) ? status['token'] : undefined;
  if (typeof token !== 'string') throw new TypeError('TokenRequest gave no token');
  return token;
}

/** One that remembers no answer of an earlier test. */
function start(serviceAccounts: RunAuthenticatorOptions['serviceAccounts'] = {}): RunningAuthenticator {
  const running = runAuthenticator({
    serviceAccounts: { issuers: [CLUSTER_ISSUER], ...serviceAccounts },
    request: (call) => connection.request(call),
  });
  started.push(running);
  return running;
}

describe('a token of a ServiceAccount', () => {
  test('for our audience is Mapped by its namespace and name', async () => {
    const identity = await start().authenticate(await requestToken('runner'));
    expect(identity).toMatchObject({
      username: `chaperone:sa:${namespace}:runner`,
      groups: ['chaperone:serviceaccounts', `chaperone:serviceaccounts:${namespace}`, 'system:authenticated'],
      serviceAccount: { namespace, name: 'runner' },
      issuer: CLUSTER_ISSUER,
      impersonation: { via: true },
    });
    expect(identity.uid).toMatch(/^[\da-f-]{36}$/u);
    expect(identity.extra['authentication.kubernetes.io/credential-id']?.[0]).toMatch(/^JTI=/u);
  });

  test('is Native where that is set', async () => {
    const identity = await start({ identity: 'Native' }).authenticate(await requestToken('runner'));
    const username = `system:serviceaccount:${namespace}:runner`;
    expect(identity).toMatchObject({
      username,
      groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'],
      serviceAccount: { namespace, name: 'runner' },
      impersonation: { username, uid: '', groups: [], extra: {}, via: false },
    });
  });

  test('ends when it says', async () => {
    const token = await requestToken('runner', { audiences: ['chaperone'], expirationSeconds: 900 });
    const { expiresAt } = await start().authenticate(token);
    expect(expiresAt).toBe((decodeJwt(token).exp ?? 0) * 1000);
  });

  const audiences: Record<string, [audiences: readonly string[], want: string]> = {
    'for our audience among others': [['other', 'chaperone'], 'accepted'],
    'for another audience': [['other'], 'AudienceMismatch'],
    "for the API server's own, which is what clients get without asking": [[], 'AudienceMismatch'],
  };
  test.each(Object.entries(audiences))('%s', async (_sentence, [wanted, want]) => {
    expect(await refusalOfAsync(start().authenticate(await requestToken('runner', { audiences: wanted })))).toBe(want);
  });

  test('is found by the issuer that the API server publishes', async () => {
    const running = start({ issuers: [] });
    const token = await requestToken('runner');
    await expect.poll(() => refusalOfAsync(running.authenticate(token))).toBe('accepted');
  });

  test('in a Secret is refused with what to do instead', async () => {
    await create(`/api/v1/namespaces/${namespace}/secrets`, {
      apiVersion: 'v1',
      kind: 'Secret',
      type: 'kubernetes.io/service-account-token',
      metadata: { name: 'legacy', annotations: { 'kubernetes.io/service-account.name': 'runner' } },
    });
    const readToken = async (): Promise<string> => {
      const secret = await connection.request({
        method: 'GET',
        path: `/api/v1/namespaces/${namespace}/secrets/legacy`,
      });
      const data = isRecord(secret) ? secret['data'] : undefined;
      const token = isRecord(data) ? data['token'] : undefined;
      return typeof token === 'string' ? Buffer.from(token, 'base64').toString() : '';
    };
    await expect.poll(readToken).not.toBe('');
    const attempt = start().authenticate(await readToken());
    await expect(attempt).rejects.toMatchObject({ code: 'LegacyServiceAccountToken', status: 401 });
    await expect(attempt).rejects.toThrow('kubectl create token --audience');
  });

  test('that somebody else signed is refused by the API server', async () => {
    const payload = decodeJwt(await requestToken('runner'));
    const running = start();
    expect(await refusalOfAsync(running.authenticate(mintForged(forgeKey('x'), payload)))).toBe('TokenRefused');
    expect(running.events).toEqual([{ kind: 'TokenReviewed', outcome: 'Refused' }]);
  });

  test('of an account that is gone is refused', async () => {
    await createServiceAccount('short-lived');
    const token = await requestToken('short-lived');
    expect(await refusalOfAsync(start().authenticate(token))).toBe('accepted');
    await remove('serviceaccounts/short-lived');
    // The API server remembers a good token for ten seconds, too.
    await expect.poll(() => refusalOfAsync(start().authenticate(token)), { interval: 500 }).toBe('TokenRefused');
  });

  test('that is bound to a pod tells the pod, and is refused when the pod is gone', async () => {
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'runner-0' },
      spec: {
        serviceAccountName: 'runner',
        // Nobody schedules it: it stays Pending for as long as the test needs it.
        schedulerName: 'nobody',
        automountServiceAccountToken: false,
        containers: [{ name: 'main', image: 'registry.invalid/none' }],
      },
    };
    await create(`/api/v1/namespaces/${namespace}/pods`, pod);
    const token = await requestToken('runner', {
      audiences: ['chaperone'],
      boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name: 'runner-0' },
    });
    const { extra, impersonation } = await start().authenticate(token);
    expect(extra).toMatchObject({ 'authentication.kubernetes.io/pod-name': ['runner-0'] });
    expect(Object.keys(impersonation.extra).toSorted()).toEqual([
      'authentication.kubernetes.io/pod-name',
      'authentication.kubernetes.io/pod-uid',
    ]);
    await remove('pods/runner-0');
    await expect.poll(() => refusalOfAsync(start().authenticate(token)), { interval: 500 }).toBe('TokenRefused');
  });

  test('is reviewed once for fifty calls at the same time', async () => {
    const running = start();
    const token = await requestToken('runner');
    const answers = await Promise.all(Array.from({ length: 50 }, () => refusalOfAsync(running.authenticate(token))));
    expect(new Set(answers)).toEqual(new Set(['accepted']));
    expect(running.events).toEqual([{ kind: 'TokenReviewed', outcome: 'Vouched' }]);
  });
});

test('a gateway that may not create TokenReviews says that it cannot verify, and not that the token is bad', async () => {
  const token = await requestToken('runner');
  // The account itself may do nothing: it asks in place of a gateway whose rights are missing.
  const config = kubeConfigFromFile(inject('adminKubeconfig'));
  const cluster = config.getCurrentCluster();
  if (cluster === null) throw new TypeError('the kubeconfig has no cluster');
  config.loadFromOptions({
    clusters: [cluster],
    users: [{ name: 'runner', token: await requestToken('runner', { audiences: [] }) }],
    contexts: [{ name: 'runner', cluster: cluster.name, user: 'runner' }],
    currentContext: 'runner',
  });
  const powerless = newConnection({ kubeConfig: config, userAgent: 'authn test' });
  const running = runAuthenticator({
    serviceAccounts: { issuers: [CLUSTER_ISSUER] },
    request: (call) => powerless.request(call),
  });
  started.push(running);
  await expect(running.authenticate(token)).rejects.toMatchObject({
    code: 'TokenReviewUnavailable',
    status: 503,
    cause: { status: 403 },
  });
  await powerless.close();
});
