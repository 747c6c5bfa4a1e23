import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { CommandResult } from '@chaperone/e2e/process/run-command';
import { approvalRequest, requirement } from './approval-request.ts';
import { as, installChart, OPERATOR, PROXY, type Caller, type Installation } from './installed-chart.ts';

let chart: Installation;
const namespace = 'team';
/** The request of the test, by a name of its own. */
let held: string;
let requests = 0;

beforeAll(async () => {
  chart = await installChart();
  await kubectl(chart.admin, ['create', 'namespace', namespace]);
  // Reviewers have the role they are meant to have; everybody else here may do everything, so that what refuses is admission.
  await kubectl(chart.admin, [
    'create',
    'clusterrolebinding',
    'reviewers',
    '--clusterrole=chaperone-reviewer',
    ...['oncall', 'security', 'passers-by', 'agents'].map((group) => `--group=${group}`),
    '--user=zoe@example.com',
    '--serviceaccount=ci:runner',
  ]);
}, 180_000);

afterAll(async () => {
  await chart?.stop();
}, 60_000);

beforeEach(() => {
  requests += 1;
  held = `held-${requests}`;
});

const kubectl = (caller: Caller, args: readonly string[], input?: unknown): Promise<CommandResult> =>
  chart.kubectl(caller, args, input);

async function done(caller: Caller, args: readonly string[], input?: unknown): Promise<string> {
  const result = await kubectl(caller, args, input);
  expect(result, args.join(' ')).toMatchObject({ code: 0 });
  return result.stdout;
}

/** In which words the admission policy refused; all of standard error where something else happened. */
async function denial(result: Promise<CommandResult>): Promise<string> {
  const { code, stderr } = await result;
  const prefix =
    "ValidatingAdmissionPolicy 'chaperone-approvalrequests' with binding 'chaperone-approvalrequests' denied request: ";
  const [, message] = stderr.split(prefix);
  return code === 0 || message === undefined ? `not denied by admission: ${stderr}` : message;
}

const request = (name: string, spec: Readonly<Record<string, unknown>> = {}): Promise<string> =>
  done(chart.proxy, ['create', '--filename=-'], approvalRequest({ name, namespace, spec }));

const patchStatus = (caller: Caller, name: string, status: unknown): Promise<CommandResult> =>
  chart.patchStatus(caller, { namespace, name }, status);

const decide = (caller: Caller, name: string, decisions: unknown): Promise<CommandResult> =>
  patchStatus(caller, name, { decisions });

async function read(name: string): Promise<Record<string, unknown>> {
  return asRecord(
    JSON.parse(await done(chart.admin, ['get', 'approvalrequests', name, `--namespace=${namespace}`, '--output=json'])),
  );
}

const statusOf = async (name: string): Promise<Record<string, unknown>> => asRecord((await read(name))['status'] ?? {});

function asRecord(value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null) throw new TypeError('not an object');
  return Object.fromEntries(Object.entries(value));
}

const condition = (type: string, status = 'True'): object => ({
  type,
  status,
  reason: type,
  message: 'As a test says',
  observedGeneration: 1,
  lastTransitionTime: '2026-01-01T00:00:00Z',
});

/** What the operator writes. */
async function settle(name: string, ...conditions: readonly object[]): Promise<void> {
  expect(await patchStatus(chart.operator, name, { conditions })).toMatchObject({ code: 0 });
}

const consumed = { auditID: 'a', replica: 'chaperone-proxy-0', time: '2026-01-01T00:00:00Z' };
const voided = { reason: 'TargetGone', replica: 'chaperone-proxy-0', time: '2026-01-01T00:00:00Z' };
const outcome = { code: 200, time: '2026-01-01T00:00:01Z' };
const approved = { verdict: 'Approved', reason: 'INC-42' };

const oncall = (user = 'dana@example.com', extra: Readonly<Record<string, string>> = {}): Caller =>
  as(chart.admin, user, ['oncall'], extra);

