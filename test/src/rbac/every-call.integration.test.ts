import { Agent, request } from 'undici';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { startGateway, type RunningGateway } from '../gateway/running-gateway.ts';
import { installChart, NAMESPACE, PROXY, type Installation } from '../admission/installed-chart.ts';
import { servedResources, type ServedResource } from './access.ts';

/**
 * The gateway's own token without the gateway, for every resource that is served and every verb: the API server itself lets
 * pass what policies allow or hold and no other call. Calls and no reviews, as impersonation is judged before anything that
 * a SubjectAccessReview asks about.
 */
let chart: Installation;
let operator: RunningGateway;
let dispatcher: Agent;
let resources: readonly ServedResource[];

const TEAM = 'team';
const VERBS = ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete', 'deletecollection'] as const;
type Verb = (typeof VERBS)[number];

interface Call {
  readonly verb: Verb;
  /** `pods/exec`, `deployments.apps`. */
  readonly resource: string;
  /** Empty for what is cluster-wide. */
  readonly namespace: string;
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
}

const policy = (name: string, rules: readonly object[]): object => ({
  apiVersion: 'chaperone.dev/v1alpha1',
  kind: 'AgentPolicy',
  metadata: { name },
  spec: {
    subjects: [{ kind: 'Group', name: 'agents' }],
    rules: rules.map((rule, index) => ({ name: `rule-${index}`, action: 'Allow', ...rule })),
  },
});

const approval = { reviewers: [{ kind: 'Group', name: 'oncall' }] };

const policies = [
  policy('readers', [{ verbs: ['get', 'list'], apiGroups: [''], resources: ['configmaps'], namespaces: [TEAM] }]),
  policy('runners', [{ verbs: ['create'], apiGroups: [''], resources: ['pods/exec'], namespaces: [TEAM] }]),
  policy('scalers', [{ verbs: ['patch'], apiGroups: ['apps'], resources: ['deployments/scale'] }]),
  policy('watchers', [{ verbs: ['watch'], apiGroups: ['batch'], resources: ['*'] }]),
  policy('held', [
    { action: 'RequireApproval', approval, verbs: ['delete'], apiGroups: [''], resources: ['nodes'] },
    { action: 'Deny', verbs: ['get'], apiGroups: [''], resources: ['secrets'] },
  ]),
];

/** What these policies come to, as documented: `VERB RESOURCE NAMESPACE`, the last empty for every scope. */
const permitted: ReadonlySet<string> = new Set([
  `get configmaps ${TEAM}`,
  `list configmaps ${TEAM}`,
  // A WebSocket exec is a GET.
  `get pods/exec ${TEAM}`,
  `create pods/exec ${TEAM}`,
  'patch deployments/scale.apps',
  // The old object is read.
  'get deployments/scale.apps',
  'watch cronjobs.batch',
  'watch jobs.batch',
  // Reviewers see what goes.
  'delete nodes',
  'get nodes',
  'create selfsubjectreviews.authentication.k8s.io',
  'create selfsubjectaccessreviews.authorization.k8s.io',
  'create selfsubjectrulesreviews.authorization.k8s.io',
]);

/** What the chart gives the account for itself, without impersonation. */
const own: ReadonlySet<string> = new Set([
  'create tokenreviews.authentication.k8s.io',
  'create approvalrequests.chaperone.dev',
  'get approvalrequests.chaperone.dev',
  'list approvalrequests.chaperone.dev',
  'watch approvalrequests.chaperone.dev',
  'patch approvalrequests/status.chaperone.dev',
  'list apiservices.apiregistration.k8s.io',
  'get namespaces',
  'list namespaces',
  'watch namespaces',
  `get configmaps ${NAMESPACE}`,
  ...['get', 'create', 'update', 'patch', 'delete'].map((verb) => `${verb} leases.coordination.k8s.io ${NAMESPACE}`),
  // Every account has these.
  'create selfsubjectreviews.authentication.k8s.io',
  'create selfsubjectaccessreviews.authorization.k8s.io',
  'create selfsubjectrulesreviews.authorization.k8s.io',
]);

