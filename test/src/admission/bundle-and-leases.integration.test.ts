import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CommandResult } from '@chaperone/e2e/process/run-command';
import { as, installChart, NAMESPACE, OPERATOR, PROXY, type Caller, type Installation } from './installed-chart.ts';

let chart: Installation;
/** A second replica of the gateway, beside `chart.proxy`, whose pod is `chaperone-proxy-0`. */
let other: Caller;

beforeAll(async () => {
  chart = await installChart();
  other = await chart.replica('chaperone-proxy-1');
}, 180_000);

afterAll(async () => {
  await chart?.stop();
}, 60_000);

const inNamespace = `--namespace=${NAMESPACE}`;

const create = (caller: Caller, object: object): Promise<CommandResult> =>
  chart.kubectl(caller, ['create', '--filename=-'], object);

const patch = (caller: Caller, object: string, change: unknown): Promise<CommandResult> =>
  chart.kubectl(caller, ['patch', object, inNamespace, '--type=merge', `--patch=${JSON.stringify(change)}`]);

const remove = (caller: Caller, object: string): Promise<CommandResult> =>
  chart.kubectl(caller, ['delete', object, inNamespace]);

/** In which words an admission policy refused; all of standard error where something else happened. */
async function denial(policy: string, result: Promise<CommandResult>): Promise<string> {
  const { code, stderr } = await result;
  const [, message] = stderr.split(`ValidatingAdmissionPolicy '${policy}' with binding '${policy}' denied request: `);
  return code === 0 || message === undefined ? `not denied by admission: ${stderr}` : message;
}

const configMap = (name: string, metadata: object = {}): object => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: NAMESPACE, ...metadata },
  data: { revision: 'a' },
});

const lease = (name: string, metadata: object = {}): object => ({
  apiVersion: 'coordination.k8s.io/v1',
  kind: 'Lease',
  metadata: { name, namespace: NAMESPACE, ...metadata },
  spec: { holderIdentity: name, leaseDurationSeconds: 15 },
});

const replica = { labels: { 'app.kubernetes.io/component': 'proxy' } };

/** Everybody but the operator, each with all rights that RBAC can give. */
const others: readonly { name: string; caller: () => Caller }[] = [
  { name: 'an administrator', caller: () => chart.administrator },
  { name: 'system:masters', caller: () => chart.admin },
  { name: 'the gateway', caller: () => as(chart.admin, PROXY, ['administrators']) },
  { name: 'the garbage collector', caller: () => as(chart.admin, COLLECTOR, ['administrators']) },
];
const COLLECTOR = 'system:serviceaccount:kube-system:generic-garbage-collector';

