import { startTestGateway } from '@chaperone/e2e/stack/test-gateway';
import { startTestStack } from '@chaperone/e2e/stack/test-stack';
import type { TestProject } from 'vitest/node';
import { gatewayContext } from '../proxy/gateway-context.ts';
import './provided-context.ts';

/**
 * One of each server for a whole run of a project's tests, which keep apart by namespace and data stream. Answers the
 * function that ends them.
 */
export async function provideStack(
  project: TestProject,
  options: { readonly withNode: boolean; readonly withGateway: boolean },
): Promise<() => Promise<void>> {
  const report = (line: string): void => void process.stderr.write(`${line}\n`);
  const starting = [
    startTestStack(report, options),
    options.withGateway ? startTestGateway('gateway') : Promise.resolve(undefined),
  ] as const;
  const outcomes = await Promise.allSettled(starting);
  const failed = outcomes.some(({ status }) => status === 'rejected');
  if (failed)
    await Promise.all(outcomes.map((outcome) => (outcome.status === 'fulfilled' ? outcome.value?.stop() : undefined)));
  const [{ servers, directories, stop }, gateway] = await Promise.all(starting);
  const { controlPlane, elasticsearch, elasticsearchUrl, issuer } = servers;
  project.provide('adminKubeconfig', controlPlane.adminKubeconfig);
  project.provide('kubeApiUrl', controlPlane.url);
  project.provide('kubeApiCa', controlPlane.caFile);
  project.provide('binDirectory', directories.bin);
  project.provide('elasticsearchUrl', elasticsearchUrl);
  project.provide('issuerUrl', issuer.url);
  project.provide('issuerCa', issuer.caFile);
  project.provide('issuerAudience', issuer.audience);
  project.provide('issuerDirectory', issuer.directory);
  if (gateway !== undefined) project.provide('gateway', gatewayContext(gateway));
  return async () => {
    // Only the tests that need it wait for it; that it failed to start is told whatever the tests were.
    const [outcome] = await Promise.allSettled([elasticsearch]);
    await Promise.all([stop(), gateway?.stop()]);
    if (outcome.status === 'rejected') throw outcome.reason;
  };
}
