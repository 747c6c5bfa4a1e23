import { join } from 'node:path';
import type { AgentPolicySpec } from '@chaperone/crds/v1alpha1/generated/api';
import { runCommand } from '@chaperone/e2e/process/run-command';
import type { GatewayContext } from '../proxy/gateway-context.ts';

/** The administrator's side of a benchmark. */
export interface BenchCluster {
  /** Direct, as `system:masters`; the standard output. @throws Error with what kubectl says */
  readonly kubectl: (args: readonly string[], input?: unknown) => Promise<string>;
  /** A token that the API server takes itself: of a ServiceAccount with all rights. */
  directToken(): Promise<string>;
  /** Applies an AgentPolicy and waits until it is enforced. */
  applyPolicy(name: string, spec: AgentPolicySpec): Promise<void>;
}

export function newBenchCluster(context: GatewayContext): BenchCluster {
  async function kubectl(args: readonly string[], input?: unknown): Promise<string> {
    const result = await runCommand(
      join(context.binDirectory, 'kubectl'),
      [`--kubeconfig=${context.adminKubeconfig}`, ...args],
      input === undefined ? {} : { input: JSON.stringify(input) },
    );
    if (result.code !== 0) throw new Error(`kubectl ${args[0] ?? ''}: ${result.stderr.slice(0, 500)}`);
    return result.stdout.trim();
  }
  return {
    kubectl,
    async directToken() {
      const name = 'direct-caller';
      await kubectl(['create', 'serviceaccount', name, '--namespace=default']);
      await kubectl([
        'create',
        'clusterrolebinding',
        name,
        '--clusterrole=cluster-admin',
        `--serviceaccount=default:${name}`,
      ]);
      return kubectl(['create', 'token', name, '--namespace=default', '--duration=4h']);
    },
    async applyPolicy(name, spec) {
      const policy = { apiVersion: 'chaperone.dev/v1alpha1', kind: 'AgentPolicy', metadata: { name }, spec };
      await kubectl(['apply', '--server-side', '--filename=-'], policy);
      await kubectl(['wait', `agentpolicy/${name}`, '--for=condition=Enforced', '--timeout=30s']);
    },
  };
}
