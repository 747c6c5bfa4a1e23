import type { TestProject } from 'vitest/node';
import { provideStack } from './provide-stack.ts';

export default function setup(project: TestProject): Promise<() => Promise<void>> {
  return provideStack(project, { withNode: true, gateway: 'OnTheNode' });
}
