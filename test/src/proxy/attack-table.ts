import type { AgentPolicySpec } from '@chaperone/crds/v1alpha1/generated/api';
import type { AttackRow } from './attack-inventory.ts';

type Rules = AgentPolicySpec['rules'];

const EXITS = ['pods/exec', 'pods/attach', 'pods/portforward', 'pods/proxy', 'services/proxy'];
const ALL: Rules[number] = { name: 'all', action: 'Allow', verbs: ['*'], apiGroups: ['*'], resources: ['*'] };

export type Caller =
  | 'may do everything but the exits'
  | 'may do everything'
  | 'may get everything but the exits'
  | 'may delete as a dry run'
  | 'may touch all but db-pass'
  | 'may update, but not create'
  | 'may read secrets, but not patch'
  | 'may reach every service but one'
  | 'may reach one service'
  | 'may do all with pods and deployments'
  | 'has no token';

/** Who attacks, by what policy allows them. RBAC allows them all. */
export const CALLERS: Readonly<Record<Caller, Rules>> = {
  'may do everything but the exits': [ALL],
  'may do everything': [ALL, { name: 'exits', action: 'Allow', verbs: ['*'], apiGroups: [''], resources: EXITS }],
  'may get everything but the exits': [
    { name: 'reads', action: 'Allow', verbs: ['get'], apiGroups: ['*'], resources: ['*'] },
  ],
  'may delete as a dry run': [
    {
      name: 'rehearsals',
      action: 'Allow',
      verbs: ['delete', 'deletecollection'],
      apiGroups: [''],
      resources: ['configmaps'],
      conditions: [{ name: 'dry', expression: 'request.dryRun' }],
    },
  ],
  'may touch all but db-pass': [
    { name: 'all', action: 'Allow', verbs: ['*'], apiGroups: [''], resources: ['configmaps', 'secrets'] },
    {
      name: 'not-this',
      action: 'Deny',
      verbs: ['*'],
      apiGroups: [''],
      resources: ['configmaps', 'secrets'],
      resourceNames: ['db-pass'],
    },
  ],
  'may update, but not create': [
    { name: 'updates', action: 'Allow', verbs: ['update', 'patch'], apiGroups: [''], resources: ['configmaps'] },
  ],
  'may read secrets, but not patch': [
    { name: 'reads', action: 'Allow', verbs: ['create', 'list'], apiGroups: [''], resources: ['secrets'] },
  ],
  'may reach every service but one': [
    { name: 'services', action: 'Allow', verbs: ['create'], apiGroups: [''], resources: ['services/proxy'] },
    {
      name: 'not-this',
      action: 'Deny',
      verbs: ['create'],
      apiGroups: [''],
      resources: ['services/proxy'],
      resourceNames: ['https:svc:443'],
    },
  ],
  'may reach one service': [
    {
      name: 'service',
      action: 'Allow',
      verbs: ['create'],
      apiGroups: [''],
      resources: ['services/proxy'],
      resourceNames: ['svc'],
    },
  ],
  'may do all with pods and deployments': [
    { name: 'workloads', action: 'Allow', verbs: ['*'], apiGroups: ['', 'apps'], resources: ['pods', 'deployments'] },
  ],
  'has no token': [],
};

/** What stands before the first attack, in the namespace of the attacks. */
export const NAMESPACE = 'attack-table';

export interface Attack {
  readonly what: string;
  readonly caller: Caller;
  /** The request line without its version. */
  readonly request: string;
  readonly headers?: readonly string[];
  readonly body?: string;
  readonly outcome: Refused | Answered;
  /** `kind/name` that must exist, or no longer exist, when all is over. */
  readonly leaves?: string;
  readonly removes?: string;
}

/** Nothing of it reaches the API server. */
interface Refused {
  readonly refused: number;
  readonly saying?: RegExp;
  /** What the caller's objects are may be looked at first: reads and dry runs, as the caller. */
  readonly afterALook?: true;
}

/** The API server answers it, and answers the same to the same call without the gateway. */
interface Answered {
  readonly answered: number;
  readonly saying?: RegExp;
}

const NS = `/api/v1/namespaces/${NAMESPACE}`;
const JSON_BODY = ['Content-Type: application/json'];
const JSON_PATCH = ['Content-Type: application/json-patch+json'];
const APPLY = ['Content-Type: application/apply-patch+yaml'];
const WEBSOCKET = [
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  'Sec-WebSocket-Protocol: v5.channel.k8s.io',
];
const SPDY = ['Connection: Upgrade', 'Upgrade: SPDY/3.1', 'X-Stream-Protocol-Version: v4.channel.k8s.io'];
const EXEC = `${NS}/pods/absent/exec?command=id&stdout=true`;
const REVIEW = '{"apiVersion":"authentication.k8s.io/v1","kind":"SelfSubjectReview"}';
const configMap = (name: string): string =>
  JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { a: '1' } });
