import { startTestGateway } from '@chaperone/e2e/stack/test-gateway';
import { startTestStack } from '@chaperone/e2e/stack/test-stack';
import type { TestProject } from 'vitest/node';
import { gatewayContext } from '../proxy/gateway-context.ts';
import { neededServers } from './needed-servers.ts';
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
  const filters = process.argv.slice(2).filter((argument) => argument.includes('/') && !argument.startsWith('-'));
  const { testFiles } = await project.globTestFiles(filters.length === 0 ? undefined : filters);
  const needed = neededServers(testFiles);
  const wantsShared = needed.shared || options.withNode;
  const starting = [
    wantsShared
      ? startTestStack(report, { ...options, withElasticsearch: needed.elasticsearch })
      : Promise.resolve(undefined),
    options.withGateway && needed.gateway ? startTestGateway('gateway') : Promise.resolve(undefined),
  ] as const;
  const outcomes = await Promise.allSettled(starting);
  if (outcomes.some(({ status }) => status === 'rejected')) {
    await Promise.all(outcomes.map((outcome) => (outcome.status === 'fulfilled' ? outcome.value?.stop() : undefined)));
  }
  const [stack, gateway] = await Promise.all(starting);
  if (stack !== undefined) {
    const { controlPlane, elasticsearchUrl, issuer } = stack.servers;
    project.provide('adminKubeconfig', controlPlane.adminKubeconfig);
    project.provide('kubeApiUrl', controlPlane.url);
    project.provide('kubeApiCa', controlPlane.caFile);
    project.provide('binDirectory', stack.directories.bin);
    project.provide('elasticsearchUrl', elasticsearchUrl);
    project.provide('issuerUrl', issuer.url);
    project.provide('issuerCa', issuer.caFile);
    project.provide('issuerAudience', issuer.audience);
    project.provide('issuerDirectory', issuer.directory);
  }
  if (gateway !== undefined) project.provide('gateway', gatewayContext(gateway));
  return async () => {
    // Only the tests that need it wait for it; that it failed to start is told whatever the tests were.
    const [outcome] = await Promise.allSettled([stack?.servers.elasticsearch]);
    await Promise.all([stack?.stop(), gateway?.stop()]);
    if (outcome.status === 'rejected') throw outcome.reason;
  };
}
