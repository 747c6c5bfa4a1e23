import { startTestStack } from '@chaperone/e2e/stack/test-stack';
import type { TestProject } from 'vitest/node';
import './provided-context.ts';

/**
 * One of each server for a whole run of a project's tests, which keep apart by namespace and data stream. Answers the
 * function that ends them.
 */
export async function provideStack(
  project: TestProject,
  options: { readonly withNode: boolean },
): Promise<() => Promise<void>> {
  const report = (line: string): void => void process.stderr.write(`${line}\n`);
  const { servers, directories, stop } = await startTestStack(report, options);
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
  return async () => {
    // Only the tests that need it wait for it; that it failed to start is told whatever the tests were.
    const [outcome] = await Promise.allSettled([elasticsearch]);
    await stop();
    if (outcome.status === 'rejected') throw outcome.reason;
  };
}