describe('a decision', () => {
  test('of a reviewer with a certificate, as documented, is recorded', async () => {
    await request(held);
    const dana = await chart.person('dana@example.com', ['oncall']);
    expect(await decide(dana, held, { 'dana@example.com': approved })).toMatchObject({ code: 0 });
    expect(await statusOf(held)).toEqual({ decisions: { 'dana@example.com': approved } });
  });

  test('of a reviewer named as a user is recorded, and so is one of a ServiceAccount', async () => {
    await request(held, {
      requirements: [requirement('deletes', ['User:zoe@example.com', 'User:system:serviceaccount:ci:runner'])],
    });
    const runner = as(chart.admin, 'system:serviceaccount:ci:runner', ['system:serviceaccounts']);
    const zoe = as(chart.admin, 'zoe@example.com');
    expect(await decide(zoe, held, { 'zoe@example.com': { verdict: 'Denied' } })).toMatchObject({ code: 0 });
    expect(await decide(runner, held, { 'system:serviceaccount:ci:runner': approved })).toMatchObject({ code: 0 });
    expect(await statusOf(held)).toEqual({
      decisions: { 'zoe@example.com': { verdict: 'Denied' }, 'system:serviceaccount:ci:runner': approved },
    });
  });

  test('of a user with any characters in the name is recorded under exactly that name', async () => {
    await request(held);
    const name = `O'Brien "the/one" ~1\\ (ops) é@example.com`;
    expect(await decide(oncall(name), held, { [name]: approved })).toMatchObject({ code: 0 });
    expect(await statusOf(held)).toEqual({ decisions: { [name]: approved } });
  });

  test('is accepted by server-side apply, JSON Patch and PUT as well', async () => {
    await request(held);
    const status = ['--subresource=status', `--namespace=${namespace}`];
    const identity = {
      apiVersion: 'chaperone.dev/v1alpha1',
      kind: 'ApprovalRequest',
      metadata: { name: held, namespace },
    };
    await done(oncall('a@example.com'), ['apply', '--server-side', ...status, '--filename=-'], {
      ...identity,
      status: { decisions: { 'a@example.com': approved } },
    });
    const operations = [{ op: 'add', path: '/status/decisions/b@example.com', value: approved }];
    await done(oncall('b@example.com'), [
      'patch',
      'approvalrequests',
      held,
      ...status,
      '--type=json',
      `--patch=${JSON.stringify(operations)}`,
    ]);
    const current = await read(held);
    const decisions = { ...asRecord(asRecord(current['status'])['decisions']), 'c@example.com': approved };
    // The role for reviewers has no update: patch is enough.
    const updater = as(chart.admin, 'c@example.com', ['oncall', 'administrators']);
    await done(updater, ['replace', ...status, '--filename=-'], { ...current, status: { decisions } });
    expect(Object.keys(asRecord((await statusOf(held))['decisions'])).sort()).toEqual([
      'a@example.com',
      'b@example.com',
      'c@example.com',
    ]);
  });

  test('of two reviewers at the same moment: both are recorded', async () => {
    await request(held);
    const reviewers = ['a@example.com', 'b@example.com', 'c@example.com', 'd@example.com'];
    const results = await Promise.all(reviewers.map((user) => decide(oncall(user), held, { [user]: approved })));
    expect(results.map(({ code }) => code)).toEqual([0, 0, 0, 0]);
    expect(Object.keys(asRecord((await statusOf(held))['decisions'])).sort()).toEqual(reviewers);
  });

  test('can still be a denial once the request is Approved', async () => {
    await request(held);
    await settle(held, condition('Approved'));
    expect(await decide(oncall(), held, { 'dana@example.com': { verdict: 'Denied' } })).toMatchObject({ code: 0 });
  });

  const approval = (user: string): unknown => ({ [user]: approved });
  test.each<{ name: string; caller: () => Caller; decisions: unknown; message: string }>([
    {
      name: 'of somebody who is no reviewer',
      caller: () => as(chart.admin, 'pat@example.com', ['passers-by']),
      decisions: approval('pat@example.com'),
      message: 'you (pat@example.com) are not among the reviewers of this request',
    },
    {
      name: 'of an administrator who is no reviewer',
      caller: () => chart.administrator,
      decisions: approval('administrator@example.com'),
      message: 'you (administrator@example.com) are not among the reviewers of this request',
    },
    {
      name: 'of system:masters',
      caller: () => chart.admin,
      decisions: approval('admin'),
      message: 'you (admin) are not among the reviewers of this request',
    },
    {
      name: 'of a user who is called like the group of reviewers',
      caller: () => as(chart.admin, 'oncall', ['passers-by']),
      decisions: approval('oncall'),
      message: 'you (oncall) are not among the reviewers of this request',
    },
    {
      name: 'of a member of a group that is called like a reviewer',
      caller: () => as(chart.admin, 'pat@example.com', ['zoe@example.com', 'passers-by']),
      decisions: approval('pat@example.com'),
      message: 'you (pat@example.com) are not among the reviewers of this request',
    },
    {
      name: "under another's key",
      caller: () => oncall(),
      decisions: approval('eli@example.com'),
      message: 'you may add one decision, under your own username, which is dana@example.com',
    },
    {
      name: "under one's own key and another's",
      caller: () => oncall(),
      decisions: { ...asRecord(approval('dana@example.com')), ...asRecord(approval('eli@example.com')) },
      message: 'you may add one decision, under your own username, which is dana@example.com',
    },
    {
      name: 'under a key that differs in case',
      caller: () => oncall(),
      decisions: approval('Dana@example.com'),
      message: 'you may add one decision, under your own username, which is dana@example.com',
    },
    {
      name: 'on the own request',
      caller: () => oncall('agent@example.com'),
      decisions: approval('agent@example.com'),
      message: 'this is your own request',
    },
    {
      name: 'on the own request, under a name in other case',
      caller: () => oncall('Agent@Example.com'),
      decisions: approval('Agent@Example.com'),
      message: 'this is your own request',
    },
    {
      name: 'on the own request, under another name with the same uid',
      caller: () => ({
        ...oncall('someone@example.com'),
        flags: [...oncall('someone@example.com').flags, '--as-uid=uid-of-agent'],
      }),
      decisions: approval('someone@example.com'),
      message: 'this is your own request',
    },
    {
      name: "on the owner's request",
      caller: () => oncall('sam@example.com'),
      decisions: approval('sam@example.com'),
      message: 'this request is made on your behalf, you are its owner',
    },
    {
      name: "on the owner's request, under a name in other case",
      caller: () => oncall('SAM@example.com'),
      decisions: approval('SAM@example.com'),
      message: 'this request is made on your behalf, you are its owner',
    },
    {
      name: 'through the gateway',
      caller: () => oncall('dana@example.com', { 'chaperone.dev/via': 'chaperone-proxy-0' }),
      decisions: approval('dana@example.com'),
      message: 'not through the gateway',
    },
    {
      name: 'that denies, of somebody who is no reviewer',
      caller: () => as(chart.admin, 'pat@example.com', ['passers-by']),
      decisions: { 'pat@example.com': { verdict: 'Denied' } },
      message: 'you (pat@example.com) are not among the reviewers of this request',
    },
  ])('$name is refused', async ({ caller, decisions, message }) => {
    await request(held);
    expect(await denial(decide(caller(), held, decisions))).toContain(message);
    expect(await statusOf(held)).toEqual({});
  });

  test('with extras that have nothing to do with the gateway is recorded', async () => {
    await request(held);
    const dana = oncall('dana@example.com', { 'example.com/site': 'lisbon' });
    expect(await decide(dana, held, approval('dana@example.com'))).toMatchObject({ code: 0 });
  });

  test('of a ServiceAccount on a request that it made through the gateway is refused', async () => {
    await request(held, { requester: { username: 'chaperone:sa:ci:runner' } });
    const runner = as(chart.admin, 'system:serviceaccount:ci:runner', ['oncall']);
    const message = 'this is your own request';
    expect(await denial(decide(runner, held, approval('system:serviceaccount:ci:runner')))).toContain(message);
  });

  test.each(['Denied', 'Expired', 'Voided', 'Executed'])('on a request that is %s is refused', async (type) => {
    await request(held);
    await settle(held, condition(type));
    const message = `this request is closed (${type}) and takes no more decisions`;
    expect(await denial(decide(oncall(), held, approval('dana@example.com')))).toContain(message);
    expect(await denial(decide(oncall(), held, { 'dana@example.com': { verdict: 'Denied' } }))).toContain(message);
  });

  test('on a request that is used up is refused before the operator has seen it', async () => {
    await request(held);
    await settle(held, condition('Approved'));
    expect(await patchStatus(chart.proxy, held, { consumed })).toMatchObject({ code: 0 });
    expect(await denial(decide(oncall(), held, approval('dana@example.com')))).toContain(
      'this request is closed (consumed) and takes no more decisions',
    );
  });

  test('on a request that the gateway found changed is refused before the operator has seen it', async () => {
    await request(held);
    expect(await patchStatus(chart.proxy, held, { voided })).toMatchObject({ code: 0 });
    expect(await denial(decide(oncall(), held, approval('dana@example.com')))).toContain(
      'this request is closed (voided) and takes no more decisions',
    );
  });

  test('on the main resource writes nothing', async () => {
    await request(held);
    const dana = as(chart.admin, 'dana@example.com', ['oncall', 'administrators']);
    await kubectl(dana, [
      'patch',
      'approvalrequests',
      held,
      `--namespace=${namespace}`,
      '--type=merge',
      `--patch=${JSON.stringify({ status: { decisions: approval('dana@example.com') } })}`,
    ]);
    expect(await statusOf(held)).toEqual({});
  });

  test.each<{ name: string; caller: () => Caller }>([
    { name: 'its reviewer', caller: () => as(chart.admin, 'dana@example.com', ['oncall', 'administrators']) },
    { name: 'another reviewer', caller: () => as(chart.admin, 'eli@example.com', ['oncall', 'administrators']) },
    { name: 'a break-glass group', caller: () => chart.admin },
    { name: 'the operator', caller: () => chart.operator },
    { name: 'the gateway', caller: () => chart.proxy },
  ])('once recorded can be neither changed nor erased by $name', async ({ caller }) => {
    await request(held);
    expect(await decide(oncall(), held, approval('dana@example.com'))).toMatchObject({ code: 0 });
    const before = await statusOf(held);
    const changes = [{ 'dana@example.com': { verdict: 'Denied' } }, { 'dana@example.com': null }, null];
    for (const decisions of changes) {
      const { code, stderr } = await decide(caller(), held, decisions);
      expect(stderr).toContain('a recorded decision is final and can be neither changed nor removed');
      expect(code).toBe(1);
    }
    expect(await statusOf(held)).toEqual(before);
  });

  test('once recorded is kept from a PUT that was read before it', async () => {
    await request(held);
    const stale = asRecord(JSON.parse(JSON.stringify(await read(held))));
    expect(await decide(oncall(), held, approval('dana@example.com'))).toMatchObject({ code: 0 });
    const { resourceVersion: _, ...metadata } = asRecord(stale['metadata']);
    const eli = as(chart.admin, 'eli@example.com', ['oncall', 'administrators']);
    const { stderr } = await kubectl(eli, ['replace', '--subresource=status', '--filename=-'], {
      ...stale,
      metadata,
      status: { decisions: approval('eli@example.com') },
    });
    expect(stderr).toContain('a recorded decision is final');
    expect(Object.keys(asRecord((await statusOf(held))['decisions']))).toEqual(['dana@example.com']);
  });
});

