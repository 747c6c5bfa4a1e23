import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { isNotFound } from '@chaperone/crds/client/api-error';
import {
  configMaps,
  namespaces,
  validatingAdmissionPolicies,
  validatingAdmissionPolicyBindings,
} from '@chaperone/crds/client/kinds';
import type { Stored } from '@chaperone/crds/client/kubernetes-object';
import type { Client } from '@chaperone/crds/client/resource-client';
import type { ApprovalRequest } from '@chaperone/crds/v1alpha1/approvalrequest';
import type { ApprovalRequestStatus, Condition, Decision } from '@chaperone/crds/v1alpha1/generated/api';
import { approvalRequests } from '@chaperone/operator/approvalrequest/controller';
import { approvalRequest, requirement } from '../admission/approval-request.ts';
import { newTestClients } from './test-clients.ts';
import { CHART, installChart, NAMESPACE, type Installation } from '../admission/installed-chart.ts';
import { newOperatorProcess, type OperatorProcess } from '../operator/operator-process.ts';

/**
 * What was written while the admission policies were away counts for nothing, whoever was there to see it: here the
 * operator is a process that is dead, or stopped, at the time.
 */
let chart: Installation;
let admin: Client;
let proxy: Client;
let dana: Client;
let eli: Client;
let operator: OperatorProcess;
let namespace: string;
const clients = newTestClients('unwatched-test');

const GUARD = { name: 'chaperone-approvalrequests' };
const SETTLED_MS = 4_000;

async function granted(...args: string[]): Promise<void> {
  expect(await chart.kubectl(chart.admin, args)).toMatchObject({ code: 0 });
}

beforeAll(async () => {
  chart = await installChart();
  await granted('create', 'clusterrolebinding', 'reviewers', '--clusterrole=chaperone-reviewer', '--group=oncall');
  admin = clients.of(chart.admin.kubeconfig);
  proxy = clients.of(chart.proxy.kubeconfig);
  dana = clients.of((await chart.person('dana@example.com', ['oncall'])).kubeconfig);
  eli = clients.of((await chart.person('eli@example.com', ['oncall'])).kubeconfig);
  operator = await newOperatorProcess(chart.operator.kubeconfig, {
    leaderElection: { leaseDuration: '6s', renewDeadline: '5s', retryPeriod: '1s' },
  });
}, 180_000);

afterAll(async () => {
  await operator?.stop();
  await clients.close();
  await chart?.stop();
}, 60_000);

beforeEach(async () => {
  namespace = (await admin.resource(namespaces).create({ metadata: { generateName: 'unwatched-' } })).metadata.name;
  operator.start();
  await vouched();
}, 90_000);

afterEach(async () => {
  await operator.end('SIGKILL');
});

/** Waits until decisions are counted: a request is made, and the operator says that it waits for people. */
async function vouched(): Promise<void> {
  const probe = `probe-${Date.now().toString(36)}`;
  await ask(probe);
  await until(probe, 'Approved=Unknown/Pending', 60_000);
}

const oncall = requirement('deletes', ['Group:oncall']);
const approve: Decision = { verdict: 'Approved', reason: 'INC-42' };
const inMs = (ms: number): string => new Date(Date.now() + ms).toISOString();

async function ask(name: string, required = 1): Promise<void> {
  const spec = { requirements: [{ ...oncall, required }], expiresAt: inMs(600_000) };
  await proxy.connection.request({
    method: 'POST',
    path: `/apis/chaperone.dev/v1alpha1/namespaces/${namespace}/approvalrequests`,
    body: approvalRequest({ name, namespace, spec }),
    contentType: 'application/json',
  });
}

const read = (name: string): Promise<Stored<ApprovalRequest>> =>
  admin.resource(approvalRequests).get({ name, namespace });

const patch = (client: Client, name: string, status: Partial<ApprovalRequestStatus>): Promise<unknown> =>
  client.resource(approvalRequests).mergePatch({ name, namespace }, { status }, { subresource: 'status' });

const decide = (client: Client, who: string, name: string, decision = approve): Promise<unknown> =>
  patch(client, name, { decisions: { [who]: decision } });

/** As whoever may: the API server goes on by a policy for about a second after it is gone. */
const forge = async (name: string, status: Partial<ApprovalRequestStatus>): Promise<void> => {
  await vi.waitFor(() => patch(admin, name, status), { timeout: 15_000, interval: 200 });
};

