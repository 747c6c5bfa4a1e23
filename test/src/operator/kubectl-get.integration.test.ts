import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { isRecord } from '@chaperone/crds/client/kubernetes-object';
import { readValidSamples } from '@chaperone/crds/samples/read-samples';
import { installChart, NAMESPACE, type Caller, type Installation } from '../admission/installed-chart.ts';
import { newOperatorProcess, type OperatorProcess } from './operator-process.ts';

/** What people see at a glance, of statuses that the operator itself has written. */
const GOLDEN = join(import.meta.dirname, '../../../crds/golden');
const TARGET = 'payments';

let installation: Installation;
let operator: OperatorProcess;

async function succeed(caller: Caller, args: readonly string[], input?: unknown): Promise<string> {
  const { code, stdout, stderr } = await installation.kubectl(caller, args, input);
  expect(code, stderr).toBe(0);
  return stdout;
}

beforeAll(async () => {
  installation = await installChart();
  operator = await newOperatorProcess(installation.operator.kubeconfig);
  operator.start();
  await succeed(installation.admin, ['create', 'namespace', TARGET]);
  const reviewers = ['--user=dana@example.com', '--user=eli@example.com'];
  const binding = ['clusterrolebinding', 'reviewers', '--clusterrole=chaperone-reviewer', ...reviewers];
  await succeed(installation.admin, ['create', ...binding]);
}, 180_000);

afterAll(async () => {
  await operator?.stop();
  await installation?.stop();
}, 60_000);

/** A sample as its writer sends it: what the operator says of it is not part of it. */
function withoutStatus(document: unknown): Record<string, unknown> {
  if (!isRecord(document) || !isRecord(document['metadata'])) throw new TypeError('Not an object');
  const { status: _, metadata, ...rest } = document;
  const namespaced = document['kind'] === 'ApprovalRequest' ? { namespace: TARGET } : {};
  return { ...rest, metadata: { ...metadata, ...namespaced } };
}

const documentsOf = async (...kinds: readonly string[]): Promise<Record<string, unknown>[]> =>
  (await readValidSamples())
    .flatMap(({ documents }) => documents.map(withoutStatus))
    .filter(({ kind }) => kinds.includes(String(kind)));

async function ask(request: Record<string, unknown>): Promise<void> {
  const path = `/apis/chaperone.dev/v1alpha1/namespaces/${TARGET}/approvalrequests`;
  expect(await installation.call(installation.proxy, { method: 'POST', path, body: request })).toMatchObject({
    code: 0,
  });
}

async function patchStatus(caller: Caller, name: string, status: object): Promise<void> {
  expect(await installation.patchStatus(caller, { namespace: TARGET, name }, status)).toMatchObject({ code: 0 });
}

/** The reason of the first condition that is not False, as the column State has it. */
async function until(name: string, state: string): Promise<void> {
  const columns = '--output=custom-columns=STATE:.status.conditions[?(@.status!="False")].reason';
  await vi.waitFor(
    async () => {
      const found = await succeed(installation.admin, ['get', 'apr', name, `--namespace=${TARGET}`, columns]);
      expect(found.split('\n')[1]?.split(',')[0]).toBe(state);
    },
    { timeout: 30_000, interval: 200 },
  );
}

async function everyPolicyIs(condition: string): Promise<void> {
  const wait = ['wait', 'agp,mrule', '--all', `--for=condition=${condition}`, '--timeout=30s'];
  await succeed(installation.admin, wait);
}

/** As a replica says that it serves what is in force. */
async function serve(): Promise<void> {
  const head = ['get', 'configmap', 'chaperone-bundle', `--namespace=${NAMESPACE}`];
  const revision = await succeed(installation.admin, [...head, '--output=jsonpath={.data.revision}']);
  const body = {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: {
      name: 'chaperone-proxy-0',
      namespace: NAMESPACE,
      labels: { 'app.kubernetes.io/component': 'proxy' },
      annotations: { 'chaperone.dev/revision': revision },
    },
    spec: { holderIdentity: 'chaperone-proxy-0', leaseDurationSeconds: 3_600 },
  };
  const path = `/apis/coordination.k8s.io/v1/namespaces/${NAMESPACE}/leases`;
  expect(await installation.call(installation.proxy, { method: 'POST', path, body })).toMatchObject({ code: 0 });
}

