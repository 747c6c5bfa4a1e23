import { join } from 'node:path';
import { runCommand } from '../process/run-command.ts';
import { CLUSTER_MODULE } from './kubernetes-version.ts';

/** The sources of the Go program that knows Kubernetes' protobuf. */
export const PROTOBUF_PROGRAM = join(CLUSTER_MODULE, 'protobuf');

/** Builds it into the directory. Returns its path. */
export async function buildProtobufProgram(directory: string): Promise<string> {
  const binary = join(directory, 'protobuf');
  // The flags of the control plane's build, whose compiled packages the build cache then already holds.
  const args = ['build', '-mod=readonly', '-trimpath', '-buildvcs=false', '-ldflags', '-s -w', '-o', binary];
  const { code, stderr } = await runCommand('go', [...args, './protobuf'], {
    cwd: CLUSTER_MODULE,
    env: { ...process.env, CGO_ENABLED: '0', GOTOOLCHAIN: 'local', GOWORK: 'off' },
  });
  if (code !== 0) throw new Error(`go build of e2e/cluster/protobuf failed: ${stderr}`);
  return binary;
}

/** Runs it; its arguments are told in its main.go. Returns what it prints. */
export async function runProtobufProgram(binary: string, args: readonly string[], input = ''): Promise<string> {
  const { code, stdout, stderr } = await runCommand(binary, args, { input });
  if (code !== 0) throw new Error(`e2e/cluster/protobuf failed: ${stderr}`);
  return stdout;
}
