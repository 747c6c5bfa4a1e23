import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { newGatewayClient, type GatewayClient } from './gateway-client.ts';

const gateway = inject('gateway');
const GROUP = 'explained';

let client: GatewayClient;
let token: string;

beforeAll(async () => {
  client = newGatewayClient(gateway);
  token = await client.token({ user: 'explained@example.com', groups: ['agents', GROUP] });
  await client.applyPolicy('explained', {
    mode: 'Enforce',
    subjects: [{ kind: 'Group', name: GROUP }],
    rules: [
      { name: 'read', action: 'Allow', verbs: ['get', 'list'], apiGroups: [''], resources: ['pods'] },
      {
        name: 'not-prod',
        action: 'Deny',
        verbs: ['delete'],
        apiGroups: [''],
        resources: ['pods'],
        objectSelector: { matchLabels: { tier: 'prod' } },
      },
      { name: 'delete', action: 'Allow', verbs: ['delete'], apiGroups: [''], resources: ['pods'] },
    ],
  });
});

afterAll(async () => {
  await client.deletePolicy('explained');
  await client.close();
});

interface Asked {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

async function ask(described: unknown, { method = 'POST', headers, body }: Asked = {}) {
  const answer = await fetch(`${gateway.adminUrl}/explain`, {
    method,
    headers: headers ?? { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(method === 'GET' ? {} : { body: body ?? JSON.stringify(described) }),
  });
  const text = await answer.text();
  return { status: answer.status, headers: answer.headers, text, json: (): unknown => JSON.parse(text) };
}

describe('a described call', () => {
  test('is explained by every rule of the policies in force, each with why it does or does not match', async () => {
    const answer = await ask({ method: 'GET', target: '/api/v1/namespaces/default/pods/web' });
    expect(answer.status).toBe(200);
    const found = answer.json();
    expect(found).toMatchObject({
      user: 'explained@example.com',
      attributes: { verb: 'get', judgedVerb: 'get', resource: 'pods', namespace: 'default', name: 'web' },
      sentence: 'Allowed by rule read of policy explained.',
      decision: { verdict: 'Allow', winner: { policy: 'explained', rule: 'read' } },
    });
    expect(found).toHaveProperty('revision', expect.stringMatching(/^[0-9a-f]{64}$/u));
    const read = { policy: 'explained', rule: 'read', outcome: 'Matches' };
    const sentence = 'Rule delete of policy explained (Allow) does not match: verb get is not among the verbs.';
    expect(found).toHaveProperty('rules', expect.arrayContaining([expect.objectContaining(read)]));
    expect(found).toHaveProperty(
      'rules',
      expect.arrayContaining([expect.objectContaining({ rule: 'delete', sentence })]),
    );
  });

  test('says which objects it depends on, and takes them', async () => {
    const call = { method: 'DELETE', target: '/api/v1/namespaces/default/pods/web' };
    expect((await ask(call)).json()).toMatchObject({
      decision: { verdict: 'NeedsObject', needs: { oldObject: true } },
    });
    const pod = (tier: string) => ({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web', labels: { tier } } });
    expect((await ask({ ...call, oldObject: pod('prod') })).json()).toMatchObject({
      sentence: 'Denied by rule not-prod of policy explained.',
    });
    expect((await ask({ ...call, oldObject: pod('test') })).json()).toMatchObject({
      sentence: 'Allowed by rule delete of policy explained.',
    });
  });

  test('is decided as the call itself', async () => {
    for (const [method, path] of [
      ['GET', '/api/v1/namespaces/default/pods'],
      ['GET', '/api/v1/namespaces/default/secrets'],
      ['GET', '/api/v1/namespaces/default/pods/web/log'],
    ] as const) {
      const { status } = await client.call({ method, path, token });
      const explained = await ask({ method, target: path });
      expect(explained.json(), path).toMatchObject({ decision: { verdict: status === 403 ? 'Deny' : 'Allow' } });
    }
  });
});

describe('refused, as a Status, is', () => {
  const call = { method: 'GET', target: '/api/v1/pods' };
  const json = { 'content-type': 'application/json' };
  const known = () => ({ authorization: `Bearer ${token}` });

  test.each<[string, number, () => Promise<Awaited<ReturnType<typeof ask>>>]>([
    ['whoever shows no token', 401, () => ask(call, { headers: json })],
    ['whoever shows a bad token', 401, () => ask(call, { headers: { ...json, authorization: 'Bearer a.b.c' } })],
    ['whoever shows no token, before the body is read', 401, () => ask(call, { headers: json, body: '{' })],
    ['a question about somebody else', 403, () => ask({ ...call, user: { username: 'else@example.com' } })],
    ['a body that is no JSON', 400, () => ask(call, { body: '{"method":' })],
    ['a body that is no object', 400, () => ask(call, { body: '"GET"' })],
    ['an unknown field', 400, () => ask({ ...call, verb: 'get' })],
    ['a target that is ambiguous', 400, () => ask({ ...call, target: '/api/v1/namespaces//pods' })],
    ['a method that does not exist', 400, () => ask({ ...call, method: 'BREW' })],
    ['another media type', 415, () => ask(call, { headers: { ...known(), 'content-type': 'text/plain' } })],
    ['a compressed body', 415, () => ask(call, { headers: { ...known(), ...json, 'content-encoding': 'gzip' } })],
    ['a body without bounds', 413, () => ask({ ...call, object: { text: 'x'.repeat(1_100_000) } })],
  ])('%s', async (_, status, asking) => {
    const answer = await asking();
    expect(answer.status).toBe(status);
    expect(answer.json()).toMatchObject({ kind: 'Status', status: 'Failure', code: status });
    expect(answer.headers.get('www-authenticate')).toBe(status === 401 ? 'Bearer realm="chaperone"' : null);
  });

  test('another method', async () => {
    const answer = await ask(call, { method: 'GET' });
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'POST']);
  });
});

test('the example in docs/explain.md is what the gateway takes and answers', async () => {
  const text = readFileSync(join(import.meta.dirname, '..', '..', '..', 'docs', 'explain.md'), 'utf8');
  const [request, response] = [...text.matchAll(/```json\n([^]*?)```/gu)].map(([, block = '']): unknown =>
    JSON.parse(block),
  );
  const answer = await ask(request);
  expect(answer.status).toBe(200);
  expect(answer.json()).toMatchObject(Object(response));
});
