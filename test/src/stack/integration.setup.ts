import { startTestStack } from '@chaperone/e2e/stack/test-stack';
import type { TestProject } from 'vitest/node';
import './provided-context.ts';

/** One of each server for a whole run of the integration tests; tests keep apart by namespace and data stream. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { servers, directories, stop } = await startTestStack((line) => void process.stderr.write(`${line}\n`));
  const { controlPlane, elasticsearch, issuer } = servers;
  project.provide('adminKubeconfig', controlPlane.adminKubeconfig);
  project.provide('kubeApiUrl', controlPlane.url);
  project.provide('kubeApiCa', controlPlane.caFile);
  project.provide('binDirectory', directories.bin);
  project.provide('elasticsearchUrl', elasticsearch.url);
  project.provide('issuerUrl', issuer.url);
  project.provide('issuerCa', issuer.caFile);
  project.provide('issuerAudience', issuer.audience);
  project.provide('issuerDirectory', issuer.directory);
  return stop;
}
