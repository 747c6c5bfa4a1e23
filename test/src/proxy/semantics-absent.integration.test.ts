import type { PolicyRule } from '@chaperone/crds/v1alpha1/generated/api';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { newGatewayClient, type GatewayClient } from './gateway-client.ts';

const NAMESPACE = 'absent-objects';
let client: GatewayClient;
let token: string;

const configMap = (name: string, tier: string): unknown => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: NAMESPACE, labels: { tier } },
});

beforeAll(async () => {
  client = newGatewayClient(inject('gateway'));
  token = await client.token({ user: 'absent@example.com', groups: ['agents', 'absent'] });
  await client.kubectl(['create', 'namespace', NAMESPACE]);
  const rule: Pick<PolicyRule, 'verbs' | 'apiGroups' | 'resources' | 'namespaces'> = {
    verbs: ['*'],
    apiGroups: [''],
    resources: ['configmaps'],
    namespaces: [NAMESPACE],
  };
  await client.applyPolicy('absent-objects', {
    mode: 'Enforce',
    subjects: [{ kind: 'Group', name: 'absent' }],
    rules: [
      { ...rule, name: 'all', action: 'Allow' },
      { ...rule, name: 'no-prod', action: 'Deny', objectSelector: { matchLabels: { tier: 'prod' } } },
    ],
  });
});

afterAll(async () => {
  await client.deletePolicy('absent-objects');
  await client.kubectl(['delete', 'namespace', NAMESPACE, '--wait=false']);
  await client.close();
});

describe('a Deny by label', () => {
  test('leaves the API server to say that an object does not exist', async () => {
    for (const args of [
      ['get', 'configmap', 'missing'],
      ['delete', 'configmap', 'missing'],
    ]) {
      const answer = await client.kubectlAs(token, [...args, `--namespace=${NAMESPACE}`]);
      expect(answer.stderr).toBe('Error from server (NotFound): configmaps "missing" not found\n');
    }
  });

  test('does not stand in the way of kubectl apply, which reads before it creates', async () => {
    const applied = await client.kubectlAs(token, ['apply', '--filename=-'], configMap('web', 'dev'));
    expect(applied).toMatchObject({ code: 0, stdout: 'configmap/web created\n' });
  });

  test('holds for what such an apply would create, and for what exists', async () => {
    const refused = await client.kubectlAs(token, ['apply', '--filename=-'], configMap('db', 'prod'));
    expect(refused.stderr).toContain('rule "no-prod" of AgentPolicy "absent-objects" denies it');
    await client.kubectl(['create', '--filename=-'], configMap('db', 'prod'));
    const read = await client.kubectlAs(token, ['get', 'configmap', 'db', `--namespace=${NAMESPACE}`]);
    expect(read.stderr).toContain('rule "no-prod" of AgentPolicy "absent-objects" denies it');
  });
});
