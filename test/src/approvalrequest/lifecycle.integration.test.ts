import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { isForbidden, isInvalid, isNotFound } from '@chaperone/crds/client/api-error';
import {
  events,
  leases,
  namespaces,
  validatingAdmissionPolicies,
  validatingAdmissionPolicyBindings,
} from '@chaperone/crds/client/kinds';
import type { Stored } from '@chaperone/crds/client/kubernetes-object';
import type { Client } from '@chaperone/crds/client/resource-client';
import type { ApprovalRequest } from '@chaperone/crds/v1alpha1/approvalrequest';
import type { ApprovalRequestStatus, Decision } from '@chaperone/crds/v1alpha1/generated/api';
import { approvalRequests } from '@chaperone/operator/approvalrequest/controller';
import { approvalRequest, requirement } from '../admission/approval-request.ts';
import { newTestClients } from './test-clients.ts';
import { CHART, installChart, NAMESPACE, type Installation } from '../admission/installed-chart.ts';
import { startOperator, type RunningOperator } from './running-operator.ts';

let chart: Installation;
let admin: Client;
/** May do everything by RBAC, so that what keeps it from anything is admission. */
let proxy: Client;
let dana: Client;
let eli: Client;
let olga: Client;
let operator: RunningOperator | undefined;
let namespace: string;
const clients = newTestClients('approvalrequest-test');

async function granted(...args: string[]): Promise<void> {
  expect(await chart.kubectl(chart.admin, args)).toMatchObject({ code: 0 });
}

beforeAll(async () => {
  chart = await installChart();
  await granted(
    'create',
    'clusterrolebinding',
    'reviewers',
    '--clusterrole=chaperone-reviewer',
    '--group=oncall',
    '--group=owners',
  );
  admin = clients.of(chart.admin.kubeconfig);
  proxy = clients.of(chart.proxy.kubeconfig);
  dana = clients.of((await chart.person('dana@example.com', ['oncall'])).kubeconfig);
  eli = clients.of((await chart.person('eli@example.com', ['oncall'])).kubeconfig);
  olga = clients.of((await chart.person('olga@example.com', ['owners'])).kubeconfig);
}, 180_000);

afterAll(async () => {
  await clients.close();
  await chart?.stop();
}, 60_000);

async function start(options: { readonly retentionMs?: number } = {}): Promise<RunningOperator> {
  operator = await startOperator({ kubeconfig: chart.operator.kubeconfig, ...options });
  await vi.waitFor(() => expect(operator?.admission.state()).toEqual({ type: 'AsShipped' }), { timeout: 15_000 });
  return operator;
}

async function stop(): Promise<void> {
  await operator?.stop();
  operator = undefined;
}

beforeEach(async () => {
  namespace = (await admin.resource(namespaces).create({ metadata: { generateName: 'approvals-' } })).metadata.name;
});

afterEach(stop);

const oncall = requirement('deletes', ['Group:oncall']);
const owners = requirement('owned', ['Group:owners']);
const inMs = (ms: number): string => new Date(Date.now() + ms).toISOString();

/** Creates a request as the gateway does. */
async function ask(
  name: string,
  options: { readonly requirements?: readonly unknown[]; readonly expiresAt?: string } = {},
): Promise<void> {
  const { requirements = [oncall], expiresAt = inMs(600_000) } = options;
  const body = approvalRequest({ name, namespace, spec: { requirements, expiresAt } });
  await proxy.connection.request({
    method: 'POST',
    path: `/apis/chaperone.dev/v1alpha1/namespaces/${namespace}/approvalrequests`,
    body,
    contentType: 'application/json',
  });
}

const read = (name: string): Promise<Stored<ApprovalRequest>> =>
  admin.resource(approvalRequests).get({ name, namespace });

const patch = (client: Client, name: string, status: Partial<ApprovalRequestStatus>): Promise<unknown> =>
  client.resource(approvalRequests).mergePatch({ name, namespace }, { status }, { subresource: 'status' });

const decide = (client: Client, who: string, name: string, decision: Decision): Promise<unknown> =>
  patch(client, name, { decisions: { [who]: decision } });

const approve: Decision = { verdict: 'Approved', reason: 'INC-42' };
const deny: Decision = { verdict: 'Denied', reason: 'not now' };

