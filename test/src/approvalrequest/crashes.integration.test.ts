import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { events, namespaces, validatingAdmissionPolicyBindings } from '@chaperone/crds/client/kinds';
import type { Stored } from '@chaperone/crds/client/kubernetes-object';
import type { Client } from '@chaperone/crds/client/resource-client';
import type { ApprovalRequest } from '@chaperone/crds/v1alpha1/approvalrequest';
import type { Decision } from '@chaperone/crds/v1alpha1/generated/api';
import { approvalRequests } from '@chaperone/operator/approvalrequest/controller';
import { approvalRequest, requirement } from '../admission/approval-request.ts';
import { newTestClients } from './test-clients.ts';
import { installChart, type Installation } from '../admission/installed-chart.ts';
import { KilledError, startOperator, type RunningOperator } from './running-operator.ts';

let chart: Installation;
let admin: Client;
let proxy: Client;
let dana: Client;
let eli: Client;
let namespace: string;
const clients = newTestClients('approval-crash-test');
const operators: RunningOperator[] = [];

async function granted(...args: string[]): Promise<void> {
  expect(await chart.kubectl(chart.admin, args)).toMatchObject({ code: 0 });
}

async function counting({ admission }: RunningOperator): Promise<void> {
  await vi.waitFor(() => expect(admission.state()).toEqual({ type: 'AsShipped' }), { timeout: 30_000 });
}

beforeAll(async () => {
  chart = await installChart();
  await granted('create', 'clusterrolebinding', 'reviewers', '--clusterrole=chaperone-reviewer', '--group=oncall');
  admin = clients.of(chart.admin.kubeconfig);
  proxy = clients.of(chart.proxy.kubeconfig);
  dana = clients.of((await chart.person('dana@example.com', ['oncall'])).kubeconfig);
  eli = clients.of((await chart.person('eli@example.com', ['oncall'])).kubeconfig);
  // The first of all waits until the admission policies have settled; those who come after find its record.
  const operator = await start();
  await counting(operator);
  await end(operator);
}, 180_000);

afterAll(async () => {
  await clients.close();
  await chart?.stop();
}, 60_000);

beforeEach(async () => {
  namespace = (await admin.resource(namespaces).create({ metadata: { generateName: 'crash-' } })).metadata.name;
});

afterEach(async () => {
  await Promise.all(operators.map(end));
});

async function start(onWrite?: Parameters<typeof startOperator>[0]['onWrite']): Promise<RunningOperator> {
  const { kubeconfig } = chart.operator;
  const operator = await startOperator(onWrite === undefined ? { kubeconfig } : { kubeconfig, onWrite });
  operators.push(operator);
  return operator;
}

async function end(operator: RunningOperator): Promise<void> {
  operators.splice(operators.indexOf(operator), 1);
  await operator.stop();
}

type When = 'before' | 'after';

/** Dies at its write number `at` (from 0): before it is sent, or when it was carried out and not answered. */
async function startToDie(
  at: number,
  when: When,
): Promise<{ readonly operator: RunningOperator; readonly died: Promise<'died'> }> {
  const { promise: died, resolve } = Promise.withResolvers<'died'>();
  let writes = 0;
  const operator = await start(async (_call, send) => {
    const number = writes;
    writes += 1;
    if (number < at) {
      return send();
    }
    if (number === at && when === 'after') {
      await send();
    }
    resolve('died');
    throw new KilledError('The process was killed');
  });
  return { operator, died };
}

async function kill(operator: RunningOperator): Promise<void> {
  operators.splice(operators.indexOf(operator), 1);
  await operator.kill();
}

const approve: Decision = { verdict: 'Approved', reason: 'INC-42' };
const deny: Decision = { verdict: 'Denied', reason: 'not now' };

async function ask(name: string, required: number, expiresInMs = 600_000): Promise<void> {
  const expiresAt = new Date(Date.now() + expiresInMs).toISOString();
  const spec = { requirements: [{ ...requirement('deletes', ['Group:oncall']), required }], expiresAt };
  await proxy.connection.request({
    method: 'POST',
    path: `/apis/chaperone.dev/v1alpha1/namespaces/${namespace}/approvalrequests`,
    body: approvalRequest({ name, namespace, spec }),
    contentType: 'application/json',
  });
}

const decide = (client: Client, who: string, name: string, decision: Decision): Promise<unknown> =>
  client
    .resource(approvalRequests)
    .mergePatch({ name, namespace }, { status: { decisions: { [who]: decision } } }, { subresource: 'status' });

const read = (name: string): Promise<Stored<ApprovalRequest>> =>
  admin.resource(approvalRequests).get({ name, namespace });

/** The state as kubectl shows it, and who counts: `Approved dana:Counted`. */
const inWords = ({ status }: ApprovalRequest): string => {
  const state = status?.conditions?.find((condition) => condition.status !== 'False')?.reason ?? 'none';
  const seen = Object.entries(status?.observedDecisions ?? {}).map(([who, { standing }]) => `${who}:${standing}`);
  return [state, ...seen.toSorted()].join(' ');
};

