import { startTestGateway, startTestProduct } from '@chaperone/e2e/stack/test-gateway';
import { startTestStack, type TestStack } from '@chaperone/e2e/stack/test-stack';
import type { TestProject } from 'vitest/node';
import { gatewayContext, type GatewayContext } from '../proxy/gateway-context.ts';
import { neededServers } from './needed-servers.ts';
import './provided-context.ts';

/** Tests that flood it with calls without an identity run beside tests that read the record of one such call. */
const FLOODED = { configuration: { audit: { strangersPerSecond: 100_000 } } };

/**
 * One of each server for a whole run of a project's tests, which keep apart by namespace and data stream. Answers the
 * function that ends them.
 */
export async function provideStack(
  project: TestProject,
  options: { readonly withNode: boolean; readonly gateway: 'OfItsOwn' | 'OnTheNode' },
): Promise<() => Promise<void>> {
  const report = (line: string): void => void process.stderr.write(`${line}\n`);
  const filters = process.argv.slice(2).filter((argument) => argument.includes('/') && !argument.startsWith('-'));
  const { testFiles } = await project.globTestFiles(filters.length === 0 ? undefined : filters);
  const needed = neededServers(testFiles);
  const onTheNode = options.gateway === 'OnTheNode';
  const startShared = async (): Promise<TestStack> => {
    const stack = await startTestStack(report, { ...options, withElasticsearch: needed.elasticsearch });
    if (onTheNode && needed.gateway) project.provide('gateway', await onStack(stack));
    return stack;
  };
  const starting = [
    needed.shared || options.withNode ? startShared() : Promise.resolve(undefined),
    !onTheNode && needed.gateway ? startTestGateway('gateway', { overrides: FLOODED }) : Promise.resolve(undefined),
  ] as const;
  const outcomes = await Promise.allSettled(starting);
  if (outcomes.some(({ status }) => status === 'rejected')) {
    await Promise.all(
      outcomes.map(async (outcome) => (outcome.status === 'fulfilled' ? outcome.value?.stop() : undefined)),
    );
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

/** Chaperone before the control plane of the stack, which has the node. */
async function onStack(stack: TestStack): Promise<GatewayContext> {
  const { controlPlane, issuer } = stack.servers;
  try {
    const product = await startTestProduct(stack, { controlPlane, issuer });
    return gatewayContext({ ...stack, controlPlane, issuer, product });
  } catch (error) {
    await stack.stop();
    throw error;
  }
}