const inWords = ({ status }: Pick<ApprovalRequest, 'status'>): string[] =>
  (status?.conditions ?? []).map(({ type, status: value, reason }) => `${type}=${value}/${reason}`);

/** Waits until the request has this condition, and returns the request. */
async function until(name: string, condition: string, timeout = 15_000): Promise<Stored<ApprovalRequest>> {
  return vi.waitFor(
    async () => {
      const request = await read(name);
      expect(inWords(request)).toContain(condition);
      return request;
    },
    { timeout, interval: 50 },
  );
}

const messageOf = (request: ApprovalRequest, type: string): string =>
  request.status?.conditions?.find((condition) => condition.type === type)?.message ?? '';

const consume = (name: string, replica = 'chaperone-proxy-0'): Promise<unknown> =>
  patch(proxy, name, { consumed: { auditID: 'audit-2', replica, time: inMs(0) } });

async function refused(call: Promise<unknown>): Promise<void> {
  const error: unknown = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(isForbidden(error) || isInvalid(error), String(error)).toBe(true);
}

describe('a request that waits for people', () => {
  test('says for whom, and is approved by the plain patch of the documentation', async () => {
    await start();
    await ask('plain');
    const open = await until('plain', 'Approved=Unknown/Pending');
    expect(inWords(open)).toEqual([
      'Executed=False/NotExecuted',
      'Voided=False/NotVoided',
      'Expired=False/NotExpired',
      'Denied=False/NotDenied',
      'Approved=Unknown/Pending',
    ]);
    expect(messageOf(open, 'Approved')).toBe(
      'rule deletes of policy deployers: 0 of 1 approvals; may decide: group oncall',
    );
    const reviewer = await chart.person('dana@example.com', ['oncall']);
    const patched = await chart.kubectl(reviewer, [
      'patch',
      'apr',
      '-n',
      namespace,
      'plain',
      '--subresource=status',
      '--type=merge',
      '-p',
      '{"status":{"decisions":{"dana@example.com":{"verdict":"Approved","reason":"INC-42"}}}}',
    ]);
    expect(patched).toMatchObject({ code: 0 });
    const approved = await until('plain', 'Approved=True/Approved');
    expect(messageOf(approved, 'Approved')).toBe('Approved by dana@example.com (INC-42)');
    expect(approved.status?.observedDecisions).toEqual({
      'dana@example.com': { standing: 'Counted', time: expect.stringMatching(/^20.*Z$/) as unknown },
    });
    expect(approved.status?.observedGeneration).toBe(approved.metadata.generation);
    expect(approved.status?.decisions).toEqual({ 'dana@example.com': approve });
  });

  test('counts two reviewers who decide at the same moment', async () => {
    await start();
    for (let round = 0; round < 5; round += 1) {
      const name = `same-moment-${round}`;
      await ask(name, { requirements: [{ ...oncall, required: 2 }] });
      await Promise.all([
        decide(dana, 'dana@example.com', name, approve),
        decide(eli, 'eli@example.com', name, approve),
      ]);
      const approved = await until(name, 'Approved=True/Approved');
      expect(Object.keys(approved.status?.decisions ?? {}).sort()).toEqual(['dana@example.com', 'eli@example.com']);
      expect(messageOf(approved, 'Approved')).toContain('dana@example.com (INC-42), eli@example.com (INC-42)');
    }
  });

  test('needs as many as it says, and tells who is missing', async () => {
    await start();
    await ask('threshold', { requirements: [{ ...oncall, required: 2 }] });
    await decide(dana, 'dana@example.com', 'threshold', approve);
    await vi.waitFor(async () =>
      expect(messageOf(await read('threshold'), 'Approved')).toBe(
        'rule deletes of policy deployers: 1 of 2 approvals, by dana@example.com; may decide: group oncall',
      ),
    );
    expect(inWords(await read('threshold'))).toContain('Approved=Unknown/Pending');
    await decide(eli, 'eli@example.com', 'threshold', approve);
    await until('threshold', 'Approved=True/Approved');
  });

  test('needs each of two requirements, met by people of different groups', async () => {
    await start();
    await ask('two', { requirements: [oncall, owners] });
    await until('two', 'Approved=Unknown/Pending');
    await refused(decide(dana, 'dana@example.com', 'two', approve));
    await refused(decide(dana, 'dana@example.com', 'two', { ...approve, requirements: ['deployers/owned'] }));
    await decide(dana, 'dana@example.com', 'two', { ...approve, requirements: ['deployers/deletes'] });
    await vi.waitFor(async () =>
      expect(messageOf(await read('two'), 'Approved')).toBe(
        'rule owned of policy deployers: 0 of 1 approvals; may decide: group owners',
      ),
    );
    await decide(olga, 'olga@example.com', 'two', { ...approve, requirements: ['deployers/owned'] });
    await until('two', 'Approved=True/Approved');
  });

  test('is settled by one denial, for which a reviewer of one requirement is enough', async () => {
    await start();
    await ask('denied', { requirements: [oncall, owners] });
    await decide(olga, 'olga@example.com', 'denied', deny);
    const denied = await until('denied', 'Denied=True/Denied');
    expect(inWords(denied)).toContain('Approved=False/Denied');
    expect(messageOf(denied, 'Denied')).toMatch(/^Denied by olga@example\.com \(not now\)/);
    await refused(decide(dana, 'dana@example.com', 'denied', { ...approve, requirements: ['deployers/deletes'] }));
  });

  test('is denied also after it was approved, as long as it has not been used', async () => {
    await start();
    await ask('second-thoughts');
    await decide(dana, 'dana@example.com', 'second-thoughts', approve);
    await until('second-thoughts', 'Approved=True/Approved');
    await decide(eli, 'eli@example.com', 'second-thoughts', deny);
    expect(inWords(await until('second-thoughts', 'Denied=True/Denied'))).toContain('Approved=False/Denied');
    await refused(consume('second-thoughts'));
  });
});

