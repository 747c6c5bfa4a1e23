import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cleanNode, prepareNode } from '@chaperone/e2e/node/node';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { newTestNamespace, type TestNamespace } from './test-namespace.ts';

let namespace: TestNamespace;
let otherStack: string;

beforeAll(async () => {
  otherStack = mkdtempSync(join(tmpdir(), 'chaperone-other-'));
  namespace = await newTestNamespace('ownership');
  await namespace.runPod('bystander', ['sleep', '100000']);
});
afterAll(async () => {
  await namespace.remove();
  rmSync(otherStack, { recursive: true, force: true });
});

test('a second stack that wants the node is told in one line who has it and what to do', async () => {
  await expect(prepareNode(otherStack, () => {})).rejects.toMatchObject({
    name: 'LaunchError',
    code: 'NodeUnavailable',
    message: expect.stringMatching(
      /^this machine's one node belongs to the stack in \/.*: run 'make down' .*$/,
    ) as unknown,
  });
});

test("a second stack's clearing does not touch the node of the first", async () => {
  await cleanNode(otherStack);
  const result = await namespace.kubectl.run(['exec', 'bystander', '--', 'echo', 'untouched']);
  expect(result).toMatchObject({ code: 0, stdout: 'untouched\n' });
});