describe('an approval of a request with two requirements', () => {
  const requirements = [requirement('deletes', ['Group:oncall']), requirement('prod', ['Group:security'])];
  const security = (): Caller => as(chart.admin, 'sue@example.com', ['security']);

  test('is for both where it names none and its reviewer is one of both', async () => {
    await request(held, { requirements });
    const both = as(chart.admin, 'bo@example.com', ['oncall', 'security']);
    expect(await decide(both, held, { 'bo@example.com': approved })).toMatchObject({ code: 0 });
  });

  test('is refused where it names none and its reviewer is one of the first alone', async () => {
    await request(held, { requirements });
    expect(await denial(decide(oncall(), held, { 'dana@example.com': approved }))).toContain(
      `you are a reviewer of some of this request's requirements only: name those that you approve, as in {"verdict":"Approved","requirements":["deployers/deletes"]}`,
    );
  });

  test('is for the one that it names', async () => {
    await request(held, { requirements });
    const named = (requirementName: string): object => ({ ...approved, requirements: [requirementName] });
    const first = await decide(oncall(), held, { 'dana@example.com': named('deployers/deletes') });
    expect(first).toMatchObject({ code: 0 });
    const second = await decide(security(), held, { 'sue@example.com': named('deployers/prod') });
    expect(second).toMatchObject({ code: 0 });
  });

  test.each([
    { name: "names another's too", named: ['deployers/deletes', 'deployers/prod'] },
    { name: "names another's alone", named: ['deployers/prod'] },
    { name: 'names one that there is not', named: ['deployers/none'] },
  ])('is refused where it $name', async ({ named }) => {
    await request(held, { requirements });
    expect(
      await denial(decide(oncall(), held, { 'dana@example.com': { ...approved, requirements: named } })),
    ).toContain(
      'your approval names a requirement that this request does not have, or of which you are not a reviewer: you may name deployers/deletes',
    );
  });

  test('cannot be widened later', async () => {
    await request(held, { requirements });
    const dana = as(chart.admin, 'dana@example.com', ['oncall', 'security']);
    const first = { ...approved, requirements: ['deployers/deletes'] };
    expect(await decide(dana, held, { 'dana@example.com': first })).toMatchObject({ code: 0 });
    const { stderr } = await decide(dana, held, { 'dana@example.com': { requirements: null } });
    expect(stderr).toContain('a recorded decision is final');
  });

  test('can be denied by a reviewer of one of them', async () => {
    await request(held, { requirements });
    const decisions = { 'sue@example.com': { verdict: 'Denied' } };
    expect(await decide(security(), held, decisions)).toMatchObject({ code: 0 });
  });
});