const aboutExec = /cannot create resource "pods\/exec"/;

/** The same outcome for each of several requests. */
const each = (
  requests: readonly string[],
  attack: Omit<Attack, 'what' | 'request'> & { readonly method?: string },
): Attack[] => {
  const { method = 'GET', ...rest } = attack;
  return requests.map((target) => ({ what: `${method} ${target}`, request: `${method} ${target}`, ...rest }));
};

/** Every row of the inventory with its attacks. */
export const ATTACKS: Readonly<Record<AttackRow, readonly Attack[]>> = {
  'a namespace that is empty lists every namespace': [
    ...each(['/api/v1/namespaces//secrets', '/apis/apps/v1/namespaces//deployments', '/api/v1//secrets'], {
      caller: 'may do everything',
      outcome: { refused: 400 },
    }),
    ...each(['/api/v1/namespaces//configmaps'], {
      method: 'DELETE',
      caller: 'may do everything',
      outcome: { refused: 400 },
    }),
  ],
  'an encoded slash makes a pod its exec': each(
    [
      `${NS}/pods/p%2Fexec?command=id`,
      `${NS}/pods/p%2fexec?command=id`,
      `${NS}/pods/p%252Fexec?command=id`,
      `${NS}/pods%2Fp/exec?command=id`,
      `${NS}%2Fpods/p`,
    ],
    { caller: 'may do everything', outcome: { refused: 400 } },
  ),
  'a slash at the end of exec': [
    ...each([`${NS}/pods/absent/exec/?command=id`], {
      caller: 'may do everything but the exits',
      outcome: { refused: 403, saying: aboutExec },
    }),
    {
      what: 'over a WebSocket',
      caller: 'may do everything but the exits',
      request: `GET ${NS}/pods/absent/exec/?command=id&stdout=true`,
      headers: WEBSOCKET,
      outcome: { refused: 403, saying: aboutExec },
    },
  ],
  'dot segments in a path': each(
    [
      '/api/v1/namespaces/../secrets',
      '/api/v1/namespaces/%2e%2e/secrets',
      '/api/v1/namespaces/.%2E/secrets',
      `${NS}/../kube-system/secrets`,
      `${NS}/./secrets`,
      `${NS}/secrets/..`,
      `${NS}/secrets/..%2f..%2f..%2fkube-system`,
      `${NS}/pods/p/proxy/../../../secrets`,
      `${NS}/pods/p/proxy/%2e%2e/%2e%2e`,
    ],
    { caller: 'may do everything', outcome: { refused: 400 } },
  ),
  'two slashes at the start, and targets in other forms': [
    ...each(
      [
        '//api/v1/secrets',
        '///api/v1/secrets',
        'https://gateway/api/v1/secrets',
        'http://x/api/v1/secrets',
        '*',
        'api/v1/secrets',
        '/api/v1/secrets#/version',
        '/api/v1\\secrets',
        '/api/v1/secrets%',
        '/api/v1/secrets%zz',
        '/api/v1/secrets?watch=true;limit=1',
        '/api/v1/secrets?a=%zz',
      ],
      { caller: 'may do everything', outcome: { refused: 400 } },
    ),
    ...each(['gateway:443'], { method: 'CONNECT', caller: 'may do everything', outcome: { refused: 405 } }),
  ],
  'a delete whose body replaces the dry run of its query': [
    {
      what: 'an empty object as the body is a real delete, and refused to whoever may only rehearse',
      caller: 'may delete as a dry run',
      request: `DELETE ${NS}/configmaps/kept?dryRun=All`,
      headers: JSON_BODY,
      body: '{}',
      outcome: { refused: 403, afterALook: true },
      leaves: 'configmap/kept',
    },
    {
      what: 'the same of a collection',
      caller: 'may delete as a dry run',
      request: `DELETE ${NS}/configmaps?dryRun=All`,
      headers: JSON_BODY,
      body: '{}',
      outcome: { refused: 403, afterALook: true },
      leaves: 'configmap/kept',
    },
    {
      what: 'without a body it is a dry run',
      caller: 'may delete as a dry run',
      request: `DELETE ${NS}/configmaps/kept?dryRun=All`,
      outcome: { answered: 200 },
      leaves: 'configmap/kept',
    },
    {
      what: 'a dry run in the body is one',
      caller: 'may delete as a dry run',
      request: `DELETE ${NS}/configmaps/kept`,
      headers: JSON_BODY,
      body: '{"dryRun":["All"]}',
      outcome: { answered: 200 },
      leaves: 'configmap/kept',
    },
    {
      what: 'whoever may delete deletes, as without the gateway',
      caller: 'may do everything',
      request: `DELETE ${NS}/configmaps/given-up?dryRun=All`,
      headers: JSON_BODY,
      body: '{}',
      outcome: { answered: 200 },
      removes: 'configmap/given-up',
    },
  ],
  'a create, whose name is in its body': [
    {
      what: 'the name that is denied',
      caller: 'may touch all but db-pass',
      request: `POST ${NS}/configmaps`,
      headers: JSON_BODY,
      body: configMap('db-pass'),
      outcome: { refused: 403, afterALook: true },
      removes: 'configmap/db-pass',
    },
    {
      what: 'a name in the body that is not the one in the path',
      caller: 'may update, but not create',
      request: `PUT ${NS}/configmaps/kept`,
      headers: JSON_BODY,
      body: configMap('db-pass'),
      outcome: { answered: 400 },
      removes: 'configmap/db-pass',
    },
  ],
  'an apply or an update that creates': [
    {
      what: 'PUT of what does not exist',
      caller: 'may update, but not create',
      request: `PUT ${NS}/configmaps/put`,
      headers: JSON_BODY,
      body: configMap('put'),
      outcome: { refused: 403, afterALook: true },
      removes: 'configmap/put',
    },
    {
      what: 'apply of what does not exist',
      caller: 'may update, but not create',
      request: `PATCH ${NS}/configmaps/applied?fieldManager=attack`,
      headers: APPLY,
      body: configMap('applied'),
      outcome: { refused: 403, afterALook: true },
      removes: 'configmap/applied',
    },
    {
      what: 'apply with a parameter in its content type',
      caller: 'may update, but not create',
      request: `PATCH ${NS}/configmaps/applied?fieldManager=attack`,
      headers: ['Content-Type: application/apply-patch+yaml; charset=utf-8'],
      body: configMap('applied'),
      outcome: { refused: 403, afterALook: true },
      removes: 'configmap/applied',
    },
  ],
  'the name of a proxied service with scheme and port': [
    ...each([`${NS}/services/https:svc:443/proxy/`, `${NS}/services/https%3Asvc%3A443/proxy/`], {
      caller: 'may reach every service but one',
      outcome: { refused: 403, saying: /not-this/ },
    }),
    ...each([`${NS}/services/https:svc:443/proxy/`, `${NS}/services/svc:443/proxy/`], {
      caller: 'may reach one service',
      outcome: { refused: 403 },
    }),
  ],
  'a collection call that reaches the object a rule names': [
    ...each(
      [
        `${NS}/secrets`,
        '/api/v1/secrets',
        `${NS}/secrets?watch=true`,
        `${NS}/secrets?watch`,
        `/api/v1/watch/namespaces/${NAMESPACE}/secrets`,
        `${NS}/secrets?fieldSelector=metadata.name=db-pass`,
        `${NS}/secrets?fieldSelector=metadata.name!=other`,
        `${NS}/secrets?labelSelector=a%3Db`,
      ],
      { caller: 'may touch all but db-pass', outcome: { refused: 403, saying: /not-this/ } },
    ),
    ...each([`${NS}/secrets`], {
      method: 'DELETE',
      caller: 'may touch all but db-pass',
      outcome: { refused: 403, saying: /not-this/ },
      leaves: 'secret/db-pass',
    }),
    ...each([`${NS}/secrets?fieldSelector=metadata.name%3Dother`], {
      caller: 'may touch all but db-pass',
      outcome: { answered: 200 },
    }),
  ],
  'a subresource that runs, deletes, schedules, mints or signs': [
    ...each([`${NS}/pods/absent/ephemeralcontainers`], {
      method: 'PATCH',
      caller: 'may do everything but the exits',
      headers: JSON_PATCH,
      body: '[]',
      outcome: { refused: 403, saying: /pods\/ephemeralcontainers/, afterALook: true },
    }),
    ...each([`${NS}/serviceaccounts/default/token`], {
      method: 'POST',
      caller: 'may do everything but the exits',
      headers: JSON_BODY,
      body: '{"apiVersion":"authentication.k8s.io/v1","kind":"TokenRequest","spec":{}}',
      outcome: { refused: 403, saying: /serviceaccounts\/token/ },
    }),
    ...each(['/apis/certificates.k8s.io/v1/certificatesigningrequests/absent/approval'], {
      method: 'PUT',
      caller: 'may do everything but the exits',
      headers: JSON_BODY,
      body: '{}',
      outcome: { refused: 403, saying: /certificatesigningrequests\/approval/, afterALook: true },
    }),
    ...each([`${NS}/pods/absent/eviction`, `${NS}/pods/absent/binding`], {
      method: 'POST',
      caller: 'may do all with pods and deployments',
      headers: JSON_BODY,
      body: '{}',
      outcome: { refused: 403, saying: /pods\/(?:eviction|binding)/ },
    }),
    ...each([`/apis/apps/v1/namespaces/${NAMESPACE}/deployments/absent/scale`], {
      method: 'PUT',
      caller: 'may do all with pods and deployments',
      headers: JSON_BODY,
      body: '{}',
      outcome: { refused: 403, saying: /deployments\/scale/ },
    }),
  ],
  'a JSON Patch as an oracle of values': [
    ...['bGV0bWVpbg==', 'd3Jvbmc='].map((value): Attack => ({
      what: `a test of ${value} by whoever may not patch`,
      caller: 'may read secrets, but not patch',
      request: `PATCH ${NS}/secrets/db-pass`,
      headers: JSON_PATCH,
      body: JSON.stringify([{ op: 'test', path: '/data/password', value }]),
      outcome: { refused: 403, saying: /cannot patch resource "secrets"/ },
    })),
    {
      what: 'a test that holds, by whoever may patch, as without the gateway',
      caller: 'may do everything',
      request: `PATCH ${NS}/secrets/db-pass`,
      headers: JSON_PATCH,
      body: JSON.stringify([{ op: 'test', path: '/data/password', value: 'bGV0bWVpbg==' }]),
      outcome: { answered: 200 },
    },
    {
      // What such a patch would make of the object is not known, and it might be a token of a ServiceAccount.
      what: 'a test that fails, by whoever may patch secrets through a wildcard',
      caller: 'may do everything',
      request: `PATCH ${NS}/secrets/db-pass`,
      headers: JSON_PATCH,
      body: JSON.stringify([{ op: 'test', path: '/data/password', value: 'd3Jvbmc=' }]),
      outcome: { refused: 403, afterALook: true },
    },
  ],
  'a path of exec in another spelling': [
    ...['GET', 'POST'].flatMap((method) => [
      ...each(
        [
          `${NS}/pods/absent/exec//?command=id`,
          `${NS}/pods/absent/exec%2F?command=id`,
          `${NS}/pods/absent%2Fexec?command=id`,
          `${NS}/pods/absent/%65xec?command=id`,
          `${NS}/pods/absent/exe%63?command=id`,
          `${NS}/pods//absent/exec?command=id`,
          `${NS}/pods/absent/exec%00?command=id`,
        ],
        { method, caller: 'may do everything but the exits', headers: SPDY, outcome: { refused: 400 } },
      ),
      ...each([`${NS}/pods/absent/exec/?command=id`, `${NS}/pods/absent/exec?command=id`], {
        method,
        caller: 'may do everything but the exits',
        headers: SPDY,
        outcome: { refused: 403, saying: aboutExec },
      }),
    ]),
    ...each([`${NS}/pods/absent/EXEC?command=id`], {
      caller: 'may do everything but the exits',
      outcome: { refused: 404, saying: /could not find the requested resource/, afterALook: true },
    }),
  ],
  'exec over SPDY by GET': [
    {
      what: 'is judged as create',
      caller: 'may get everything but the exits',
      request: `GET ${EXEC}`,
      headers: SPDY,
      outcome: { refused: 403, saying: aboutExec },
    },
  ],
  'an upgrade for readers of substrings': [
    ['Connection: xUpgrade', 'Upgrade: SPDY/3.1'],
    ['Connection: Upgradex', 'Upgrade: websocket'],
    ['Connection: Upgrade', 'Upgrade: h2c, SPDY/3.1'],
    ['Connection: Upgrade', 'Upgrade: xSPDY/3.1'],
    ['Connection: Upgrade', 'Upgrade: SPDY/3.1', 'Upgrade: websocket'],
    ['Connection: Upgrade', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAAQAAP__'],
    ['Upgrade: SPDY/3.1'],
    ['Connection: close', 'Upgrade: websocket'],
  ].map((headers): Attack => ({
    what: headers.join(', '),
    caller: 'may do everything',
    request: `POST ${EXEC}`,
    headers,
    outcome: { refused: 400 },
  })),
  'exec over a WebSocket, which is a GET': ['exec', 'attach', 'portforward'].flatMap((subresource): Attack[] => [
    {
      what: `${subresource} is judged as create`,
      caller: 'may get everything but the exits',
      request: `GET ${NS}/pods/absent/${subresource}?command=id&stdout=true`,
      headers: WEBSOCKET,
      outcome: { refused: 403, saying: new RegExp(`cannot create resource "pods/${subresource}"`) },
    },
  ]),
  'a log or a watch over a WebSocket': each(
    [
      `${NS}/pods/absent/log`,
      `${NS}/pods/absent/log?follow=true`,
      `${NS}/configmaps?watch=true`,
      `${NS}/configmaps`,
      '/version',
    ],
    {
      caller: 'may do everything',
      headers: [...WEBSOCKET, 'Origin: https://gateway'],
      outcome: { refused: 403, saying: /is upgraded for exec, attach and port-forward alone/ },
    },
  ),
  'an expectation, past which hooks are skipped': [
    {
      what: 'is no way to impersonate',
      caller: 'may do everything',
      request: 'POST /apis/authentication.k8s.io/v1/selfsubjectreviews',
      headers: [...JSON_BODY, 'Expect: 100-continue', 'Impersonate-User: system:admin'],
      body: REVIEW,
      outcome: { refused: 403, saying: /impersonation is not served/ },
    },
    {
      what: 'leaves the caller who it is',
      caller: 'may do everything',
      request: 'POST /apis/authentication.k8s.io/v1/selfsubjectreviews',
      headers: [...JSON_BODY, 'Expect: 100-continue'],
      body: REVIEW,
      outcome: { answered: 201, saying: /"username":"attack-\d+@example\.com"/ },
    },
    {
      what: 'of something else is refused',
      caller: 'may do everything',
      request: 'POST /apis/authentication.k8s.io/v1/selfsubjectreviews',
      headers: [...JSON_BODY, 'Expect: chaperone'],
      body: REVIEW,
      outcome: { refused: 417 },
    },
  ],
  'an upgrade, past which middleware is skipped': [WEBSOCKET, SPDY].flatMap((headers): Attack[] => [
    {
      what: `${headers[1] ?? ''} without a token`,
      caller: 'has no token',
      request: `POST ${EXEC}`,
      headers,
      outcome: { refused: 401 },
    },
    {
      what: `${headers[1] ?? ''} without a rule`,
      caller: 'may do everything but the exits',
      request: `POST ${EXEC}`,
      headers,
      outcome: { refused: 403, saying: aboutExec },
    },
    {
      what: `${headers[1] ?? ''} as somebody else`,
      caller: 'may do everything',
      request: `POST ${EXEC}`,
      headers: [...headers, 'Impersonate-User: system:admin'],
      outcome: { refused: 403, saying: /impersonation is not served/ },
    },
    {
      what: `${headers[1] ?? ''} with two tokens`,
      caller: 'may do everything',
      request: `POST ${EXEC}`,
      headers: [...headers, 'Authorization: Bearer e30.e30.e30'],
      outcome: { refused: 400 },
    },
  ]),
  'a Connection that names what has to stay': [
    'Impersonate-User',
    'close, Impersonate-User',
    'keep-alive,\tauthorization ',
    'Impersonate-Extra-Chaperone.dev%2Fvia',
    'X-Forwarded-For',
    'Audit-ID',
    'Content-Type',
  ].flatMap((options): Attack[] => [
    {
      what: options,
      caller: 'may do everything',
      request: `GET ${NS}/configmaps`,
      headers: [`Connection: ${options}`],
      outcome: { refused: 400 },
    },
    {
      what: `${options}, on an upgrade`,
      caller: 'may do everything',
      request: `GET ${EXEC}`,
      headers: [...WEBSOCKET, `Connection: ${options}`],
      outcome: { refused: 400 },
    },
  ]),
  'a proxy of a node, which runs commands': [
    ...each(
      [
        `/api/v1/nodes/n/proxy/exec/${NAMESPACE}/p/c?command=id`,
        '/api/v1/nodes/n/proxy',
        '/api/v1/nodes/n:10250/proxy/',
      ],
      {
        caller: 'may do everything',
        outcome: { refused: 403, saying: /nodes\/proxy/ },
      },
    ),
    ...each([`/api/v1/nodes/n/proxy/exec/${NAMESPACE}/p/c?command=id`], {
      caller: 'may do everything',
      headers: WEBSOCKET,
      outcome: { refused: 403, saying: /nodes\/proxy/ },
    }),
    ...each(['/api/v1/proxy/nodes/n/exec', `/api/v1/proxy/namespaces/${NAMESPACE}/pods/p`], {
      caller: 'may do everything',
      outcome: { refused: 400 },
    }),
  ],
};