describe('the expiry', () => {
  test('comes on time, not with the next look', async () => {
    await start();
    const expiresAt = Date.now() + 2_500;
    const names = ['on-time', 'on-time-approved'];
    for (const name of names) {
      await ask(name, { expiresAt: new Date(expiresAt).toISOString() });
    }
    await decide(dana, 'dana@example.com', 'on-time-approved', approve);
    await until('on-time-approved', 'Approved=True/Approved');
    await until('on-time', 'Expired=False/NotExpired');
    expect(Date.now()).toBeLessThan(expiresAt);
    await Promise.all(names.map((name) => until(name, 'Expired=True/Expired')));
    const lateMs = Date.now() - expiresAt;
    expect(lateMs).toBeGreaterThanOrEqual(0);
    expect(lateMs).toBeLessThan(1_000);
    for (const name of names) {
      expect(inWords(await read(name))).toContain('Approved=False/Expired');
    }
    await refused(decide(eli, 'eli@example.com', 'on-time', approve));
  });

  test('a decision that the operator first sees after it never counts', async () => {
    await ask('unseen', { expiresAt: inMs(2_000) });
    await ask('unseen-denial', { expiresAt: inMs(2_000) });
    await decide(dana, 'dana@example.com', 'unseen', approve);
    await decide(dana, 'dana@example.com', 'unseen-denial', deny);
    await delay(2_200);
    await start();
    for (const name of ['unseen', 'unseen-denial']) {
      const expired = await until(name, 'Expired=True/Expired');
      expect(inWords(expired)).toContain('Approved=False/Expired');
      expect(inWords(expired)).toContain('Denied=False/NotDenied');
      expect(expired.status?.observedDecisions).toMatchObject({ 'dana@example.com': { standing: 'Late' } });
    }
  });

  test('a decision that the operator finds when it starts, before the expiry, counts', async () => {
    await start();
    await stop();
    await ask('found');
    await decide(dana, 'dana@example.com', 'found', approve);
    await start();
    const found = await until('found', 'Approved=True/Approved');
    expect(found.status?.observedDecisions).toMatchObject({ 'dana@example.com': { standing: 'Counted' } });
  });
});

