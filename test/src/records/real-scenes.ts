import { readFileSync } from 'node:fs';
import { WebSocket } from 'ws';
import type { PolicyRule } from '@chaperone/crds/v1alpha1/generated/api';
import type { SceneName } from '../elasticsearch/scenes.ts';
import { newGatewayClient, type CallRequest, type GatewayClient } from '../proxy/gateway-client.ts';
import type { GatewayContext } from '../proxy/gateway-context.ts';

/** Where the calls come from, as a proxy before the gateway says. */
const ADDRESS = '203.0.113.7';
const OTHER_ADDRESS = '198.51.100.9';
const AGENT = 'kubectl/v1.36.3 (linux/amd64) kubernetes/a8341da';
const IN = '/api/v1/namespaces/payments';
const RBAC = '/apis/rbac.authorization.k8s.io/v1';

/** Of a gateway that believes a proxy on this machine about the addresses of clients. */
export const BEHIND_PROXY = {
  listen: { clientAddress: { source: 'XForwardedFor', trustedProxies: ['127.0.0.0/8'] } },
} as const;

/** Makes the calls of the scenes through a gateway. Answers the audit id of each. */
export async function playScenes(context: GatewayContext): Promise<ReadonlyMap<string, SceneName>> {
  const client = newGatewayClient(context);
  try {
    return await play(context, client);
  } finally {
    await client.close();
  }
}

async function play(context: GatewayContext, client: GatewayClient): Promise<ReadonlyMap<string, SceneName>> {
  await prepare(client);
  const token = await client.token({ user: 'agent@example.com', groups: ['agents'] });
  const played = new Map<string, SceneName>();
  const call = async (name: SceneName, wanted: CallRequest): Promise<void> => {
    const headers = { 'x-forwarded-for': ADDRESS, 'user-agent': AGENT, ...wanted.headers };
    const answer = await client.call({ token, ...wanted, headers });
    played.set(String(answer.headers['audit-id']), name);
  };
  const create = (name: SceneName, path: string, body: unknown): Promise<void> =>
    call(name, { method: 'POST', path, body });

  const read = { path: `${IN}/configmaps/settings` };
  await call('read', read);
  await call('readByProxiedClient', { ...read, headers: { 'x-forwarded-for': OTHER_ADDRESS } });
  await call('readFromLoopback', { ...read, headers: { 'x-forwarded-for': '127.0.0.1' } });
  await call('readByLibrary', {
    ...read,
    headers: { 'user-agent': 'manager/v0.0.0 (linux/amd64) kubernetes/$Format' },
  });
  await call('readFromPod', { ...read, token: await podToken(client, 'runner-0') });
  await call('readFromOtherPod', { ...read, token: await podToken(client, 'runner-1') });
  await call('refusedByRoles', {
    path: `${IN}/secrets`,
    token: await client.token({ user: 'nobody@example.com', groups: ['without-roles'] }),
  });
  await create('refusedByQuota', '/api/v1/namespaces/small/pods', pod('a:1'));
  await create('refusedByPolicy', '/api/v1/namespaces/guarded/pods', pod('a:1'));
  await call('loginFailed', { ...read, token: `${token.slice(0, -6)}AAAAAA` });
  const { path } = read;
  const anonymous = await client.call({ path, headers: { 'x-forwarded-for': ADDRESS, 'user-agent': AGENT } });
  played.set(String(anonymous.headers['audit-id']), 'anonymousRefused');

  await create('podOfRegistry', `${IN}/pods`, pod('registry.example.com/team/web:1.2.3'));
  await create('podOfElsewhere', `${IN}/pods`, pod('docker.io/library/web:1.2.3', 'elsewhere'));
  const volumes = [{ name: 'v', hostPath: { path: '/var/run/docker.sock' } }];
  await create('podOnHost', `${IN}/pods`, pod('a:1', 'on-host', { hostPID: true, volumes }));
  await create('podNotOnHost', `${IN}/pods`, pod('a:1', 'not-on-host', { volumes: [{ name: 'v', emptyDir: {} }] }));
  const securityContext = { privileged: true, runAsUser: 0, capabilities: { add: ['SYS_ADMIN'] } };
  await create(
    'privilegedPod',
    `${IN}/pods`,
    pod('a:1', 'privileged', { containers: [{ name: 'a', image: 'a:1', securityContext }] }),
  );
  await create('podWithGeneratedName', `${IN}/pods`, { ...pod('a:1'), metadata: { generateName: 'web-' } });
  for (const [name, rule] of [
    ['wildcardRole', { apiGroups: ['*'], resources: ['*'], verbs: ['*'] }],
    ['readingRole', { apiGroups: [''], resources: ['pods'], verbs: ['get'] }],
  ] as const)
    await create(name, `${RBAC}/clusterroles`, { metadata: { name: name.toLowerCase() }, rules: [rule] });
  for (const [name, role, subject] of [
    ['adminBinding', 'cluster-admin', 'eve'],
    ['viewBinding', 'view', 'dana'],
  ] as const)
    await create(name, `${RBAC}/clusterrolebindings`, {
      metadata: { name: name.toLowerCase() },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role },
      subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: subject }],
    });
  const spec = { type: 'NodePort', ports: [{ port: 80 }] };
  await create('nodePort', `${IN}/services`, { metadata: { name: 's' }, spec });

  const script = encodeURIComponent(`echo ${'a very long script; '.repeat(200)}`);
  for (const [name, query] of [
    ['execOfShell', 'command=sh&command=-c&command=cat+%2Fetc%2Fshadow&container=web&stderr=true&stdout=true'],
    ['execOfDate', 'command=date&container=web&stderr=true&stdout=true'],
    ['execOfLongScript', `command=sh&command=-c&command=${script}&container=web&stdout=true&stdin=true`],
  ] as const)
    played.set(await exec(context, token, `${IN}/pods/web/exec?${query}`), name);
  return played;
}