/** The cells of kubectl's tables, without what differs from run to run, and with it the width of its column. */
const cellsOf = (output: string): string =>
  output
    .trimEnd()
    .split('\n\n')
    .map((table) => {
      const lines = table.split('\n');
      const starts = [...(lines[0] ?? '').matchAll(/\S+/gu)].map(({ index }) => index);
      const cells = lines.map((line) => starts.map((start, column) => line.slice(start, starts[column + 1]).trim()));
      const isAge = (column: number): boolean => cells[0]?.[column] === 'AGE';
      return cells
        .map((row, line) =>
          row
            .map((cell, column) => (line > 0 && isAge(column) ? '<age>' : cell))
            .map((cell) => cell.replaceAll(/\b[0-9a-f]{64}\b/gu, '<revision>'))
            .join(' | ')
            .trimEnd(),
        )
        .join('\n');
    })
    .map((table) => `${table}\n`)
    .join('\n');

test('kubectl get shows the three kinds at a glance', async () => {
  const now = new Date().toISOString();
  for (const document of await documentsOf('AgentPolicy', 'MaskingRule')) {
    await succeed(installation.admin, ['apply', '--server-side', '--force-conflicts', '--filename=-'], document);
  }
  await everyPolicyIs('Accepted');
  await everyPolicyIs('Enforced=False');
  await serve();
  await everyPolicyIs('Enforced');
  // One of the samples says the same as the policy that comes with the installation.
  await succeed(installation.admin, [
    'wait',
    'agp/chaperone-discovery',
    '--for=condition=Conflicting',
    '--timeout=30s',
  ]);

  for (const document of await documentsOf('ApprovalRequest')) await ask(document);
  const dana = await installation.person('dana@example.com', ['oncall']);
  const eli = await installation.person('eli@example.com', []);
  const approved = { verdict: 'Approved', reason: 'INC-42' };
  // Carried out: two people meet two requirements, and the gateway uses the approval.
  await until('delete-pods-web-7f3k2', 'Pending');
  await patchStatus(dana, 'delete-pods-web-7f3k2', { decisions: { 'dana@example.com': approved } });
  await patchStatus(eli, 'delete-pods-web-7f3k2', {
    decisions: { 'eli@example.com': { verdict: 'Approved', requirements: ['four-eyes/deletes'] } },
  });
  await until('delete-pods-web-7f3k2', 'Approved');
  const consumed = { auditID: '0c8d5f50-1fd4-4f1a-9a55-6a9d7f3f9a10', replica: 'chaperone-proxy-0', time: now };
  await patchStatus(installation.proxy, 'delete-pods-web-7f3k2', { consumed });
  await until('delete-pods-web-7f3k2', 'InProgress');
  await patchStatus(installation.proxy, 'delete-pods-web-7f3k2', { outcome: { code: 200, time: now } });
  await until('delete-pods-web-7f3k2', 'Succeeded');
  // Denied, approved, voided; one waits.
  await patchStatus(dana, 'deletecollection-jobs-m4n5p', {
    decisions: { 'dana@example.com': { verdict: 'Denied', reason: 'Two of these are still running.' } },
  });
  await patchStatus(dana, 'get-logs-z9x8c', { decisions: { 'dana@example.com': approved } });
  await patchStatus(installation.proxy, 'patch-deployments-web-b6n7m', {
    voided: { reason: 'TargetChanged', replica: 'chaperone-proxy-0', time: now },
  });
  await until('deletecollection-jobs-m4n5p', 'Denied');
  await until('get-logs-z9x8c', 'Approved');
  await until('patch-deployments-web-b6n7m', 'TargetChanged');
  await until('create-pods-exec-db-0-q8w2e', 'Pending');

  const get = ['get', 'agp,mrule,apr', `--namespace=${TARGET}`];
  await expect(cellsOf(await succeed(installation.admin, get))).toMatchFileSnapshot(join(GOLDEN, 'get.txt'));
  const wide = await succeed(installation.admin, [...get, '--output=wide']);
  await expect(cellsOf(wide)).toMatchFileSnapshot(join(GOLDEN, 'get-wide.txt'));
}, 180_000);