const lineOf = ({ verb, resource }: Call): string => `${verb} ${resource}`;
const isAmong = (call: Call, lines: ReadonlySet<string>): boolean =>
  lines.has(lineOf(call)) || lines.has(`${lineOf(call)} ${call.namespace}`);

const METHODS = {
  get: 'GET',
  list: 'GET',
  watch: 'GET',
  create: 'POST',
  update: 'PUT',
  patch: 'PATCH',
  delete: 'DELETE',
  deletecollection: 'DELETE',
} as const;

/** Verbs that name no object, as far as a resource has them; a subresource always has an object. */
const ofCollections: ReadonlySet<Verb> = new Set(['list', 'watch', 'deletecollection']);

/** One call as RequestInfo tells it; undefined where no request can have this verb. The object does not exist. */
function callOf(one: ServedResource, verb: Verb, namespace: string): Call | undefined {
  const { group, version, resource, subresource } = one;
  if (subresource !== '' && ofCollections.has(verb)) {
    return undefined;
  }
  const root = group === '' ? `/api/${version}` : `/apis/${group}/${version}`;
  const scope = namespace === '' ? '' : `/namespaces/${namespace}`;
  const named = subresource !== '' || !(ofCollections.has(verb) || verb === 'create');
  const object = named ? `/absent${subresource === '' ? '' : `/${subresource}`}` : '';
  const query = new URLSearchParams([
    ...(METHODS[verb] === 'GET' ? [] : [['dryRun', 'All']]),
    ...(verb === 'watch'
      ? [
          ['watch', 'true'],
          ['timeoutSeconds', '1'],
        ]
      : []),
    // Even if it were let pass, nothing would be deleted.
    ...(verb === 'deletecollection' ? [['labelSelector', 'absent=absent']] : []),
  ]);
  const name = [resource, subresource].filter((part) => part !== '').join('/');
  return {
    verb,
    resource: group === '' ? name : `${name}.${group}`,
    namespace,
    method: METHODS[verb],
    path: `${root}${scope}/${resource}${object}?${query.toString()}`,
  };
}

function everyCall(): Call[] {
  return resources.flatMap((one) =>
    VERBS.flatMap((verb) =>
      (one.namespaced ? ['', TEAM, 'default', NAMESPACE] : ['']).flatMap(
        (namespace) => callOf(one, verb, namespace) ?? [],
      ),
    ),
  );
}

interface Answer {
  readonly call: Call;
  readonly status: number;
  readonly message: string;
}

async function ask(call: Call, headers: Readonly<Record<string, string>>): Promise<Answer> {
  const type = call.method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
  const { statusCode, body } = await request(`${chart.url}${call.path}`, {
    dispatcher,
    method: call.method,
    headers: { authorization: `Bearer ${chart.proxy.token}`, 'content-type': type, ...headers },
    body: call.method === 'GET' ? null : call.method === 'DELETE' ? null : '{}',
  });
  return { call, status: statusCode, message: await body.text() };
}

async function askAll(headers: Readonly<Record<string, string>>): Promise<readonly Answer[]> {
  const calls = everyCall();
  const answers: Answer[] = [];
  await Promise.all(
    Array.from({ length: 24 }, async () => {
      for (let call = calls.pop(); call !== undefined; call = calls.pop()) {
        answers.push(await ask(call, headers));
      }
    }),
  );
  return answers;
}

const describeAnswer = ({ call, status, message }: Answer): string =>
  `${status} ${lineOf(call)} ${call.namespace}: ${message.slice(0, 300)}`;

/** Refused for want of the gateway's rights, and not because of whom it acts as. */
const isRefused = ({ status, message }: Answer): boolean =>
  status === 403 && message.includes(`User \\"${PROXY}\\" cannot `);

