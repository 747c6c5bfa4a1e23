import { decodeJson } from '@chaperone/proxy/masking/codec/json-document';
import { CallValues } from '@chaperone/proxy/masking/engine/call-values';
import { memberOf, textAt } from '@chaperone/proxy/masking/engine/document-reading';
import { BODY } from '@chaperone/proxy/masking/engine/shape';
import { pathsOfColumn } from '@chaperone/proxy/masking/engine/table-columns';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { newGatewayClient, type GatewayClient } from '../proxy/gateway-client.ts';
import { callTo, maskingOfRules, maskJson } from './rules.ts';

const SEED = 'zebra-velvet-4711';
const GROUP = 'masking-engine';
/** Of every object alike; the engine tells them by their format or their value. */
const OF_EVERY_OBJECT: ReadonlySet<string> = new Set(['Name', 'Age', 'Created At', 'Last Seen', 'First Seen']);

let client: GatewayClient;
let token: string;

beforeAll(async () => {
  client = newGatewayClient(inject('gateway'));
  token = await client.token({ user: 'columns@example.com', groups: ['agents', GROUP] });
  await client.applyPolicy(GROUP, {
    mode: 'Enforce',
    subjects: [{ kind: 'Group', name: GROUP }],
    rules: [
      { name: 'read', action: 'Allow', verbs: ['get', 'list'], apiGroups: ['*'], resources: ['*'] },
      { name: 'write', action: 'Allow', verbs: ['create'], apiGroups: [''], resources: ['secrets'] },
    ],
  });
});

afterAll(async () => {
  await client.deletePolicy(GROUP);
  await client.close();
});

/** The columns of a resource by name, and whether each is the name of the object. */
async function columnsOf(path: string): Promise<ReadonlyMap<string, boolean>> {
  const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io';
  const answer = await client.call({ path, token, headers: { accept } });
  expect(answer).toMatchObject({ status: 200 });
  const columns = memberOf(decodeJson(Buffer.from(answer.text)).root, 'columnDefinitions');
  if (columns?.kind !== 'list') throw new TypeError('no Table');
  return new Map(columns.items.map((column) => [textAt(column, 'name') ?? '', textAt(column, 'format') === 'name']));
}

describe('the API server prints no column of a built-in resource that is not known', () => {
  const resources: readonly (readonly [apiGroup: string, version: string, resource: string])[] = [
    ...[
      'configmaps',
      'endpoints',
      'events',
      'namespaces',
      'nodes',
      'persistentvolumeclaims',
      'persistentvolumes',
      'pods',
      'replicationcontrollers',
      'secrets',
      'serviceaccounts',
      'services',
    ].map((resource) => ['', 'v1', resource] as const),
    ...['controllerrevisions', 'daemonsets', 'deployments', 'replicasets', 'statefulsets'].map(
      (resource) => ['apps', 'v1', resource] as const,
    ),
    ['batch', 'v1', 'jobs'],
    ['batch', 'v1', 'cronjobs'],
    ['autoscaling', 'v2', 'horizontalpodautoscalers'],
    ['coordination.k8s.io', 'v1', 'leases'],
    ['discovery.k8s.io', 'v1', 'endpointslices'],
    ['events.k8s.io', 'v1', 'events'],
    ['networking.k8s.io', 'v1', 'ingresses'],
    ['networking.k8s.io', 'v1', 'networkpolicies'],
    ['policy', 'v1', 'poddisruptionbudgets'],
    ['rbac.authorization.k8s.io', 'v1', 'rolebindings'],
    ['rbac.authorization.k8s.io', 'v1', 'clusterrolebindings'],
    ['storage.k8s.io', 'v1', 'storageclasses'],
  ];
  test.each(resources)('%s/%s/%s', async (apiGroup, version, resource) => {
    const columns = await columnsOf(`/${apiGroup === '' ? 'api' : `apis/${apiGroup}`}/${version}/${resource}`);
    const names = [...columns.keys()].filter((name) => !OF_EVERY_OBJECT.has(name));
    expect(names.filter((name) => pathsOfColumn(apiGroup, resource, name) === undefined)).toEqual([]);
    expect([...columns].filter(([, isName]) => isName)).toEqual([['Name', true]]);
  });
});

describe('errors that quote what was sent show no value of a Secret', () => {
  const base = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'columns' } };
  const bodies: Record<string, object> = {
    'a key that is none': { ...base, stringData: { [`a b ${SEED}`]: SEED } },
    'data that is no base64': { ...base, data: { a: `${SEED}!` } },
    'a value of another type': { ...base, data: { a: [SEED] } },
    'data that is a text': { ...base, data: SEED },
    'a type that needs other keys': {
      ...base,
      type: 'kubernetes.io/dockerconfigjson',
      stringData: { '.dockerconfigjson': SEED },
    },
    'a label with the value': {
      ...base,
      metadata: { name: 'columns', labels: { a: `${SEED} ${SEED}` } },
      stringData: { a: SEED },
    },
  };
  test.each(Object.entries(bodies))('%s', async (_sentence, body) => {
    const path = '/api/v1/namespaces/default/secrets';
    const answer = await client.call({ method: 'POST', path, token, body });
    expect(answer.status).toBeGreaterThanOrEqual(400);
    const { audit } = maskingOfRules().maskingOf(callTo('secrets', { namespace: 'default' }));
    const values = new CallValues();
    expect(maskJson(audit, body, BODY, { values }).text).not.toContain(SEED);
    expect(maskJson(audit, answer.json(), BODY, { values }).text).not.toContain(SEED);
  });
});
