import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { newGatewayClient, type GatewayClient } from './gateway-client.ts';

let client: GatewayClient;
let token: string;

beforeAll(async () => {
  client = newGatewayClient(inject('gateway'));
  token = await client.token({ user: 'forwarding@example.com', groups: ['agents', 'forwarding'] });
  await client.applyPolicy('forwarding', {
    mode: 'Enforce',
    subjects: [{ kind: 'Group', name: 'forwarding' }],
    rules: [{ name: 'config', action: 'Allow', verbs: ['*'], apiGroups: [''], resources: ['configmaps'] }],
  });
});

afterAll(async () => {
  await client.deletePolicy('forwarding');
  await client.close();
});

describe('a call that policy allows', () => {
  test('is made under the name of its caller, with all that the token says of it, and names the gateway', async () => {
    const answer = await client.call({
      method: 'POST',
      path: '/apis/authentication.k8s.io/v1/selfsubjectreviews',
      token: await client.token({
        user: 'forwarding@example.com',
        groups: ['agents', 'forwarding'],
        claims: [['run', 'run-7']],
      }),
      body: { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' },
    });
    expect(answer.status).toBe(201);
    expect(answer.json()).toMatchObject({
      status: {
        userInfo: {
          username: 'forwarding@example.com',
          uid: 'forwarding@example.com',
          groups: ['agents', 'forwarding', 'system:authenticated'],
          extra: { 'chaperone.dev/run': ['run-7'], 'chaperone.dev/via': ['chaperone-proxy-local'] },
        },
      },
    });
  });

  test('is created, read, patched and deleted as without the gateway', async () => {
    const path = '/api/v1/namespaces/default/configmaps';
    const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'forwarded' }, data: { a: '1' } };
    expect(await client.call({ method: 'POST', path, token, body })).toMatchObject({ status: 201 });
    const read = await client.call({ path: `${path}/forwarded`, token });
    expect(read.json()).toMatchObject({ data: { a: '1' } });
    const patched = await client.call({
      method: 'PATCH',
      path: `${path}/forwarded`,
      token,
      headers: { 'content-type': 'application/merge-patch+json' },
      body: { data: { a: '2' } },
    });
    expect(patched.json()).toMatchObject({ data: { a: '2' } });
    expect(await client.call({ method: 'DELETE', path: `${path}/forwarded`, token })).toMatchObject({ status: 200 });
    expect(await client.call({ path: `${path}/forwarded`, token })).toMatchObject({ status: 404 });
  });
});

test('a call that no policy allows is refused in words that kubectl shows, and never reaches the API server', async () => {
  const refused = await client.kubectlAs(token, ['get', 'pods', '--namespace=default']);
  expect(refused).toMatchObject({ code: 1 });
  expect(refused.stderr).toBe(
    'Error from server (Forbidden): pods is forbidden: User "forwarding@example.com" cannot list resource "pods" in API group "" in the namespace "default": no AgentPolicy allows it: ask whoever administers Chaperone for a rule\n',
  );
});