const AGENT = {
  'impersonate-user': 'agent@example.com',
  'impersonate-group': 'agents',
  'impersonate-extra-chaperone.dev%2Fvia': 'x',
};

beforeAll(async () => {
  chart = await installChart();
  // Over HTTP/2 undici would make one value of several groups.
  dispatcher = new Agent({ connect: { ca: chart.certificateAuthority }, connections: 24, allowH2: false });
  resources = await servedResources(chart);
  const kubectl = (args: readonly string[], input?: unknown): Promise<unknown> =>
    expect(chart.kubectl(chart.admin, args, input)).resolves.toMatchObject({ code: 0 });
  await kubectl(['create', 'namespace', TEAM]);
  // What refuses is never that agents have no rights.
  await kubectl(['create', 'clusterrolebinding', 'agents', '--clusterrole=cluster-admin', '--group=agents']);
  operator = startGateway({ kubeconfig: chart.operator.kubeconfig, configuration: { managed: false } });
  for (const one of policies) await kubectl(['apply', '--server-side', '--filename=-'], one);
  const ready: Call = {
    verb: 'delete',
    resource: 'nodes',
    namespace: '',
    method: 'DELETE',
    path: '/api/v1/nodes/absent?dryRun=All',
  };
  await vi.waitUntil(async () => (await ask(ready, AGENT)).status === 404, { timeout: 30_000, interval: 250 });
  await operator.stop();
}, 240_000);

afterAll(async () => {
  await dispatcher?.close();
  await chart?.stop();
}, 60_000);

describe('every verb of every resource that is served', { timeout: 180_000 }, () => {
  test('as an agent passes where policies allow or hold it, and nowhere else', async () => {
    const answers = await askAll(AGENT);
    // Some hundred resources and subresources, eight verbs, up to four scopes.
    expect(answers.length).toBeGreaterThan(2_000);
    const wrong = answers.filter((answer) => isRefused(answer) === isAmong(answer.call, permitted));
    expect(wrong.map(describeAnswer)).toEqual([]);
    // Each line was asked for, and not only by absence.
    const asked = new Set(answers.flatMap(({ call }) => [lineOf(call), `${lineOf(call)} ${call.namespace}`]));
    expect([...permitted].filter((line) => !asked.has(line))).toEqual([]);
  });

  test.each([
    { name: 'a member of system:masters', headers: { ...AGENT, 'impersonate-group': 'system:masters' } },
    { name: 'a node', headers: { 'impersonate-user': 'system:node:a', 'impersonate-group': 'agents' } },
    { name: 'a ServiceAccount', headers: { 'impersonate-user': `system:serviceaccount:${TEAM}:default` } },
  ])('as $name is refused', async ({ headers }) => {
    const passed = (await askAll(headers)).filter(
      ({ status, message }) => status !== 403 || !message.includes('impersonat'),
    );
    expect(passed.map(describeAnswer)).toEqual([]);
  });

  test('as itself passes where the chart says so, and nowhere else', async () => {
    const answers = await askAll({});
    const wrong = answers.filter((answer) => isRefused(answer) === isAmong(answer.call, own));
    expect(wrong.map(describeAnswer)).toEqual([]);
  });
});

test('an extra group of system:masters is refused also where a policy lets the call pass', async () => {
  const call = callOf(
    { group: '', version: 'v1', resource: 'configmaps', subresource: '', namespaced: true, verbs: [] },
    'get',
    TEAM,
  );
  if (call === undefined) throw new TypeError('no call');
  expect((await ask(call, AGENT)).status).toBe(404);
  const { statusCode, body } = await request(`${chart.url}${call.path}`, {
    dispatcher,
    headers: {
      authorization: `Bearer ${chart.proxy.token}`,
      'impersonate-user': 'agent@example.com',
      'impersonate-group': ['agents', 'system:masters'],
    },
  });
  expect(statusCode).toBe(403);
  expect(await body.text()).toContain('system:masters');
});
