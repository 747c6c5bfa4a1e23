import type { CallEvent } from '@chaperone/proxy/audit/record/audit-event';
import { callEvent, type CallOverrides } from './call-records.ts';

/** A call as its record tells it. */
export interface Scene {
  readonly event: CallEvent;
  /** JSON text. */
  readonly requestObject?: string;
  readonly responseObject?: string;
}

const scene = (overrides: CallOverrides, requestObject?: unknown, responseObject?: unknown): Scene => ({
  event: callEvent(overrides),
  ...(requestObject === undefined ? {} : { requestObject: JSON.stringify(requestObject) }),
  ...(responseObject === undefined ? {} : { responseObject: JSON.stringify(responseObject) }),
});

const DECISION = 'authorization.k8s.io/decision';
const derived = (decision: string, reason: string) => ({
  [DECISION]: decision,
  'authorization.k8s.io/reason': reason,
  'chaperone.dev/decision-source': 'derived',
});
const FORBIDDEN =
  'secrets is forbidden: User "agent@example.com" cannot list resource "secrets" in API group "" in the namespace "payments"';

const pod = (image: string, spec: object = {}) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web' },
  spec: { containers: [{ name: 'web', image, env: [{ name: 'A', value: 'b' }] }], ...spec },
});
const creation = (resource: string, name: string, apiGroup?: string): CallOverrides => ({
  verb: 'create',
  requestURI: `/api/v1/namespaces/payments/${resource}`,
  objectRef: {
    resource,
    namespace: 'payments',
    name,
    apiVersion: 'v1',
    ...(apiGroup === undefined ? {} : { apiGroup }),
  },
  responseStatus: { code: 201 },
});
const exec = (query: string): CallOverrides => ({
  verb: 'create',
  level: 'Request',
  requestURI: `/api/v1/namespaces/payments/pods/web/exec?${query}`,
  objectRef: { resource: 'pods', namespace: 'payments', name: 'web', apiVersion: 'v1', subresource: 'exec' },
  responseStatus: { code: 101 },
});
const role = (verbs: readonly string[], resources: readonly string[]) => ({
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'ClusterRole',
  metadata: { name: 'r' },
  rules: [
    { apiGroups: [''], resources: ['configmaps'], verbs: ['get'] },
    { apiGroups: ['*'], resources, verbs },
  ],
});
const binding = (roleName: string, subject: string) => ({
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'ClusterRoleBinding',
  metadata: { name: 'b' },
  roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: roleName },
  subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: subject }],
});
const fromPod = (name: string): CallOverrides => ({
  user: {
    username: 'chaperone:sa:ci:runner',
    uid: '1',
    groups: ['chaperone:sas'],
    extra: {
      'authentication.kubernetes.io/pod-name': [name],
      'authentication.kubernetes.io/pod-uid': ['0c1b7a52-4c3d-4f0e-8d9e-6e3f1f0b8a11'],
    },
  },
});
const LONG_SCRIPT = encodeURIComponent(`echo ${'a very long script; '.repeat(200)}`);