describe('the execution', () => {
  async function approved(name: string): Promise<void> {
    await ask(name);
    await decide(dana, 'dana@example.com', name, approve);
    await until(name, 'Approved=True/Approved');
  }

  const lease = { name: 'chaperone-proxy-0', namespace: NAMESPACE };

  beforeEach(async () => {
    await proxy.resource(leases).create({
      metadata: { ...lease, labels: { 'app.kubernetes.io/component': 'proxy' } },
      spec: { holderIdentity: lease.name, leaseDurationSeconds: 600 },
    });
  });

  afterEach(async () => {
    await admin
      .resource(leases)
      .delete(lease)
      .catch((error: unknown) => {
        if (!isNotFound(error)) throw error;
      });
  });

  test('is followed to its outcome', async () => {
    await start();
    for (const [name, code, condition] of [
      ['done', 200, 'Executed=True/Succeeded'],
      ['refused', 409, 'Executed=False/Refused'],
    ] as const) {
      await approved(name);
      await consume(name);
      const running = await until(name, 'Executed=Unknown/InProgress');
      expect(inWords(running)).toContain('Approved=True/Approved');
      await patch(proxy, name, { outcome: { code, time: inMs(0) } });
      await until(name, condition);
    }
  });

  test('whose replica has lost its Lease has an unknown outcome, until one comes after all', async () => {
    await start();
    await approved('lost');
    await consume('lost');
    await until('lost', 'Executed=Unknown/InProgress');
    await admin.resource(leases).delete(lease);
    await until('lost', 'Executed=Unknown/OutcomeUnknown', 20_000);
    await patch(proxy, 'lost', { outcome: { code: 201, time: inMs(0) } });
    const told = await until('lost', 'Executed=True/Succeeded');
    expect(messageOf(told, 'Executed')).toBe('The API server answered 201');
  }, 45_000);

  test('that the gateway refuses as the target has changed voids the request', async () => {
    await start();
    await approved('changed');
    await patch(proxy, 'changed', { voided: { reason: 'TargetChanged', replica: 'chaperone-proxy-0', time: inMs(0) } });
    const voided = await until('changed', 'Voided=True/TargetChanged');
    expect(inWords(voided)).toContain('Approved=False/Voided');
    await refused(consume('changed'));
  });
});

describe('the admission policies', () => {
  const policy = { name: 'chaperone-approvalrequests' };

  /**
   * Puts everything back. An upgrade alone would not do for what was edited: server-side apply leaves the set elements
   * of other managers in place, so that the object is deleted first.
   */
  async function restore(): Promise<void> {
    const gone = (error: unknown): void => {
      if (!isNotFound(error)) throw error;
    };
    await admin.resource(validatingAdmissionPolicies).delete(policy).catch(gone);
    await admin.resource(validatingAdmissionPolicyBindings).delete(policy).catch(gone);
    const done = await chart.helm(['upgrade', 'chaperone', CHART, '--reuse-values']);
    expect(done.code, done.stderr).toBe(0);
  }

  const forge = async (name: string): Promise<void> => {
    // The API server goes on by a policy for about a second after it is gone.
    await vi.waitFor(() => decide(admin, 'eli@example.com', name, approve), { timeout: 15_000, interval: 200 });
  };

  const tampering: Record<string, () => Promise<unknown>> = {
    'a policy is deleted': () => admin.resource(validatingAdmissionPolicies).delete(policy),
    'a binding is deleted': () => admin.resource(validatingAdmissionPolicyBindings).delete(policy),
    'a binding only warns': () =>
      admin.resource(validatingAdmissionPolicyBindings).mergePatch(policy, { spec: { validationActions: ['Warn'] } }),
    'a policy no longer matches everybody': () =>
      admin.resource(validatingAdmissionPolicies).mergePatch(policy, {
        spec: { matchConditions: [{ name: 'some', expression: "request.userInfo.username != 'admin'" }] },
      }),
  };
  test.each(Object.entries(tampering))(
    'nothing counts while %s, and what was written meanwhile never does',
    async (_what, tamper) => {
      const { admission } = await start();
      await ask('partly', { requirements: [{ ...oncall, required: 2 }] });
      await ask('wholly');
      await decide(dana, 'dana@example.com', 'partly', approve);
      await decide(dana, 'dana@example.com', 'wholly', approve);
      await until('wholly', 'Approved=True/Approved');
      try {
        await tamper();
        const closed = await until('wholly', 'Approved=Unknown/AdmissionPolicyMissing');
        expect(messageOf(closed, 'Approved')).toContain('/chaperone-approvalrequests');
        await until('partly', 'Approved=Unknown/AdmissionPolicyMissing');
        await forge('partly');
        await vi.waitFor(async () =>
          expect((await read('partly')).status?.observedDecisions).toMatchObject({
            'dana@example.com': { standing: 'Counted' },
            'eli@example.com': { standing: 'Unverified' },
          }),
        );
        expect(inWords(await read('partly'))).toContain('Approved=Unknown/AdmissionPolicyMissing');
      } finally {
        await restore();
      }
      await vi.waitFor(() => expect(admission.state()).toEqual({ type: 'AsShipped' }), { timeout: 15_000 });
      // What had been counted counts again; what was forged stays out, also for the next operator.
      await until('wholly', 'Approved=True/Approved');
      const pending = await until('partly', 'Approved=Unknown/Pending');
      expect(messageOf(pending, 'Approved')).toContain('1 of 2 approvals, by dana@example.com');
      expect(messageOf(pending, 'Approved')).toContain('Not counted');
      await stop();
      await start();
      await delay(500);
      expect(inWords(await read('partly'))).toContain('Approved=Unknown/Pending');
    },
    60_000,
  );

  test('that were edited and put back between two looks are known by their generation', async () => {
    const { admission } = await start();
    const bindings = admin.resource(validatingAdmissionPolicyBindings);
    await bindings.mergePatch(policy, { spec: { validationActions: ['Audit'] } });
    await bindings.mergePatch(policy, { spec: { validationActions: ['Deny'] } });
    await vi.waitFor(() => expect(admission.state().type).not.toBe('AsShipped'), { timeout: 5_000, interval: 5 });
    await vi.waitFor(() => expect(admission.state()).toEqual({ type: 'AsShipped' }), { timeout: 15_000 });
  });
});

