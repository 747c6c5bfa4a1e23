import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, inject, test } from 'vitest';

const run = promisify(execFile);
const namespace = `ground-${randomUUID().slice(0, 8)}`;

async function kubectl(...args: string[]): Promise<string> {
  const { stdout } = await run(join(inject('binDirectory'), 'kubectl'), [
    `--kubeconfig=${inject('adminKubeconfig')}`,
    `--namespace=${namespace}`,
    ...args,
  ]);
  return stdout;
}

async function helm(...args: string[]): Promise<string> {
  const common = [`--kubeconfig=${inject('adminKubeconfig')}`, `--namespace=${namespace}`];
  const { stdout } = await run(join(inject('binDirectory'), 'helm'), [...args, ...common]);
  return stdout;
}

beforeAll(async () => {
  await kubectl('create', 'namespace', namespace);
});

describe('kubectl on the real API server', () => {
  test('creates an object and reads it back', async () => {
    await kubectl('create', 'configmap', 'ground', '--from-literal=answer=42');
    expect(await kubectl('get', 'configmap', 'ground', '--output=jsonpath={.data.answer}')).toBe('42');
  });

  test('and the server tell the same stamped version', async () => {
    const version: unknown = JSON.parse(await kubectl('version', '--output=json'));
    expect(version).toMatchObject({
      clientVersion: { gitVersion: expect.stringMatching(/^v1\.\d+\.\d+$/) as unknown, gitTreeState: 'clean' },
      serverVersion: { gitVersion: expect.stringMatching(/^v1\.\d+\.\d+$/) as unknown, gitTreeState: 'clean' },
    });
  });

  test('sees controllers at work: a new namespace gets its ServiceAccount and its CA', async () => {
    await expect
      .poll(() => kubectl('get', 'serviceaccounts,configmaps', '--output=name'))
      .toContain('serviceaccount/default');
    await expect.poll(() => kubectl('get', 'configmaps', '--output=name')).toContain('configmap/kube-root-ca.crt');
  });
});

test('helm installs a chart, upgrades it, and uninstalls it', async () => {
  const chart = join(import.meta.dirname, 'chart');
  await helm('install', 'first', chart, '--wait');
  expect(await kubectl('get', 'configmap', 'first-answer', '--output=jsonpath={.data.answer}')).toBe('42');
  await helm('upgrade', 'first', chart, '--set-string=answer=43');
  expect(await kubectl('get', 'configmap', 'first-answer', '--output=jsonpath={.data.answer}')).toBe('43');
  await helm('uninstall', 'first', '--wait');
  expect(await kubectl('get', 'configmap', '--output=name')).not.toContain('first-answer');
});
