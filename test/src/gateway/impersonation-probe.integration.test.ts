import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { newConnection } from '@chaperone/crds/client/connection';
import { kubeConfigFromFile, kubeConfigImpersonating } from '@chaperone/crds/client/kubeconfig';
import { kubeconfig } from '@chaperone/e2e/cluster/kubeconfig';
import { runCommand, type CommandResult } from '@chaperone/e2e/process/run-command';
import { startTestControlPlane, type TestControlPlane } from '@chaperone/e2e/stack/test-control-plane';
import {
  PROBE_USER,
  probeImpersonation,
  type ImpersonationSupport,
} from '@chaperone/operator/gateway/impersonation-probe';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';

/** Probes with and without rights; two control planes of one version that differ in one gate. */
describe.each<{ gate: boolean; want: ImpersonationSupport }>([
  { gate: true, want: 'Constrained' },
  { gate: false, want: 'Legacy' },
])('with ConstrainedImpersonation=$gate', ({ gate, want }) => {
  let stack: TestControlPlane;

  beforeAll(async () => {
    stack = await startTestControlPlane(`impersonation-probe-${gate}`, {
      apiserverArguments: [`--feature-gates=ConstrainedImpersonation=${gate}`],
    });
  }, 120_000);

  afterAll(async () => {
    await stack?.stop();
  }, 60_000);

  async function probe(file: string): Promise<ImpersonationSupport> {
    const connection = newConnection({
      kubeConfig: kubeConfigImpersonating(kubeConfigFromFile(file), PROBE_USER),
      userAgent: 'probe-test',
    });
    try {
      return await probeImpersonation(connection, AbortSignal.timeout(20_000));
    } finally {
      await connection.close();
    }
  }

  test(`an account without any right finds ${want}`, async () => {
    const { adminKubeconfig, caFile, url: server } = stack.controlPlane;
    const kubectl = (...args: string[]): Promise<CommandResult> =>
      runCommand(join(inject('binDirectory'), 'kubectl'), [`--kubeconfig=${adminKubeconfig}`, ...args]);
    expect(await kubectl('create', 'serviceaccount', 'prober')).toMatchObject({ code: 0 });
    const { code, stdout } = await kubectl('create', 'token', 'prober');
    expect(code).toBe(0);
    const file = join(stack.directories.root, 'prober');
    const certificateAuthority = readFileSync(caFile, 'utf8');
    const credential = { kind: 'token', token: stdout.trim() } as const;
    writeFileSync(file, kubeconfig({ server, certificateAuthority, user: 'prober', credential }), { mode: 0o600 });
    expect(await probe(file)).toBe(want);
  });

  test(`an administrator, who may impersonate, finds ${want}`, async () => {
    expect(await probe(stack.controlPlane.adminKubeconfig)).toBe(want);
  });
});