describe('an ApprovalRequest', () => {
  test.each<{ name: string; caller: () => Caller }>([
    { name: 'an administrator', caller: () => chart.administrator },
    { name: 'system:masters', caller: () => chart.admin },
    { name: 'a caller through the gateway', caller: () => as(chart.admin, PROXY, [], { 'chaperone.dev/via': 'x' }) },
  ])('is not created by $name', async ({ name, caller }) => {
    expect(
      await denial(
        kubectl(caller(), ['create', '--filename=-'], approvalRequest({ name: 'forged', namespace, spec: {} })),
      ),
    ).toContain(
      name === 'a caller through the gateway' ? 'not through the gateway' : 'only the gateway creates ApprovalRequests',
    );
  });

  test('is not created by the operator, which RBAC keeps from it already', async () => {
    const operator = as(chart.admin, OPERATOR, ['administrators']);
    const forged = approvalRequest({ name: 'forged', namespace, spec: {} });
    expect(await denial(kubectl(operator, ['create', '--filename=-'], forged))).toContain(
      'only the gateway creates ApprovalRequests',
    );
    const { stderr } = await kubectl(chart.operator, ['create', '--filename=-'], forged);
    expect(stderr).toContain('cannot create resource "approvalrequests"');
  });

  test('is not created with a status, not even by the gateway', async () => {
    const forged = {
      ...approvalRequest({ name: held, namespace, spec: {} }),
      status: { decisions: { 'dana@example.com': approved }, conditions: [condition('Approved')] },
    };
    await done(chart.proxy, ['create', '--filename=-'], forged);
    expect(await statusOf(held)).toEqual({});
  });

  test.each([
    { name: 'its reviewers', patch: { spec: { requirements: [requirement('deletes', ['User:dana@example.com'])] } } },
    { name: 'its requester', patch: { spec: { requester: { username: 'other@example.com' } } } },
    { name: 'its expiry', patch: { spec: { expiresAt: '2046-12-01T00:30:00Z' } } },
  ])('keeps $name, whoever edits it', async ({ patch }) => {
    await request(held);
    for (const caller of [chart.administrator, chart.admin, as(chart.admin, PROXY, ['administrators'])]) {
      const edit = ['patch', 'approvalrequests', held, `--namespace=${namespace}`, '--type=merge'];
      const { code, stderr } = await kubectl(caller, [...edit, `--patch=${JSON.stringify(patch)}`]);
      expect(stderr).toContain('spec is immutable');
      expect(code).toBe(1);
    }
  });

  test.each([
    { name: 'labels', metadata: { labels: { a: 'b' } } },
    { name: 'annotations', metadata: { annotations: { a: 'b' } } },
    { name: 'finalizers, which would keep it from being deleted', metadata: { finalizers: ['example.com/never'] } },
    {
      name: 'owner references, which would have it collected',
      metadata: {
        ownerReferences: [
          { apiVersion: 'v1', kind: 'ConfigMap', name: 'none', uid: '0d5ad57a-5b8c-4f0a-9c1a-3c0f1e2d3b4a' },
        ],
      },
    },
  ])('is given no $name', async ({ metadata }) => {
    await request(held);
    const edit = ['patch', 'approvalrequests', held, `--namespace=${namespace}`, '--type=merge'];
    const args = [...edit, `--patch=${JSON.stringify({ metadata })}`];
    expect(await denial(kubectl(chart.administrator, args))).toContain(
      'labels, annotations, finalizers and ownerReferences of an ApprovalRequest are not edited',
    );
  });

  test('keeps its metadata in a patch of its status', async () => {
    await request(held);
    await done(oncall(), [
      'patch',
      'approvalrequests',
      held,
      `--namespace=${namespace}`,
      '--subresource=status',
      '--type=merge',
      `--patch=${JSON.stringify({
        metadata: { labels: { a: 'b' }, finalizers: ['example.com/never'] },
        status: { decisions: { 'dana@example.com': approved } },
      })}`,
    ]);
    const { labels, finalizers } = asRecord((await read(held))['metadata']);
    expect({ labels, finalizers }).toEqual({ labels: undefined, finalizers: undefined });
  });

  test.each<{ name: string; caller: () => Caller }>([
    { name: 'a reviewer', caller: () => as(chart.admin, 'dana@example.com', ['oncall', 'administrators']) },
    { name: 'an administrator', caller: () => chart.administrator },
    { name: 'the requester', caller: () => as(chart.admin, 'agent@example.com', ['administrators']) },
    { name: 'the gateway', caller: () => as(chart.admin, PROXY, ['administrators']) },
  ])('is not deleted by $name, alone or as part of a collection', async ({ caller }) => {
    await request(held);
    const message = 'an ApprovalRequest is a record and is not deleted by hand';
    expect(await denial(kubectl(caller(), ['delete', 'approvalrequests', held, `--namespace=${namespace}`]))).toContain(
      message,
    );
    const collection = `/apis/chaperone.dev/v1alpha1/namespaces/${namespace}/approvalrequests`;
    expect(await denial(kubectl(caller(), ['delete', `--raw=${collection}`]))).toContain(message);
    expect(await read(held)).toMatchObject({ metadata: { name: held } });
  });

  test('is not deleted through the gateway, not even by a break-glass group', async () => {
    await request(held);
    const through = as(chart.admin, 'admin', ['system:masters'], { 'chaperone.dev/via': 'chaperone-proxy-0' });
    expect(await denial(kubectl(through, ['delete', 'approvalrequests', held, `--namespace=${namespace}`]))).toContain(
      'not through the gateway',
    );
  });

  test('is deleted by the operator, and by a break-glass group in the foreground too', async () => {
    await request(held);
    const remove = ['delete', 'approvalrequests', held, `--namespace=${namespace}`];
    expect(await kubectl(chart.operator, remove)).toMatchObject({ code: 0 });
    await request(held);
    // In the foreground the garbage collector takes a finalizer away before the object goes.
    expect(await kubectl(chart.admin, [...remove, '--cascade=foreground', '--timeout=20s'])).toMatchObject({ code: 0 });
  });

  test('is deleted with its namespace', async () => {
    await done(chart.admin, ['create', 'namespace', 'short-lived']);
    const open = approvalRequest({ name: held, namespace: 'short-lived', spec: {} });
    await done(chart.proxy, ['create', '--filename=-'], open);
    const remove = ['delete', 'namespace', 'short-lived', '--timeout=25s'];
    expect(await kubectl(chart.administrator, remove)).toMatchObject({ code: 0 });
  });
});

