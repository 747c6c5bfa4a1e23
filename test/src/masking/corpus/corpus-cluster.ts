import type { MaskingRuleSpec, PolicyRule } from '@chaperone/crds/v1alpha1/generated/api';
import type { GatewayClient } from '../../proxy/gateway-client.ts';
import { expect, vi } from 'vitest';
import { GROUP } from './kinds.ts';

export const NAMESPACE = 'corpus';
/** Of the callers of the corpus. */
export const CALLERS = 'corpus-callers';
/** Of callers whose policy names nothing, so that the gateway has to look at objects to know what they may write. */
export const JUDGED_CALLERS = 'corpus-judged';

const definition = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: `vaults.${GROUP}` },
  spec: {
    group: GROUP,
    names: { plural: 'vaults', singular: 'vault', kind: 'Vault' },
    scope: 'Namespaced',
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        additionalPrinterColumns: [{ name: 'Credential', type: 'string', jsonPath: '.spec.credential' }],
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: {
              spec: {
                type: 'object',
                properties: {
                  credential: { type: 'string', maxLength: 200 },
                  pin: { type: 'integer', format: 'int64', maximum: 1e15 },
                  keys: {
                    type: 'array',
                    items: { type: 'object', properties: { value: { type: 'string', maxLength: 200 } } },
                  },
                },
              },
            },
          },
        },
      },
    ],
  },
};

const rule = (apiGroups: string[], resources: string[], fields: string[]): MaskingRuleSpec => ({
  match: { apiGroups, resources, namespaces: [NAMESPACE] },
  fields,
  replacement: 'Redact',
  targets: ['Audit'],
  writeBack: 'Refuse',
});

const RULES: Readonly<Record<string, MaskingRuleSpec>> = {
  'corpus-configmaps': rule([''], ['configmaps'], ['data.*', 'binaryData.*']),
  'corpus-pods': rule([''], ['pods'], ['spec.containers[*].env[*].value']),
  'corpus-vaults': rule([GROUP], ['vaults'], ['spec.credential', 'spec.pin', 'spec.keys[*].value']),
};

export interface CorpusClusterOptions {
  readonly client: GatewayClient;
  /** Of a caller of the corpus. */
  readonly token: string;
  /** Of the rules. */
  readonly targets: MaskingRuleSpec['targets'];
}

/** Makes what the corpus needs of a cluster: a namespace, a kind of its own, rules, and callers who may do everything. */
export async function prepareCluster({ client, token, targets }: CorpusClusterOptions): Promise<void> {
  const apply = async (object: unknown): Promise<void> => {
    expect(await client.kubectl(['apply', '--server-side', '--filename=-'], object)).toMatchObject({ code: 0 });
  };
  await apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } });
  await apply(definition);
  for (const [name, spec] of Object.entries(RULES))
    await apply({
      apiVersion: 'chaperone.dev/v1alpha1',
      kind: 'MaskingRule',
      metadata: { name },
      spec: { ...spec, targets },
    });
  const everything: Omit<PolicyRule, 'name' | 'resources'> = {
    action: 'Allow',
    verbs: ['*'],
    apiGroups: ['*'],
    auditLevel: 'RequestResponse',
  };
  const exits = [
    'secrets',
    'serviceaccounts/token',
    'pods/exec',
    'pods/attach',
    'pods/portforward',
    'pods/proxy',
    'services/proxy',
  ];
  await client.applyPolicy(CALLERS, {
    mode: 'Enforce',
    subjects: [{ kind: 'Group', name: CALLERS }],
    rules: [
      { ...everything, name: 'all', resources: ['*'] },
      { ...everything, name: 'exits', apiGroups: [''], resources: exits },
    ],
  });
  await client.applyPolicy(JUDGED_CALLERS, {
    mode: 'Enforce',
    subjects: [{ kind: 'Group', name: JUDGED_CALLERS }],
    rules: [{ ...everything, name: 'all', resources: ['*'] }],
  });
  await expectReady(client, token);
}

/** Rules in force, the ServiceAccount there that pods need, the kind served, and the gateway's rights to it. */
async function expectReady(client: GatewayClient, token: string): Promise<void> {
  await vi.waitFor(
    async () => {
      for (const args of [
        ['wait', 'maskingrules', ...Object.keys(RULES), '--for=condition=Enforced', '--timeout=20s'],
        ['wait', `crd/vaults.${GROUP}`, '--for=condition=Established', '--timeout=20s'],
        ['get', 'serviceaccount', 'default', `--namespace=${NAMESPACE}`],
      ])
        expect(await client.kubectl(args)).toMatchObject({ code: 0 });
      const vault = { apiVersion: `${GROUP}/v1`, kind: 'Vault', metadata: { name: 'first', namespace: NAMESPACE } };
      const tried = await client.kubectlAs(token, ['create', '--dry-run=server', '--filename=-'], vault);
      expect(tried).toMatchObject({ code: 0 });
    },
    { timeout: 60_000, interval: 200 },
  );
}