const conditionOf = ({ status }: ApprovalRequest, type: string): Condition | undefined =>
  status?.conditions?.find((condition) => condition.type === type);

const inWords = (request: ApprovalRequest): string[] =>
  (request.status?.conditions ?? []).map(({ type, status, reason }) => `${type}=${status}/${reason}`);

async function until(name: string, condition: string, timeout = 30_000): Promise<Stored<ApprovalRequest>> {
  return vi.waitFor(
    async () => {
      const request = await read(name);
      expect(inWords(request)).toContain(condition);
      return request;
    },
    { timeout, interval: 50 },
  );
}

const standingOf = ({ status }: ApprovalRequest): Record<string, string> =>
  Object.fromEntries(Object.entries(status?.observedDecisions ?? {}).map(([who, { standing }]) => [who, standing]));

const setActions = (validationActions: ('Audit' | 'Deny')[]): Promise<unknown> =>
  admin.resource(validatingAdmissionPolicyBindings).mergePatch(GUARD, { spec: { validationActions } });

/** Lets anybody write anything for a while, and puts everything back as it was shipped. */
async function whileAway(work: () => Promise<void>): Promise<void> {
  await setActions(['Audit']);
  try {
    await work();
  } finally {
    await setActions(['Deny']);
  }
  await delay(SETTLED_MS);
}

describe('while the operator is dead', () => {
  test('a decision that was forged behind an edited binding never counts, and a true one afterwards does', async () => {
    await ask('forged', 2);
    await ask('fresh');
    await until('forged', 'Approved=Unknown/Pending');
    await operator.end('SIGKILL');
    await whileAway(async () => {
      await forge('forged', { decisions: { 'dana@example.com': approve, 'eli@example.com': approve } });
    });
    operator.start();
    await vi.waitFor(async () => expect(Object.keys(standingOf(await read('forged')))).toHaveLength(2), {
      timeout: 30_000,
    });
    const forged = await until('forged', 'Approved=Unknown/Pending');
    expect(standingOf(forged)).toEqual({ 'dana@example.com': 'Unverified', 'eli@example.com': 'Unverified' });
    expect(conditionOf(forged, 'Approved')?.message).toContain('repeat the call once this request has expired');
    await decide(eli, 'eli@example.com', 'fresh');
    expect(standingOf(await until('fresh', 'Approved=True/Approved'))).toEqual({ 'eli@example.com': 'Counted' });
  }, 90_000);

  test('neither does one with a forged sight of it, and what the operator had seen before goes on counting', async () => {
    await ask('partly', 2);
    await ask('seen');
    await decide(dana, 'dana@example.com', 'partly');
    await decide(dana, 'dana@example.com', 'seen');
    await until('seen', 'Approved=True/Approved');
    await vi.waitFor(async () => expect(standingOf(await read('partly'))).toEqual({ 'dana@example.com': 'Counted' }));
    await delay(2_500);
    await operator.end('SIGKILL');
    await whileAway(async () => {
      await forge('partly', {
        decisions: { 'eli@example.com': approve },
        observedDecisions: { 'eli@example.com': { time: inMs(0), standing: 'Counted' } },
      });
    });
    operator.start();
    await vi.waitFor(
      async () =>
        expect(standingOf(await read('partly'))).toEqual({
          'dana@example.com': 'Counted',
          'eli@example.com': 'Unverified',
        }),
      { timeout: 30_000 },
    );
    const partly = await until('partly', 'Approved=Unknown/Pending');
    expect(conditionOf(partly, 'Approved')?.message).toContain('1 of 2 approvals, by dana@example.com');
    expect(standingOf(await until('seen', 'Approved=True/Approved'))).toEqual({ 'dana@example.com': 'Counted' });
  }, 90_000);

  test('the record of what was seen is the operator’s alone, and nothing counts by its absence', async () => {
    await ask('unrecorded');
    await decide(dana, 'dana@example.com', 'unrecorded');
    await until('unrecorded', 'Approved=True/Approved');
    await delay(2_500);
    const record = { name: 'chaperone-bundle-admission', namespace: NAMESPACE };
    const edit = [
      'patch',
      'configmap',
      record.name,
      `--namespace=${NAMESPACE}`,
      '--type=merge',
      '--patch={"data":{"fingerprint":"mine"}}',
    ];
    expect((await chart.kubectl(chart.administrator, edit)).stderr).toContain('only the operator writes');
    await operator.end('SIGKILL');
    await admin.resource(configMaps).delete(record);
    operator.start();
    await vi.waitFor(
      async () => expect(standingOf(await read('unrecorded'))).toEqual({ 'dana@example.com': 'Unverified' }),
      { timeout: 30_000 },
    );
  }, 90_000);

  test('true decisions count, over restarts and an upgrade that changes nothing in admission', async () => {
    await ask('early');
    await ask('late');
    await decide(dana, 'dana@example.com', 'early');
    await until('early', 'Approved=True/Approved');
    await operator.end('SIGKILL');
    const upgraded = await chart.helm([
      'upgrade',
      'chaperone',
      CHART,
      '--reuse-values',
      '--set=operator.enabled=false',
    ]);
    expect(upgraded, upgraded.stderr).toMatchObject({ code: 0 });
    await decide(dana, 'dana@example.com', 'late');
    const { resourceVersion } = (await read('early')).metadata;
    operator.start();
    await until('late', 'Approved=True/Approved');
    expect((await read('early')).metadata.resourceVersion).toBe(resourceVersion);
    await operator.end('SIGTERM');
    operator.start();
    await vouched();
    expect((await read('early')).metadata.resourceVersion).toBe(resourceVersion);
    expect(standingOf(await until('late', 'Approved=True/Approved'))).toEqual({ 'dana@example.com': 'Counted' });
  }, 120_000);
});

