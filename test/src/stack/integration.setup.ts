import { startTestStack } from '@chaperone/e2e/stack/test-stack';
import type { TestProject } from 'vitest/node';
import './provided-context.ts';

/** One control plane for a whole run of the integration tests; tests keep apart by namespace. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { controlPlane, directories, stop } = await startTestStack((line) => void process.stderr.write(`${line}\n`));
  project.provide('adminKubeconfig', controlPlane.adminKubeconfig);
  project.provide('kubeApiUrl', controlPlane.url);
  project.provide('kubeApiCa', controlPlane.caFile);
  project.provide('binDirectory', directories.bin);
  return stop;
}
