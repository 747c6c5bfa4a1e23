import type { AgentPolicySpec, MaskingRuleSpec } from '@chaperone/crds/v1alpha1/generated/api';
import { join } from 'node:path';
import { runCommand, type CommandResult } from '@chaperone/e2e/process/run-command';
import { expect, inject } from 'vitest';
import { newGatewayClient, type GatewayClient } from '../proxy/gateway-client.ts';

/** A namespace of the shared gateway, and a caller who may do everything in it, under rules that mask what it receives. */
export interface MaskedScene {
  readonly client: GatewayClient;
  readonly token: string;
  readonly namespace: string;
  /** kubectl through the gateway, in the namespace. */
  readonly kubectl: (args: readonly string[], input?: unknown) => Promise<CommandResult>;
  /** The same, beside the gateway, where it has to succeed. */
  readonly administer: (args: readonly string[], input?: unknown) => Promise<string>;
  readonly helm: (args: readonly string[]) => Promise<CommandResult>;
  /** Of the caller alone. Resolves when it is in force; the end of the scene removes it. */
  readonly applyRule: (name: string, resources: string[], spec: Partial<MaskingRuleSpec>) => Promise<void>;
  readonly end: () => Promise<void>;
}

const RESOURCES = [
  'configmaps',
  'secrets',
  'services',
  'pods',
  'pods/log',
  'pods/exec',
  'pods/attach',
  'pods/portforward',
];

export async function newMaskedScene(name: string): Promise<MaskedScene> {
  const gateway = inject('gateway');
  const client = newGatewayClient(gateway);
  const token = await client.token({ user: `${name}@example.com`, groups: ['agents', name] });
  const rules: string[] = [];
  const subjects: AgentPolicySpec['subjects'] = [{ kind: 'Group', name }];
  const administer: MaskedScene['administer'] = async (args, input) => {
    const done = await client.kubectl([`--namespace=${name}`, ...args], input);
    expect(done, args.join(' ')).toMatchObject({ code: 0 });
    return done.stdout;
  };
  await administer(['create', 'namespace', name]);
  await client.applyPolicy(name, {
    mode: 'Enforce',
    subjects,
    rules: [
      { name: 'objects', action: 'Allow', verbs: ['*'], apiGroups: [''], resources: RESOURCES, namespaces: [name] },
      {
        name: 'discovery',
        action: 'Allow',
        verbs: ['get'],
        nonResourceURLs: ['/api', '/api/*', '/apis', '/apis/*', '/openapi/*', '/version'],
      },
    ],
  });
  return {
    client,
    token,
    namespace: name,
    kubectl: (args, input) => client.kubectlAs(token, [`--namespace=${name}`, ...args], input),
    administer,
    helm: (args) =>
      runCommand(join(gateway.binDirectory, 'helm'), [
        `--kubeconfig=${client.kubeconfigOf(token)}`,
        `--namespace=${name}`,
        ...args,
      ]),
    async applyRule(rule, resources, spec) {
      rules.push(rule);
      const match = { apiGroups: [''], resources, namespaces: [name], subjects };
      await administer(['apply', '--server-side', '--filename=-'], {
        apiVersion: 'chaperone.dev/v1alpha1',
        kind: 'MaskingRule',
        metadata: { name: rule },
        spec: { match, targets: ['Audit', 'Response'], ...spec },
      });
      await administer(['wait', 'maskingrule', rule, '--for=condition=Enforced', '--timeout=20s']);
    },
    async end() {
      if (rules.length > 0) await client.kubectl(['delete', 'maskingrules', ...rules, '--ignore-not-found']);
      await client.deletePolicy(name);
      await client.kubectl(['delete', 'namespace', name, '--wait=false']);
      await client.close();
    },
  };
}