async function converged(expected: Readonly<Record<string, string>>, timeout = 25_000): Promise<void> {
  await vi.waitFor(
    async () => {
      const found = await Promise.all(Object.keys(expected).map(async (name) => [name, inWords(await read(name))]));
      expect(Object.fromEntries(found)).toEqual(expected);
    },
    { timeout, interval: 50 },
  );
}

/** Writes come late: events and the record follow the statuses. */
async function quiet({ writes }: RunningOperator): Promise<void> {
  let before = -1;
  await vi.waitFor(
    () => {
      const now = writes.length;
      const isQuiet = now === before;
      before = now;
      expect(isQuiet).toBe(true);
    },
    { timeout: 10_000, interval: 800 },
  );
}

/** Every one there is would be gone through. */
async function deleteRequests(): Promise<void> {
  const api = admin.resource(approvalRequests);
  for (const { metadata } of (await api.list()).items) await api.delete(metadata);
}

const STORY = {
  approved: 'Approved dana@example.com:Counted eli@example.com:Counted',
  denied: 'Denied dana@example.com:Counted',
  expired: 'Expired',
};

async function tellStory(): Promise<void> {
  await ask('expired', 1, 1_500);
  await ask('approved', 2);
  await ask('denied', 1);
  await decide(dana, 'dana@example.com', 'approved', approve);
  await decide(dana, 'dana@example.com', 'denied', deny);
  await decide(eli, 'eli@example.com', 'approved', approve);
}

/** What one operator that lives says of each: asked, decided, settled. A killed one may have said some of it before. */
const MAX_EVENTS = 2 * 5;

describe.each<When>(['before', 'after'])('an operator that is killed %s any of its writes', (when) => {
  test('is followed by one that brings about the same, and loses no decision', async ({ annotate }) => {
    let kills = 0;
    for (let at = 0, isComplete = false; !isComplete; at += 1) {
      expect(at).toBeLessThan(60);
      namespace = (await admin.resource(namespaces).create({ metadata: { generateName: 'crash-' } })).metadata.name;
      const { operator, died } = await startToDie(at, when);
      await tellStory();
      const whole = converged(STORY)
        .then(() => quiet(operator))
        .then(() => 'lived');
      // Only one of the two is waited for.
      whole.catch(() => undefined);
      const outcome = await Promise.race([died, whole]);
      isComplete = outcome === 'lived';
      kills += isComplete ? 0 : 1;
      await kill(operator);
      const next = await start();
      await converged(STORY);
      await end(next);
      const { items } = await admin.resource(events).list({ namespace });
      const perObject = Map.groupBy(items, ({ regarding }) => regarding?.name ?? '');
      expect(Math.max(...[...perObject.values()].map((about) => about.length))).toBeLessThanOrEqual(MAX_EVENTS);
    }
    await annotate(`Killed at ${kills} writes`);
    expect(kills).toBeGreaterThan(8);
  }, 600_000);

  test('while it goes through the requests after a gap believes nothing that was forged in it', async ({
    annotate,
  }) => {
    const bindings = admin.resource(validatingAdmissionPolicyBindings);
    const setActions = (validationActions: ('Audit' | 'Deny')[]): Promise<unknown> =>
      bindings.mergePatch({ name: 'chaperone-approvalrequests' }, { spec: { validationActions } });
    let kills = 0;
    for (let at = 0, isComplete = false; !isComplete; at += 1) {
      expect(at).toBeLessThan(20);
      await deleteRequests();
      namespace = (await admin.resource(namespaces).create({ metadata: { generateName: 'gap-' } })).metadata.name;
      const before = await start();
      await ask('forged', 2);
      await ask('true', 1);
      await decide(dana, 'dana@example.com', 'forged', approve);
      await decide(dana, 'dana@example.com', 'true', approve);
      await converged({ forged: 'Pending dana@example.com:Counted', true: 'Approved dana@example.com:Counted' });
      await quiet(before);
      await kill(before);
      await setActions(['Audit']);
      await vi.waitFor(
        () =>
          admin.resource(approvalRequests).mergePatch(
            { name: 'forged', namespace },
            {
              status: {
                decisions: { 'eli@example.com': approve },
                observedDecisions: { 'eli@example.com': { time: new Date().toISOString(), standing: 'Counted' } },
              },
            },
            { subresource: 'status' },
          ),
        { timeout: 15_000, interval: 100 },
      );
      await setActions(['Deny']);
      const expected = {
        forged: 'Pending dana@example.com:Counted eli@example.com:Unverified',
        true: 'Approved dana@example.com:Counted',
      };
      const { operator, died } = await startToDie(at, when);
      const whole = converged(expected)
        .then(() => quiet(operator))
        .then(() => 'lived');
      whole.catch(() => undefined);
      isComplete = (await Promise.race([died, whole])) === 'lived';
      kills += isComplete ? 0 : 1;
      await kill(operator);
      const next = await start();
      await converged(expected);
      await end(next);
    }
    await annotate(`Killed at ${kills} writes`);
    expect(kills).toBeGreaterThan(2);
  }, 600_000);
});