describe('the status of an ApprovalRequest', () => {
  const foreign = [
    { name: 'conditions', status: { conditions: [condition('Approved')] }, owner: "the operator's" },
    {
      name: 'observedDecisions',
      status: { observedDecisions: { 'dana@example.com': { time: '2026-01-01T00:00:00Z', standing: 'Counted' } } },
      owner: "the operator's",
    },
    { name: 'observedGeneration', status: { observedGeneration: 7 }, owner: "the operator's" },
    { name: 'consumed', status: { consumed }, owner: "the gateway's" },
    { name: 'voided', status: { voided }, owner: "the gateway's" },
  ];
  test.each(foreign)('gets no $name from a reviewer, an administrator or system:masters', async ({ status, owner }) => {
    await request(held);
    await settle(held, condition('Expired', 'False'));
    const before = await statusOf(held);
    const message =
      owner === "the operator's"
        ? "status.conditions, observedDecisions and observedGeneration are the operator's"
        : "status.consumed, voided and outcome are the gateway's";
    for (const caller of [oncall(), chart.administrator, chart.admin]) {
      expect(await denial(patchStatus(caller, held, status))).toContain(message);
    }
    // Nor beside a decision that is in order.
    const both = { ...status, decisions: { 'dana@example.com': approved } };
    expect(await denial(patchStatus(oncall(), held, both))).toContain(message);
    expect(await statusOf(held)).toEqual(before);
  });

  test('gets no conditions from a reviewer by server-side apply that takes them over by force', async () => {
    await request(held);
    await settle(held, condition('Approved', 'False'));
    const args = ['apply', '--server-side', '--force-conflicts', '--subresource=status', '--filename=-'];
    expect(
      await denial(
        kubectl(oncall(), args, {
          apiVersion: 'chaperone.dev/v1alpha1',
          kind: 'ApprovalRequest',
          metadata: { name: held, namespace },
          status: { conditions: [condition('Approved')] },
        }),
      ),
    ).toContain("status.conditions, observedDecisions and observedGeneration are the operator's");
  });

  test('gets no conditions taken away by a reviewer', async () => {
    await request(held);
    await settle(held, condition('Denied'));
    const message = "status.conditions, observedDecisions and observedGeneration are the operator's";
    expect(await denial(patchStatus(oncall(), held, { conditions: null }))).toContain(message);
    expect(await denial(patchStatus(oncall(), held, null))).toContain(message);
  });

  test('gets no conditions from the gateway, and neither consumed, voided nor outcome from the operator', async () => {
    await request(held);
    await settle(held, condition('Approved'));
    expect(await denial(patchStatus(chart.proxy, held, { conditions: [condition('Approved', 'False')] }))).toContain(
      "status.conditions, observedDecisions and observedGeneration are the operator's",
    );
    for (const status of [{ consumed }, { voided }, { consumed, outcome }]) {
      expect(await denial(patchStatus(chart.operator, held, status))).toContain(
        "status.consumed, voided and outcome are the gateway's",
      );
    }
  });

  test('gets no decision from operator or gateway, not even where their group is a reviewer', async () => {
    await request(held, {
      requirements: [requirement('deletes', ['Group:system:serviceaccounts:chaperone-system'])],
    });
    for (const [caller, user] of [
      [chart.operator, OPERATOR],
      [chart.proxy, PROXY],
    ] as const) {
      expect(await denial(decide(caller, held, { [user]: approved }))).toContain(
        'decisions are made by people: neither the operator nor the gateway may write one',
      );
    }
  });

  test('gets conditions from the operator beside decisions of reviewers', async () => {
    await request(held);
    expect(await decide(oncall(), held, { 'dana@example.com': approved })).toMatchObject({ code: 0 });
    const observedDecisions = { 'dana@example.com': { time: '2026-01-01T00:00:00Z', standing: 'Counted' } };
    const conditions = [condition('Approved')];
    const written = await patchStatus(chart.operator, held, { observedGeneration: 1, observedDecisions, conditions });
    expect(written).toMatchObject({ code: 0 });
    expect(await statusOf(held)).toMatchObject({ decisions: { 'dana@example.com': approved }, observedDecisions });
  });

  test('gets consumed, then outcome, from the gateway, once each', async () => {
    await request(held);
    await settle(held, condition('Approved'));
    expect(await patchStatus(chart.proxy, held, { consumed })).toMatchObject({ code: 0 });
    expect(await patchStatus(chart.proxy, held, { outcome })).toMatchObject({ code: 0 });
    for (const status of [
      { consumed: { ...consumed, auditID: 'b' } },
      { consumed: null },
      { outcome: { ...outcome, code: 500 } },
      { outcome: null },
    ]) {
      const { code, stderr } = await patchStatus(chart.proxy, held, status);
      expect(stderr).toMatch(/can be neither changed nor removed|outcome needs consumed/u);
      expect(code).toBe(1);
    }
    expect(await statusOf(held)).toMatchObject({ consumed, outcome });
  });

  const unapproved: readonly { name: string; conditions: readonly object[] }[] = [
    { name: 'nobody decided on', conditions: [] },
    { name: 'is not known to be Approved', conditions: [condition('Approved', 'Unknown')] },
    { name: 'is Denied', conditions: [condition('Approved'), condition('Denied')] },
    { name: 'is Expired', conditions: [condition('Approved'), condition('Expired')] },
    { name: 'is Voided', conditions: [condition('Approved'), condition('Voided')] },
  ];
  test.each(unapproved)('gets no consumed from the gateway where the request $name', async ({ conditions }) => {
    await request(held);
    await settle(held, ...conditions);
    const message = 'only a request that is Approved, and neither Denied, Expired nor Voided, can be consumed';
    expect(await denial(patchStatus(chart.proxy, held, { consumed }))).toContain(message);
  });

  test('gets no consumed after a denial that the operator has not seen yet', async () => {
    await request(held);
    await settle(held, condition('Approved'));
    expect(await decide(oncall(), held, { 'dana@example.com': { verdict: 'Denied' } })).toMatchObject({ code: 0 });
    const message = 'only a request that is Approved, and neither Denied, Expired nor Voided, can be consumed';
    expect(await denial(patchStatus(chart.proxy, held, { consumed }))).toContain(message);
    // One that was written while the admission policies were away proves nothing and holds nothing up.
    const observedDecisions = { 'dana@example.com': { time: '2026-01-01T00:00:00Z', standing: 'Unverified' } };
    expect(await patchStatus(chart.operator, held, { observedDecisions })).toMatchObject({ code: 0 });
    expect(await patchStatus(chart.proxy, held, { consumed })).toMatchObject({ code: 0 });
  });
});