const pod = (image: string, name = 'web', spec: object = {}) => ({
  metadata: { name },
  spec: { containers: [{ name: 'web', image }], ...spec },
});

async function prepare(client: GatewayClient): Promise<void> {
  for (const name of ['payments', 'small', 'guarded']) await client.kubectl(['create', 'namespace', name]);
  await client.kubectl(['create', 'configmap', 'settings', '--namespace=payments', '--from-literal=a=b']);
  await client.kubectl(['create', 'quota', 'small', '--namespace=small', '--hard=pods=0']);
  await client.kubectl(['create', 'serviceaccount', 'runner', '--namespace=payments']);
  await client.kubectl([
    'create',
    'rolebinding',
    'runners',
    '--namespace=payments',
    '--clusterrole=view',
    '--user=chaperone:sa:payments:runner',
  ]);
  // ServiceAccounts come into namespaces a moment after them, and no pod is made without one.
  for (const namespace of ['payments', 'small', 'guarded'])
    await client.kubectl([
      'wait',
      'serviceaccount/default',
      `--namespace=${namespace}`,
      '--for=create',
      '--timeout=20s',
    ]);
  const allow = (name: string, resources: [string, ...string[]], apiGroups: [string] = ['']): PolicyRule => ({
    name,
    action: 'Allow',
    verbs: ['*'],
    apiGroups,
    resources,
  });
  await client.applyPolicy('scenes', {
    mode: 'Enforce',
    subjects: [
      { kind: 'Group', name: 'agents' },
      { kind: 'Group', name: 'without-roles' },
      { kind: 'ServiceAccount', namespace: 'payments', name: 'runner' },
    ],
    rules: [
      allow('core', ['configmaps', 'pods', 'pods/exec', 'secrets', 'services']),
      allow('roles', ['clusterroles', 'clusterrolebindings'], ['rbac.authorization.k8s.io']),
    ],
  });
  await client.applyPolicy('guard', {
    mode: 'Enforce',
    subjects: [{ kind: 'Group', name: 'agents' }],
    rules: [
      {
        name: 'no-pods',
        action: 'Deny',
        verbs: ['create'],
        apiGroups: [''],
        resources: ['pods'],
        namespaces: ['guarded'],
        reason: 'Nobody creates pods here',
      },
    ],
  });
}

/** A token of the ServiceAccount that is bound to a pod, for the gateway. */
async function podToken(client: GatewayClient, name: string): Promise<string> {
  const runner = pod('a:1', name, { serviceAccountName: 'runner' });
  await client.kubectl(['create', '--namespace=payments', '--filename=-'], {
    apiVersion: 'v1',
    kind: 'Pod',
    ...runner,
  });
  const { stdout } = await client.kubectl([
    'create',
    'token',
    'runner',
    '--namespace=payments',
    '--audience=chaperone',
    '--bound-object-kind=Pod',
    `--bound-object-name=${name}`,
  ]);
  return stdout.trim();
}

/** Asks for an exec; without a node it is refused by the API server. Answers its audit id. */
function exec({ url, caFile }: GatewayContext, token: string, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`${url.replace('https', 'wss')}${path}`, ['v5.channel.k8s.io'], {
      ca: readFileSync(caFile),
      headers: { authorization: `Bearer ${token}`, 'x-forwarded-for': ADDRESS, 'user-agent': AGENT },
    });
    socket.on('unexpected-response', (_request, response) => {
      resolve(String(response.headers['audit-id']));
      response.resume();
      socket.terminate();
    });
    socket.on('open', () => {
      socket.terminate();
      reject(new Error('there is a node'));
    });
    socket.on('error', () => undefined);
  });
}
