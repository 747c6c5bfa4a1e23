import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { loadAllYaml } from '@kubernetes/client-node';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { readShippedAdmission } from '@chaperone/operator/admission/shipped';
import { runCommand, type CommandResult } from '@chaperone/e2e/process/run-command';
import { CHART, installChart, NAMESPACE, type Installation } from '../admission/installed-chart.ts';

interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames: readonly string[];
  readonly verbs: readonly string[];
}

interface Rendered {
  readonly kind: string;
  readonly name: string;
  readonly namespace: string | undefined;
  readonly annotations: Readonly<Record<string, unknown>>;
  readonly rules: readonly Rule[];
  readonly spec: unknown;
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

const recordAt = (value: unknown, key: string): Record<string, unknown> => {
  const found = isRecord(value) ? value[key] : undefined;
  return isRecord(found) ? found : {};
};

const namesAt = (value: unknown, key: string): readonly string[] => {
  const found = isRecord(value) ? value[key] : undefined;
  return Array.isArray(found) ? found.map(String) : [];
};

function rendered(object: unknown): Rendered {
  const metadata = recordAt(object, 'metadata');
  const rules = isRecord(object) && Array.isArray(object['rules']) ? object['rules'] : [];
  const { namespace } = metadata;
  return {
    kind: isRecord(object) ? String(object['kind']) : '',
    name: String(metadata['name']),
    namespace: typeof namespace === 'string' ? namespace : undefined,
    annotations: recordAt(metadata, 'annotations'),
    rules: rules.map((rule) => ({
      apiGroups: namesAt(rule, 'apiGroups'),
      resources: namesAt(rule, 'resources'),
      resourceNames: namesAt(rule, 'resourceNames'),
      verbs: namesAt(rule, 'verbs'),
    })),
    spec: isRecord(object) ? object['spec'] : undefined,
  };
}

const helm = (...args: string[]): Promise<CommandResult> => runCommand(join(inject('binDirectory'), 'helm'), args);

const template = (...args: string[]): Promise<CommandResult> =>
  helm('template', 'chaperone', CHART, `--namespace=${NAMESPACE}`, ...args);

async function objects(...args: string[]): Promise<readonly Rendered[]> {
  const { code, stdout, stderr } = await template(...args);
  if (code !== 0) throw new Error(stderr);
  return loadAllYaml(stdout).flatMap((object: unknown) => (isRecord(object) ? [rendered(object)] : []));
}

const kindsOf = (all: readonly Rendered[]): readonly string[] => [...new Set(all.map(({ kind }) => kind))].sort();

const rulesOf = (all: readonly Rendered[], name: string): readonly Rule[] =>
  all.filter((one) => one.name === name).flatMap(({ rules }) => rules);

/** Of the key that signs the registry of writers: made, and neither changed by others' words nor deleted. */
const OWN_KEY = {
  apiGroups: [''],
  resources: ['secrets'],
  resourceNames: ['chaperone-registry-key'],
  verbs: ['get', 'create', 'patch'],
};

describe('the chart', () => {
  test('passes helm lint with its default values', async () => {
    expect(await helm('lint', '--strict', CHART)).toMatchObject({ code: 0 });
  });

  test('renders with its default values, and then holds no workload and no Secret', async () => {
    expect(kindsOf(await objects())).toEqual([
      'ClusterRole',
      'ClusterRoleBinding',
      'CustomResourceDefinition',
      'Role',
      'RoleBinding',
      'ServiceAccount',
      'ValidatingAdmissionPolicy',
      'ValidatingAdmissionPolicyBinding',
    ]);
  });

  test('puts every object that has a namespace into that of the release', async () => {
    const namespaces = (await objects()).map(({ namespace }) => namespace);
    expect(new Set(namespaces)).toEqual(new Set([undefined, NAMESPACE]));
  });

  test.each<{ name: string; value: string; message: string }>([
    { name: 'a value that there is not', value: 'replicas=3', message: "additional properties 'replicas' not allowed" },
    {
      name: 'a value that there is not further down',
      value: 'gateway.enabled=true',
      message: "additional properties 'enabled' not allowed",
    },
    { name: 'a text for a switch', value: 'gateway.managed=sometimes', message: 'got string, want boolean' },
    { name: 'another mode of impersonation', value: 'gateway.impersonation=All', message: 'value must be one of' },
    {
      name: 'a name that no ServiceAccount can have',
      value: "proxy.serviceAccount.name=a'b",
      message: 'does not match pattern',
    },
    {
      name: 'a group whose name would end an expression',
      value: "breakGlassGroups={a'] || true || 'b' in ['}",
      message: 'does not match pattern',
    },
    {
      name: 'everybody as a break-glass group',
      value: 'breakGlassGroups={system:authenticated}',
      message: "'not' failed",
    },
    {
      name: 'the namespace of the control plane for callers under their own names',
      value: 'gateway.nativeServiceAccountNamespaces={kube-system}',
      message: "'not' failed",
    },
  ])('refuses $name', async ({ value, message }) => {
    const { code, stderr } = await template(`--set=${value}`);
    expect(stderr).toContain("values don't meet the specifications of the schema");
    expect(stderr).toContain(message);
    expect(code).toBe(1);
  });

  test('refuses its own namespace for callers under their own names', async () => {
    const { code, stderr } = await template(`--set=gateway.nativeServiceAccountNamespaces={${NAMESPACE}}`);
    expect(stderr).toContain("not the release's own namespace, as the gateway could then act as the operator");
    expect(code).toBe(1);
  });

  test('brings the CustomResourceDefinitions as they are reviewed, to be kept or not, or not at all', async () => {
    const files = readdirSync(join(CHART, '../../crds')).filter((name) => name.endsWith('.yaml'));
    const reviewed = files.map((file) => {
      const text = readFileSync(join(CHART, '../../crds', file), 'utf8');
      return rendered(loadAllYaml(text)[0]);
    });
    const crds = (all: readonly Rendered[]): readonly Rendered[] =>
      all.filter(({ kind }) => kind === 'CustomResourceDefinition');
    const kept = crds(await objects());
    expect(kept.map(({ name, spec }) => ({ name, spec }))).toEqual(reviewed.map(({ name, spec }) => ({ name, spec })));
    expect(kept.map(({ annotations }) => annotations)).toEqual(
      files.map(() => ({ 'helm.sh/resource-policy': 'keep' })),
    );
    const removed = crds(await objects('--set=crds.keep=false'));
    expect(removed.map(({ annotations }) => annotations)).toEqual(files.map(() => ({})));
    expect(crds(await objects('--set=crds.install=false'))).toEqual([]);
  });

  test('gives the operator no workload and no Secret but its own key to write where it does not manage the gateway', async () => {
    const role = (all: readonly Rendered[]): readonly string[] =>
      rulesOf(all, 'chaperone-operator').flatMap(({ resources }) => resources);
    const managed = ['deployments', 'statefulsets', 'services', 'poddisruptionbudgets', 'serviceaccounts'];
    expect(role(await objects())).toEqual(expect.arrayContaining(managed));
    const shown = await objects('--set=gateway.managed=false');
    const unmanaged = role(shown);
    expect(managed.filter((resource) => unmanaged.includes(resource))).toEqual([]);
    expect(rulesOf(shown, 'chaperone-operator').filter(({ resources }) => resources.includes('secrets'))).toEqual([
      OWN_KEY,
    ]);
  });

  test('lets the operator only read a certificate that somebody else writes', async () => {
    const all = await objects('--set=gateway.tls.mode=Secret', '--set=gateway.tls.secretName=gateway-cert');
    const secrets = rulesOf(all, 'chaperone-operator').filter(({ resources }) => resources.includes('secrets'));
    expect(secrets).toEqual([
      OWN_KEY,
      { apiGroups: [''], resources: ['secrets'], resourceNames: ['gateway-cert'], verbs: ['get', 'list', 'watch'] },
    ]);
  });

  test('lets the gateway be the ServiceAccounts of the namespaces named for it, and of no other', async () => {
    const verbsOf = (all: readonly Rendered[], verb: string): readonly Rendered[] =>
      all.filter(({ rules }) => rules.some(({ verbs }) => verbs.includes(verb)));
    const none = await objects();
    expect(verbsOf(none, 'impersonate:serviceaccount')).toEqual([]);
    expect(verbsOf(none, 'impersonate-on:serviceaccount:get')).toEqual([]);
    const some = await objects('--set=gateway.nativeServiceAccountNamespaces={ci,builds}');
    const granted = verbsOf(some, 'impersonate:serviceaccount').map(({ kind, name, namespace }) => ({
      kind,
      name,
      namespace,
    }));
    expect(granted).toEqual([
      { kind: 'Role', name: 'chaperone-proxy-native', namespace: 'ci' },
      { kind: 'Role', name: 'chaperone-proxy-native', namespace: 'builds' },
    ]);
    expect(verbsOf(some, 'impersonate-on:serviceaccount:get').map(({ name }) => name)).toEqual(['chaperone-operator']);
  });

  test('grants legacy impersonation only when it is asked for, and never anything by a wildcard of verbs', async () => {
    const verbs = (all: readonly Rendered[]): ReadonlySet<string> =>
      new Set(all.flatMap(({ rules }) => rules.flatMap((rule) => rule.verbs)));
    const constrained = verbs(await objects('--set=gateway.nativeServiceAccountNamespaces={ci}'));
    expect(constrained).toContain('impersonate:user-info');
    expect(['*', 'impersonate', 'bind', 'escalate'].filter((verb) => constrained.has(verb))).toEqual([]);
    const legacy = verbs(await objects('--set=gateway.impersonation=Legacy'));
    expect(legacy).toContain('impersonate');
    expect(legacy).not.toContain('impersonate:user-info');
  });

  test('grants no right to a thing that it does not name, but to impersonate for others', async () => {
    const wide = (await objects()).flatMap(({ name, rules }) =>
      rules
        .filter(({ apiGroups, resources }) => apiGroups.includes('*') || resources.includes('*'))
        .map(({ verbs }) => ({ name, verbs: verbs.filter((verb) => !/^impersonate(-on)?:user-info/u.test(verb)) })),
    );
    expect(wide).toEqual([
      { name: 'chaperone-operator', verbs: [] },
      { name: 'chaperone-proxy', verbs: [] },
    ]);
  });
});

describe('the release on an API server', () => {
  const groups = ['system:masters', 'Ops & <SRE> (on-call), team@example.com'];
  let chart: Installation;

  beforeAll(async () => {
    chart = await installChart();
  }, 180_000);

  afterAll(async () => {
    await chart?.stop();
  }, 60_000);

  const names = async (kinds: string): Promise<readonly string[]> => {
    const args = ['get', kinds, '--all-namespaces', '--ignore-not-found', '--output=name'];
    const { stdout } = await chart.kubectl(chart.admin, args);
    return stdout.split('\n').filter((name) => name.includes('chaperone'));
  };

  test('is upgraded with other values, and its admission policies are then what the operator expects', async () => {
    const values = { operator: { enabled: false }, breakGlassGroups: groups };
    const upgraded = await chart.helm([
      'upgrade',
      'chaperone',
      CHART,
      `--set-json=operator=${JSON.stringify(values.operator)}`,
      `--set-json=breakGlassGroups=${JSON.stringify(groups)}`,
    ]);
    expect(upgraded).toMatchObject({ code: 0 });
    const shipped = await readShippedAdmission(join(CHART, 'files/admission'), {
      namespace: NAMESPACE,
      operator: 'chaperone-operator',
      proxy: 'chaperone-proxy',
      breakGlassGroups: groups,
    });
    expect(shipped).toHaveLength(8);
    for (const { kind, name, spec } of shipped) {
      const { stdout } = await chart.kubectl(chart.admin, ['get', kind, name, '--output=json']);
      const live: unknown = JSON.parse(stdout);
      expect(recordAt(live, 'spec'), `${kind}/${name}`).toEqual(spec);
    }
  });

  test('is removed with all that the operator made, and leaves the definitions with what is stored', async () => {
    const metadata = { name: 'chaperone-proxy-derived' };
    const read = ['get', 'clusterrole', 'chaperone-release', '--output=jsonpath={.metadata.uid}'];
    const { stdout: uid } = await chart.kubectl(chart.admin, read);
    const ownerReferences = [
      { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', name: 'chaperone-release', uid },
    ];
    const rbac = { apiVersion: 'rbac.authorization.k8s.io/v1', rules: [] };
    for (const made of [
      { ...rbac, kind: 'ClusterRole', metadata: { ...metadata, ownerReferences } },
      { ...rbac, kind: 'Role', metadata: { ...metadata, namespace: 'kube-system', ownerReferences } },
      {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: 'chaperone-bundle', namespace: NAMESPACE, ownerReferences },
      },
      {
        apiVersion: 'coordination.k8s.io/v1',
        kind: 'Lease',
        metadata: { name: 'chaperone-operator', namespace: NAMESPACE, ownerReferences },
      },
    ]) {
      const apply = ['apply', '--server-side', '--filename=-'];
      expect(await chart.kubectl(chart.operator, apply, made)).toMatchObject({ code: 0 });
    }
    expect(await chart.helm(['uninstall', 'chaperone', '--wait'])).toMatchObject({ code: 0 });
    const kinds = [
      'clusterroles,clusterrolebindings,roles,rolebindings,serviceaccounts,configmaps,leases,secrets',
      'validatingadmissionpolicies,validatingadmissionpolicybindings',
    ].join(',');
    await expect.poll(() => names(kinds)).toEqual([]);
    expect(await names('customresourcedefinitions')).toEqual(
      ['agentpolicies', 'approvalrequests', 'maskingrules'].map(
        (plural) => `customresourcedefinition.apiextensions.k8s.io/${plural}.chaperone.dev`,
      ),
    );
  });

  test('is installed again over the definitions that stayed', async () => {
    expect(await chart.helm(['install', 'chaperone', CHART, '--set=operator.enabled=false'])).toMatchObject({
      code: 0,
    });
  });
});