describe('at the bounds of the schema', () => {
  const rules = Array.from({ length: 32 }, (_, index) => `r${index}`);
  const requirements = rules.map((rule) =>
    requirement(
      rule,
      Array.from({ length: 32 }, (_, index) => `Group:${`${rule}-${index}-`.padEnd(256, 'x')}`),
    ),
  );
  const large = {
    requester: {
      username: 'u'.repeat(512),
      uid: 'i'.repeat(512),
      owner: 'o'.repeat(512),
      groups: Array.from({ length: 256 }, (_, index) => `g${index}`.padEnd(512, 'x')),
    },
    change: { object: 'o'.repeat(65_536), diff: 'd'.repeat(65_536) },
    requirements,
  };
  /** In the last group of each requirement, so that every expression has to look at all of them. */
  const groups = [
    ...Array.from({ length: 224 }, (_, index) => `other-${index}`.padEnd(256, 'x')),
    ...rules.map((rule) => `${rule}-31-`.padEnd(256, 'x')),
  ];

  test('every expression stays within the cost limit for a reviewer in 256 groups', async () => {
    await request(held, large);
    const reviewer = 'n'.repeat(512);
    const named = rules.map((rule) => `deployers/${rule}`);
    const decisions = { [reviewer]: { verdict: 'Approved', reason: 'r'.repeat(1024), requirements: named } };
    const dana = as(chart.admin, reviewer, ['administrators', ...groups]);
    expect(await decide(dana, held, decisions)).toMatchObject({ code: 0, stderr: '' });
    await settle(held, condition('Approved'));
    expect(await patchStatus(chart.proxy, held, { consumed })).toMatchObject({ code: 0, stderr: '' });
  });

  test('and for the last of 64 decisions', async () => {
    await request(held);
    const users = Array.from({ length: 64 }, (_, index) => `${index}`.padEnd(512, 'n'));
    const decision = { ...approved, requirements: ['deployers/deletes'] };
    for (let first = 0; first < users.length; first += 8) {
      const reviewers = users.slice(first, first + 8);
      const results = await Promise.all(reviewers.map((user) => decide(oncall(user), held, { [user]: decision })));
      expect(results.map(({ stderr }) => stderr)).toEqual(reviewers.map(() => ''));
    }
    const observedDecisions = Object.fromEntries(
      users.map((user) => [user, { time: '2026-01-01T00:00:00Z', standing: 'Counted' }]),
    );
    const conditions = [condition('Approved')];
    expect(await patchStatus(chart.operator, held, { conditions, observedDecisions })).toMatchObject({ code: 0 });
    expect(await patchStatus(chart.proxy, held, { consumed })).toMatchObject({ code: 0, stderr: '' });
    expect(Object.keys(asRecord((await statusOf(held))['decisions']))).toHaveLength(64);
  }, 60_000);

  test('and so do the messages, for somebody in 256 groups who is no reviewer', async () => {
    await request(held, large);
    const stranger = as(chart.admin, 's'.repeat(512), [...groups.slice(0, 224), 'administrators']);
    expect(await denial(decide(stranger, held, { ['s'.repeat(512)]: approved }))).toContain(
      `you (${'s'.repeat(512)}) are not among the reviewers of this request`,
    );
  });
});