describe('events', () => {
  const reasons = async (name: string): Promise<string[]> => {
    const { items } = await admin.resource(events).list({ namespace });
    return items
      .filter(({ regarding }) => regarding?.name === name)
      .map(({ reason, series }) => `${reason}${series === undefined ? '' : ` x${series.count}`}`)
      .sort();
  };

  test('tell the story once, however often the operator starts', async () => {
    await start();
    const names = Array.from({ length: 10 }, (_, index) => `story-${index}`);
    for (const name of names) {
      await ask(name);
      await decide(dana, 'dana@example.com', name, name === 'story-0' ? deny : approve);
    }
    await Promise.all(
      names.map((name) => until(name, name === 'story-0' ? 'Denied=True/Denied' : 'Approved=True/Approved')),
    );
    await vi.waitFor(async () => {
      expect(await reasons('story-0')).toEqual(['ApprovalRequested', 'DecisionRecorded', 'Denied']);
      expect(await reasons('story-9')).toEqual(['Approved', 'ApprovalRequested', 'DecisionRecorded'].sort());
    });
    const versions = async (): Promise<(string | undefined)[]> =>
      Promise.all(names.map(async (name) => (await read(name)).metadata.resourceVersion));
    const before = {
      events: (await admin.resource(events).list({ namespace })).items.length,
      versions: await versions(),
    };
    for (let times = 0; times < 3; times += 1) {
      await stop();
      await start();
      await delay(300);
    }
    await stop();
    expect((await admin.resource(events).list({ namespace })).items).toHaveLength(before.events);
    expect(await versions()).toEqual(before.versions);
  });
});

describe('the end', () => {
  test('closed requests are deleted when their retention is over, a denied one not before its expiry', async () => {
    await start({ retentionMs: 1_000 });
    await ask('kept');
    await ask('short', { expiresAt: inMs(2_000) });
    await ask('no');
    await decide(dana, 'dana@example.com', 'no', deny);
    await until('no', 'Denied=True/Denied');
    await until('short', 'Expired=True/Expired');
    await vi.waitFor(
      async () =>
        expect(
          await read('short').then(
            () => 'there',
            (error: unknown) => isNotFound(error),
          ),
        ).toBe(true),
      { timeout: 10_000 },
    );
    expect(inWords(await read('no'))).toContain('Denied=True/Denied');
    expect(inWords(await read('kept'))).toContain('Approved=Unknown/Pending');
  });

  test('the namespace of an open request can be deleted', async () => {
    const running = await start();
    await ask('open');
    await until('open', 'Approved=Unknown/Pending');
    await admin.resource(namespaces).delete({ name: namespace });
    await vi.waitFor(
      async () =>
        expect(
          await admin
            .resource(namespaces)
            .get({ name: namespace })
            .then(
              () => 'there',
              (error: unknown) => isNotFound(error),
            ),
        ).toBe(true),
      { timeout: 25_000, interval: 250 },
    );
    expect(running.log()).not.toContain('Reconcile failed');
  });
});
