import { join } from 'node:path';
import type { ControlPlane } from '../cluster/control-plane.ts';
import { kubeconfig } from '../cluster/kubeconfig.ts';
import { LaunchError } from '../process/launch-error.ts';
import { runCommand } from '../process/run-command.ts';
import type { StackDirectories } from './directories.ts';

/** Longer than a stack is left running; the API server may shorten it. */
const TOKEN_LIFETIME = '8760h';

export interface ServiceAccountKubeconfig {
  readonly directories: StackDirectories;
  readonly controlPlane: ControlPlane;
  readonly namespace: string;
  readonly name: string;
  /** The pod that the token is bound to; none unless given. */
  readonly pod?: string;
  /** Where the API server is found; its own address unless given. */
  readonly server?: string | undefined;
}

/** A kubeconfig whose user is a ServiceAccount, by a token of its own. */
export async function serviceAccountKubeconfig(options: ServiceAccountKubeconfig): Promise<string> {
  const { directories, controlPlane, namespace, name, pod, server = controlPlane.url } = options;
  const args = [
    `--kubeconfig=${controlPlane.adminKubeconfig}`,
    `--namespace=${namespace}`,
    'create',
    'token',
    name,
    ...(pod === undefined ? [] : ['--bound-object-kind=Pod', `--bound-object-name=${pod}`]),
    `--duration=${TOKEN_LIFETIME}`,
  ];
  const result = await runCommand(join(directories.bin, 'kubectl'), args);
  if (result.code !== 0)
    throw new LaunchError('NotReady', `ServiceAccount ${name} gets no token: ${result.stderr.trim()}`);
  return kubeconfig({
    server,
    certificateAuthority: controlPlane.credentials.authority.keyPair.certificate,
    user: name,
    credential: { kind: 'token', token: result.stdout.trim() },
  });
}