describe('while the operator is stopped and sees it all at once', () => {
  test('a decision that was forged meanwhile never counts', async () => {
    const names = Array.from({ length: 8 }, (_, index) => `stopped-${index}`);
    for (const name of names) await ask(name);
    await until('stopped-7', 'Approved=Unknown/Pending');
    const pid = operator.pid() ?? 0;
    process.kill(pid, 'SIGSTOP');
    try {
      await whileAway(async () => {
        for (const name of names) await forge(name, { decisions: { 'dana@example.com': approve } });
      });
    } finally {
      process.kill(pid, 'SIGCONT');
    }
    for (const name of names) {
      await vi.waitFor(async () => expect(standingOf(await read(name))).toEqual({ 'dana@example.com': 'Unverified' }), {
        timeout: 30_000,
      });
    }
    await vouched();
    for (const name of names) expect(inWords(await read(name))).toContain('Approved=Unknown/Pending');
  }, 90_000);
});

describe('while the release is uninstalled', () => {
  test('a decision that was forged never counts after it is installed again', async () => {
    await ask('orphaned');
    await ask('approved');
    await until('orphaned', 'Approved=Unknown/Pending');
    await decide(dana, 'dana@example.com', 'approved');
    await until('approved', 'Approved=True/Approved');
    await operator.end('SIGKILL');
    await chart.helm(['uninstall', 'chaperone', '--wait']);
    await forge('orphaned', { decisions: { 'dana@example.com': approve } });
    const installed = await chart.helm(['install', 'chaperone', CHART, '--set=operator.enabled=false']);
    expect(installed, installed.stderr).toMatchObject({ code: 0 });
    await vi.waitFor(() => admin.resource(validatingAdmissionPolicies).get(GUARD), { timeout: 15_000 });
    await vi.waitFor(
      () =>
        expect(
          admin.resource(configMaps).get({ name: 'chaperone-bundle-admission', namespace: NAMESPACE }),
        ).rejects.toSatisfy(isNotFound),
      { timeout: 30_000, interval: 500 },
    );
    await delay(SETTLED_MS);
    // ServiceAccounts were made anew, so their former tokens are good for nothing.
    const { kubeconfig } = await chart.newOperator();
    const next = await newOperatorProcess(kubeconfig, {
      leaderElection: { leaseDuration: '6s', renewDeadline: '5s', retryPeriod: '1s' },
    });
    try {
      next.start();
      for (const name of ['orphaned', 'approved']) {
        await vi.waitFor(
          async () => expect(standingOf(await read(name))).toEqual({ 'dana@example.com': 'Unverified' }),
          { timeout: 40_000 },
        );
        await until(name, 'Approved=Unknown/Pending');
      }
    } finally {
      await next.stop();
    }
  }, 150_000);
});