/** Calls that people and rules look for, and others like them that they do not. */
export const SCENES = {
  read: scene({}),
  readByProxiedClient: scene({ sourceIPs: ['198.51.100.9'] }),
  readFromLoopback: scene({ sourceIPs: ['127.0.0.1'] }),
  readLongAgo: scene({
    requestReceivedTimestamp: '2026-01-01T00:00:00.000000Z',
    stageTimestamp: '2026-01-01T00:00:01.000000Z',
  }),
  readByLibrary: scene({ userAgent: 'manager/v0.0.0 (linux/amd64) kubernetes/$Format' }),
  readByAdministrator: scene({ user: { username: 'admin@example.com', groups: ['administrators'] } }),
  readFromPod: scene(fromPod('runner-0')),
  readFromOtherPod: scene(fromPod('runner-1')),
  refusedByRoles: scene({
    verb: 'list',
    requestURI: '/api/v1/namespaces/payments/secrets?limit=500',
    objectRef: { resource: 'secrets', namespace: 'payments', apiVersion: 'v1' },
    responseStatus: { code: 403, status: 'Failure', reason: 'Forbidden', message: FORBIDDEN },
    annotations: derived('forbid', 'RBAC'),
  }),
  refusedByQuota: scene({
    ...creation('pods', 'web'),
    responseStatus: {
      code: 403,
      status: 'Failure',
      reason: 'Forbidden',
      message: 'pods "web" is forbidden: exceeded quota: small',
    },
    annotations: derived('allow', ''),
  }),
  refusedByPolicy: scene({
    ...creation('pods', 'web'),
    responseStatus: {
      code: 403,
      status: 'Failure',
      reason: 'Forbidden',
      message: 'pods "web" is forbidden by AgentPolicy guard, rule no-pods',
    },
    annotations: { ...derived('forbid', 'AgentPolicy guard, rule no-pods'), 'chaperone.dev/decision-source': 'policy' },
    chaperone: {
      outcome: 'Refused',
      refusal: 'PolicyDenied',
      policy: {
        verdict: 'Deny',
        revision: 'f'.repeat(64),
        name: 'guard',
        rule: 'no-pods',
        generation: 1,
        cause: 'Rule',
        reason: 'Nobody creates pods here',
      },
    },
  }),
  loginFailed: scene({
    user: {},
    responseStatus: { code: 401, status: 'Failure', reason: 'Unauthorized' },
    annotations: {},
    chaperone: { outcome: 'Refused', refusal: 'TokenInvalid' },
  }),
  anonymousRefused: scene({
    level: 'Request',
    user: { username: 'system:anonymous', groups: ['system:unauthenticated'] },
    responseStatus: { code: 401, status: 'Failure', reason: 'Unauthorized' },
    annotations: {},
    chaperone: { outcome: 'Refused', refusal: 'NoToken' },
  }),
  execOfShell: scene(exec('command=sh&command=-c&command=cat+%2Fetc%2Fshadow&container=web&stderr=true&stdout=true')),
  execOfDate: scene(exec('command=date&container=web&stderr=true&stdout=true')),
  execOfLongScript: scene(exec(`command=sh&command=-c&command=${LONG_SCRIPT}&container=web&stdout=true&stdin=true`)),
  podOfRegistry: scene(creation('pods', 'web'), pod('registry.example.com/team/web:1.2.3')),
  podOfElsewhere: scene(creation('pods', 'web'), pod('docker.io/library/web:1.2.3')),
  podOnHost: scene(
    creation('pods', 'web'),
    pod('a:1', { hostPID: true, volumes: [{ name: 'v', hostPath: { path: '/var/run/docker.sock' } }] }),
  ),
  podNotOnHost: scene(creation('pods', 'web'), pod('a:1', { hostPID: false, volumes: [{ name: 'v', emptyDir: {} }] })),
  privilegedPod: scene(
    creation('pods', 'web'),
    pod('a:1', {
      containers: [
        {
          name: 'a',
          image: 'a:1',
          securityContext: { privileged: true, runAsUser: 0, capabilities: { add: ['SYS_ADMIN'] } },
        },
      ],
    }),
  ),
  podWithGeneratedName: scene(creation('pods', 'web-x7k2p'), { ...pod('a:1'), metadata: { generateName: 'web-' } }),
  wildcardRole: scene(
    creation('clusterroles', 'r', 'rbac.authorization.k8s.io'),
    role(['*'], ['*']),
    role(['*'], ['*']),
  ),
  readingRole: scene(
    creation('clusterroles', 'r', 'rbac.authorization.k8s.io'),
    role(['get'], ['pods']),
    role(['get'], ['pods']),
  ),
  adminBinding: scene(
    creation('clusterrolebindings', 'b', 'rbac.authorization.k8s.io'),
    binding('cluster-admin', 'eve'),
    binding('cluster-admin', 'eve'),
  ),
  viewBinding: scene(
    creation('clusterrolebindings', 'b', 'rbac.authorization.k8s.io'),
    binding('view', 'dana'),
    binding('view', 'dana'),
  ),
  nodePort: scene(creation('services', 's'), {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 's' },
    spec: { type: 'NodePort', ports: [{ port: 80 }] },
  }),
} as const satisfies Readonly<Record<string, Scene>>;

export type SceneName = keyof typeof SCENES;
