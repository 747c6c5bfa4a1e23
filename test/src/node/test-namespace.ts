import { randomUUID } from 'node:crypto';
import { BUSYBOX_IMAGE } from '@chaperone/e2e/node/images';
import { expect, inject } from 'vitest';
import { newKubectl, type Kubectl } from './kubectl.ts';

/** A namespace of its own for the pods of one test file. */
export interface TestNamespace {
  readonly name: string;
  readonly kubectl: Kubectl;
  /** kubectl with these variables added to its environment. */
  readonly kubectlWith: (env: Readonly<Record<string, string>>) => Kubectl;
  /** Runs a pod of the busybox image, with these fields added to its spec, and waits until it is ready. */
  readonly runPod: (name: string, command: readonly string[], spec?: object) => Promise<void>;
  readonly remove: () => Promise<void>;
}

export async function newTestNamespace(prefix: string): Promise<TestNamespace> {
  const name = `${prefix}-${randomUUID().slice(0, 8)}`;
  const options = { binDirectory: inject('binDirectory'), kubeconfig: inject('adminKubeconfig'), namespace: name };
  const kubectl = newKubectl(options);
  await succeed(kubectl, ['create', 'namespace', name]);
  // Pods are refused until the namespace has its ServiceAccount.
  await succeed(kubectl, ['wait', '--for=create', 'serviceaccount/default', '--timeout=10s']);
  return {
    name,
    kubectl,
    kubectlWith: (env) => newKubectl({ ...options, env }),
    async runPod(pod, command, spec = {}) {
      const { containers = [{}], ...rest } = spec as { containers?: readonly object[] };
      const container = { name: 'main', image: BUSYBOX_IMAGE, imagePullPolicy: 'Never', command };
      const manifest = {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: pod, labels: { app: pod } },
        spec: { terminationGracePeriodSeconds: 0, containers: [{ ...container, ...containers[0] }], ...rest },
      };
      await succeed(kubectl, ['create', '--filename=-'], JSON.stringify(manifest));
      await succeed(kubectl, ['wait', '--for=condition=Ready', `pod/${pod}`, '--timeout=60s']);
    },
    async remove() {
      await succeed(kubectl, ['delete', 'pods', '--all', '--force', '--grace-period=0']);
      await succeed(kubectl, ['delete', 'namespace', name, '--wait=false']);
    },
  };
}

/** Runs kubectl and fails the test with its message when it fails. Answers standard output. */
export async function succeed(kubectl: Kubectl, args: readonly string[], input?: string | Buffer): Promise<string> {
  const result = await kubectl.run(args, input);
  expect(result.code, `kubectl ${args.join(' ')}: ${result.stderr}`).toBe(0);
  return result.stdout;
}