describe('the policy bundle', () => {
  test('is written, changed and removed by the operator', async () => {
    for (const name of ['chaperone-bundle', 'chaperone-bundle-0a1b2c']) {
      expect(await create(chart.operator, configMap(name))).toMatchObject({ code: 0, stderr: '' });
      expect(await patch(chart.operator, `configmap/${name}`, { data: { revision: 'b' } })).toMatchObject({
        code: 0,
        stderr: '',
      });
      expect(await remove(chart.operator, `configmap/${name}`)).toMatchObject({ code: 0, stderr: '' });
    }
  });

  test.each(others)('is neither created nor changed by $name', async ({ caller }) => {
    const message = 'only the operator writes the policy bundle: change AgentPolicies and MaskingRules instead';
    for (const object of [
      configMap('chaperone-bundle'),
      configMap('chaperone-bundle-0a1b2c'),
      configMap('harmless', { labels: { 'chaperone.dev/bundle': 'part' } }),
      configMap('', { name: undefined, generateName: 'chaperone-bundle-' }),
    ]) {
      expect(await denial('chaperone-bundle', create(caller(), object))).toContain(message);
    }
    expect(await create(chart.operator, configMap('chaperone-bundle'))).toMatchObject({ code: 0, stderr: '' });
    for (const change of [{ data: { revision: 'b' } }, { metadata: { labels: { a: 'b' } } }, { immutable: true }]) {
      const changed = patch(caller(), 'configmap/chaperone-bundle', change);
      expect(await denial('chaperone-bundle', changed)).toContain(message);
    }
    expect(await remove(chart.operator, 'configmap/chaperone-bundle')).toMatchObject({ code: 0, stderr: '' });
  });

  test('does not come about by a label on a ConfigMap of somebody else', async () => {
    expect(await create(chart.administrator, configMap('another'))).toMatchObject({ code: 0, stderr: '' });
    const labelled = patch(chart.administrator, 'configmap/another', {
      metadata: { labels: { 'chaperone.dev/bundle': 'part' } },
    });
    expect(await denial('chaperone-bundle', labelled)).toContain('only the operator writes the policy bundle');
  });

  test('is removed by no administrator, but by a break-glass group', async () => {
    expect(await create(chart.operator, configMap('chaperone-bundle'))).toMatchObject({ code: 0, stderr: '' });
    for (const caller of [chart.administrator, as(chart.admin, PROXY, ['administrators'])]) {
      const removed = remove(caller, 'configmap/chaperone-bundle');
      expect(await denial('chaperone-bundle', removed)).toContain(
        'only the operator, and members of the break-glass groups, delete parts of the policy bundle',
      );
      const all = `/api/v1/namespaces/${NAMESPACE}/configmaps?fieldSelector=metadata.name=chaperone-bundle`;
      expect(await denial('chaperone-bundle', chart.kubectl(caller, ['delete', `--raw=${all}`]))).toContain(
        'only the operator, and members of the break-glass groups, delete parts of the policy bundle',
      );
    }
    expect(await remove(chart.admin, 'configmap/chaperone-bundle')).toMatchObject({ code: 0, stderr: '' });
  });

  test('goes with its owner, orphaned or collected', async () => {
    const owned = async (name: string): Promise<void> => {
      await chart.kubectl(chart.admin, ['create', 'clusterrole', 'owner', '--verb=get', '--resource=pods']);
      const read = ['get', 'clusterrole', 'owner', '--output=jsonpath={.metadata.uid}'];
      const { stdout: uid } = await chart.kubectl(chart.admin, read);
      const owner = { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', name: 'owner', uid };
      const object = configMap(name, { ownerReferences: [owner] });
      expect(await create(chart.operator, object)).toMatchObject({ code: 0, stderr: '' });
    };
    await owned('chaperone-bundle-orphaned');
    const orphaned = await chart.kubectl(chart.admin, [
      'delete',
      'clusterrole/owner',
      '--cascade=orphan',
      '--timeout=20s',
    ]);
    expect(orphaned).toMatchObject({ code: 0, stderr: '' });
    await owned('chaperone-bundle-collected');
    await chart.kubectl(chart.admin, ['delete', 'clusterrole/owner', '--cascade=background']);
    const list = ['get', 'configmaps', inNamespace, '--output=name'];
    await expect
      .poll(async () => (await chart.kubectl(chart.admin, list)).stdout)
      .not.toContain('chaperone-bundle-collected');
    expect((await chart.kubectl(chart.admin, list)).stdout).toContain('chaperone-bundle-orphaned');
  });

  test('elsewhere is nobody’s business, and so are other ConfigMaps', async () => {
    const elsewhere = configMap('chaperone-bundle', { namespace: 'default' });
    expect(await create(chart.administrator, elsewhere)).toMatchObject({ code: 0, stderr: '' });
    expect(await create(chart.administrator, configMap('chaperone-bundles'))).toMatchObject({ code: 0, stderr: '' });
  });
});

describe('the registry of writers', () => {
  test('is written, changed and removed by the operator', async () => {
    expect(await create(chart.operator, configMap('chaperone-writers'))).toMatchObject({ code: 0, stderr: '' });
    const changed = patch(chart.operator, 'configmap/chaperone-writers', { data: { revision: 'b' } });
    expect(await changed).toMatchObject({ code: 0, stderr: '' });
    expect(await remove(chart.operator, 'configmap/chaperone-writers')).toMatchObject({ code: 0, stderr: '' });
  });

  test.each([...others, { name: 'a replica of the gateway', caller: () => chart.proxy }])(
    'is neither created nor changed by $name',
    async ({ caller, name }) => {
      // RBAC is before admission, and gives a replica nothing to write.
      const refused = async (result: Promise<CommandResult>): Promise<string> =>
        name === 'a replica of the gateway' ? (await result).stderr : denial('chaperone-bundle', result);
      const message =
        name === 'a replica of the gateway' ? 'is forbidden' : 'only the operator writes the registry of writers';
      expect(await refused(create(caller(), configMap('chaperone-writers')))).toContain(message);
      expect(await create(chart.operator, configMap('chaperone-writers'))).toMatchObject({ code: 0, stderr: '' });
      const changed = patch(caller(), 'configmap/chaperone-writers', { data: { 'registry.json': '{}' } });
      expect(await refused(changed)).toContain(message);
      expect(await remove(chart.operator, 'configmap/chaperone-writers')).toMatchObject({ code: 0, stderr: '' });
    },
  );

  test('is removed by no administrator, but by a break-glass group', async () => {
    expect(await create(chart.operator, configMap('chaperone-writers'))).toMatchObject({ code: 0, stderr: '' });
    for (const caller of [chart.administrator, as(chart.admin, PROXY, ['administrators'])])
      expect(await denial('chaperone-bundle', remove(caller, 'configmap/chaperone-writers'))).toContain(
        'only the operator, and members of the break-glass groups, delete the registry of writers',
      );
    expect(await remove(chart.admin, 'configmap/chaperone-writers')).toMatchObject({ code: 0, stderr: '' });
  });
});

describe('the Lease of the leader', () => {
  test('is written by the operator', async () => {
    expect(await create(chart.operator, lease('chaperone-operator'))).toMatchObject({ code: 0, stderr: '' });
    const renewed = patch(chart.operator, 'lease/chaperone-operator', { spec: { leaseTransitions: 1 } });
    expect(await renewed).toMatchObject({ code: 0, stderr: '' });
    expect(await remove(chart.operator, 'lease/chaperone-operator')).toMatchObject({ code: 0, stderr: '' });
  });

  test.each(others)('is neither created nor changed by $name', async ({ caller }) => {
    const message = 'only the operator writes the Lease of its leader';
    expect(await denial('chaperone-leases', create(caller(), lease('chaperone-operator')))).toContain(message);
    expect(await create(chart.operator, lease('chaperone-operator'))).toMatchObject({ code: 0, stderr: '' });
    const taken = patch(caller(), 'lease/chaperone-operator', { spec: { holderIdentity: 'somebody' } });
    expect(await denial('chaperone-leases', taken)).toContain(message);
    expect(await remove(chart.operator, 'lease/chaperone-operator')).toMatchObject({ code: 0, stderr: '' });
  });

  test('is not written by a replica of the gateway whose pod has its name', async () => {
    const impostor = await chart.replica('chaperone-operator');
    const message = 'only the operator writes the Lease of its leader';
    expect(await denial('chaperone-leases', create(impostor, lease('chaperone-operator')))).toContain(message);
  });
});

describe('the Lease of a replica', () => {
  test('is written by the replica of its name, and removed by it', async () => {
    expect(await create(chart.proxy, lease('chaperone-proxy-0', replica))).toMatchObject({ code: 0, stderr: '' });
    const renewed = patch(chart.proxy, 'lease/chaperone-proxy-0', {
      metadata: { annotations: { 'chaperone.dev/revision': 'b' } },
      spec: { leaseTransitions: 1 },
    });
    expect(await renewed).toMatchObject({ code: 0, stderr: '' });
    expect(await remove(chart.proxy, 'lease/chaperone-proxy-0')).toMatchObject({ code: 0, stderr: '' });
  });

  const message = 'a Lease of the gateway is written only by the replica that it is named after';

  test('is not created by another replica, with or without the label', async () => {
    for (const metadata of [replica, {}]) {
      const created = create(other, lease('chaperone-proxy-0', metadata));
      expect(await denial('chaperone-leases', created)).toContain(message);
    }
  });

  test('is not created by the gateway with a token that is bound to no pod', async () => {
    const { stdout: token } = await chart.kubectl(chart.admin, ['create', 'token', 'chaperone-proxy', inNamespace]);
    const created = chart.call(
      { ...chart.proxy, token: token.trim() },
      {
        method: 'POST',
        path: `/apis/coordination.k8s.io/v1/namespaces/${NAMESPACE}/leases`,
        body: lease('chaperone-proxy-0', replica),
      },
    );
    expect(await denial('chaperone-leases', created)).toContain(message);
  });

  test.each([
    ...others,
    { name: 'another replica', caller: () => other },
    { name: 'the operator', caller: () => as(chart.admin, OPERATOR, ['administrators']) },
    {
      name: 'somebody else with a token that is bound to a pod of that name',
      caller: () =>
        as(chart.admin, `system:serviceaccount:${NAMESPACE}:default`, ['administrators'], {
          'authentication.kubernetes.io/pod-name': 'chaperone-proxy-0',
        }),
    },
  ])('is not changed by $name', async ({ caller }) => {
    expect(await create(chart.proxy, lease('chaperone-proxy-0', replica))).toMatchObject({ code: 0, stderr: '' });
    for (const change of [
      { metadata: { annotations: { 'chaperone.dev/revision': 'forged' } } },
      { metadata: { labels: { 'app.kubernetes.io/component': null } } },
      { spec: { leaseDurationSeconds: 86_400 } },
    ]) {
      const changed = patch(caller(), 'lease/chaperone-proxy-0', change);
      expect(await denial('chaperone-leases', changed)).toContain(message);
    }
    expect(await remove(chart.proxy, 'lease/chaperone-proxy-0')).toMatchObject({ code: 0, stderr: '' });
  });

  test('is removed by no administrator and no other replica, but by operator and break-glass group', async () => {
    for (const caller of [chart.operator, chart.admin]) {
      expect(await create(chart.proxy, lease('chaperone-proxy-0', replica))).toMatchObject({ code: 0, stderr: '' });
      for (const stranger of [chart.administrator, other]) {
        const removed = remove(stranger, 'lease/chaperone-proxy-0');
        expect(await denial('chaperone-leases', removed)).toContain(message);
      }
      expect(await remove(caller, 'lease/chaperone-proxy-0')).toMatchObject({ code: 0, stderr: '' });
    }
  });

  test('is not made of the Lease of somebody else, nor forged under any other name', async () => {
    expect(await denial('chaperone-leases', create(chart.administrator, lease('forged', replica)))).toContain(message);
    expect(await create(chart.administrator, lease('another'))).toMatchObject({ code: 0, stderr: '' });
    const labelled = patch(chart.administrator, 'lease/another', { metadata: replica });
    expect(await denial('chaperone-leases', labelled)).toContain(message);
  });

  test('is collected with its pod', async () => {
    const third = await chart.replica('chaperone-proxy-2');
    const { stdout: uid } = await chart.kubectl(chart.admin, [
      'get',
      'pod',
      'chaperone-proxy-2',
      inNamespace,
      '--output=jsonpath={.metadata.uid}',
    ]);
    const owner = { apiVersion: 'v1', kind: 'Pod', name: 'chaperone-proxy-2', uid };
    const owned = lease('chaperone-proxy-2', { ...replica, ownerReferences: [owner] });
    expect(await create(third, owned)).toMatchObject({ code: 0, stderr: '' });
    await chart.kubectl(chart.admin, [
      'delete',
      'pod',
      'chaperone-proxy-2',
      inNamespace,
      '--force',
      '--grace-period=0',
    ]);
    await expect
      .poll(async () => (await chart.kubectl(chart.admin, ['get', 'leases', inNamespace, '--output=name'])).stdout)
      .not.toContain('chaperone-proxy-2');
  });
});

describe('every admission policy', () => {
  const names = ['approvalrequests', 'bundle', 'leases', 'secrets'].map((name) => `chaperone-${name}`);

  /** What the API server's type checker says about a copy of the policy that has no binding. */
  async function warningsOf(policy: string, alter: (spec: string) => string): Promise<unknown> {
    const get = ['get', 'validatingadmissionpolicy', '--output=json'];
    const { stdout } = await chart.kubectl(chart.admin, [...get, policy]);
    const { spec } = asRecord(JSON.parse(stdout));
    const copy = `copy-of-${policy}`;
    await chart.kubectl(chart.admin, ['delete', 'validatingadmissionpolicy', copy, '--ignore-not-found']);
    const created = await create(chart.admin, {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingAdmissionPolicy',
      metadata: { name: copy },
      spec: asRecord(JSON.parse(alter(JSON.stringify(spec)))),
    });
    expect(created).toMatchObject({ code: 0, stderr: '' });
    const checked = async (): Promise<Record<string, unknown>> =>
      asRecord(asRecord(JSON.parse((await chart.kubectl(chart.admin, [...get, copy])).stdout))['status'] ?? {});
    await expect.poll(async () => (await checked())['observedGeneration']).toBe(1);
    return asRecord((await checked())['typeChecking'] ?? {})['expressionWarnings'];
  }

  test('fits the schemas of what it judges', async () => {
    // First that the checker would find a mistake: it says nothing where it does not know the schema yet.
    await expect
      .poll(() => warningsOf('chaperone-approvalrequests', (spec) => spec.replaceAll('?voided', '?voyded')))
      .toBeDefined();
    for (const policy of names) {
      expect(await warningsOf(policy, (spec) => spec), policy).toBeUndefined();
    }
  });

  test.each(names)('%s denies whatever it cannot judge', async (name) => {
    const get = (kind: string): Promise<CommandResult> =>
      chart.kubectl(chart.admin, ['get', kind, name, '--output=json']);
    expect(JSON.parse((await get('validatingadmissionpolicy')).stdout)).toMatchObject({
      spec: { failurePolicy: 'Fail' },
    });
    const { spec } = asRecord(JSON.parse((await get('validatingadmissionpolicybinding')).stdout));
    expect(spec).toEqual({ policyName: name, validationActions: ['Deny'] });
  });
});

function asRecord(value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null) throw new TypeError('not an object');
  return Object.fromEntries(Object.entries(value));
}
