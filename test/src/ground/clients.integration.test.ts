import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, inject, test } from 'vitest';

const run = promisify(execFile);

test('kubectl creates an object and reads it back', async () => {
  const kubectl = join(inject('binDirectory'), 'kubectl');
  const config = `--kubeconfig=${inject('adminKubeconfig')}`;
  await run(kubectl, [config, 'create', 'configmap', 'ground', '--namespace=default', '--from-literal=answer=42']);
  const { stdout } = await run(kubectl, [config, 'get', 'configmap', 'ground', '--output=jsonpath={.data.answer}']);
  expect(stdout).toBe('42');
});
