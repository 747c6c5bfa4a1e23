import type { BundlePolicy } from '@chaperone/crds/bundle/bundle';
import type { PolicyRule, Subject } from '@chaperone/crds/v1alpha1/generated/api';
import type { Identity } from '@chaperone/proxy/authn/identity';
import { compileBundle } from '@chaperone/proxy/policy/compiled-bundle';
import { decide } from '@chaperone/proxy/policy/engine';
import { known, type PolicyInput } from '@chaperone/proxy/policy/policy-input';
import type { Line } from './report.ts';
import { call, identityOf } from '../policy/calls.ts';

/**
 * Times decisions at 10, 1,000 and 5,000 rules. Policies of ten rules with subjects of all kinds
 * in groups of twenty; a caller is a subject of every twentieth policy and of those for everybody, which a hundredth
 * are. One rule in five looks at labels of the Namespace, one in ten has an expression, one in ten a wildcard.
 */

const MAX_P99_US = 100;
const COUNTS = [10, 1_000, 5_000] as const;
const WARM_UP = 20_000;
const DECISIONS = 100_000;
const RESOURCES = [
  'pods',
  'services',
  'configmaps',
  'secrets',
  'deployments',
  'jobs',
  'pods/log',
  'pods/exec',
] as const;

function subjectsOf(policy: number): Subject[] {
  if (policy % 100 === 99) return [{ kind: 'Group', name: 'system:authenticated' }];
  const team = policy % 20;
  return [
    { kind: 'Group', name: `team-${team}` },
    { kind: 'User', name: `user-${policy}@example.com` },
    { kind: 'ServiceAccount', namespace: `ns-${team}`, name: 'runner' },
  ];
}

function ruleOf(index: number): PolicyRule {
  const resource = RESOURCES[index % RESOURCES.length] ?? 'pods';
  return {
    name: `rule-${index}`,
    action: index % 7 === 0 ? 'Deny' : 'Allow',
    verbs: index % 3 === 0 ? ['get', 'list', 'watch'] : ['create', 'update', 'patch', 'get'],
    apiGroups: index % 10 === 0 ? ['*'] : ['', 'apps', 'batch'],
    resources: index % 10 === 0 ? ['*'] : [resource, 'events'],
    ...(index % 2 === 0 ? { namespaces: [`ns-${index % 50}`, `ns-${index % 49}`] } : {}),
    ...(index % 5 === 0 ? { namespaceSelector: { matchLabels: { env: index % 7 === 0 ? 'prod' : 'dev' } } } : {}),
    ...(index % 10 === 3
      ? { conditions: [{ name: 'c', expression: "request.name != 'x' && 'a' in user.groups" }] }
      : {}),
  };
}

function policiesOf(count: number): BundlePolicy[] {
  const perPolicy = Math.min(count, 10);
  return Array.from({ length: count / perPolicy }, (_, policy) => ({
    name: `policy-${String(policy).padStart(4, '0')}`,
    uid: `uid-${policy}`,
    generation: 1,
    spec: {
      mode: 'Enforce',
      subjects: subjectsOf(policy),
      rules: Array.from({ length: perPolicy }, (__, index) => ruleOf(policy * perPolicy + index)),
    },
  }));
}

const callers: readonly Identity[] = Array.from({ length: 50 }, (_, index) =>
  identityOf(`user-${index}@example.com`, [`team-${index % 20}`, 'a', 'b', 'c']),
);

function inputs(): PolicyInput[] {
  const lines = RESOURCES.flatMap((resource) => {
    const [plain = '', subresource] = resource.split('/');
    const path = `/api/v1/namespaces/ns-7/${plain}`;
    const named = subresource === undefined ? `${path}/x1` : `${path}/x1/${subresource}`;
    return subresource === undefined
      ? [`GET ${named}`, `GET ${path}`, `POST ${path}`, `PATCH ${named}`, `DELETE ${named}`]
      : [`GET ${named}`];
  });
  const namespaceObject = known({ metadata: { name: 'ns-7', labels: { env: 'dev' } } });
  return callers.flatMap((caller) => lines.map((line) => call(line, { caller, namespaceObject })));
}

/** Microseconds. */
const at = (sorted: Float64Array, share: number): number =>
  Math.round((sorted[Math.floor(sorted.length * share)] ?? 0) * 100_000) / 100;

function measure(rules: number): { readonly compileMs: number; readonly p50: number; readonly p99: number } {
  const started = performance.now();
  const bundle = compileBundle({ revision: 'r', policies: policiesOf(rules) });
  const compileMs = Math.round(performance.now() - started);
  const calls = inputs();
  const times = new Float64Array(DECISIONS);
  for (let round = -WARM_UP; round < DECISIONS; round++) {
    // A prime step mixes callers and resources.
    const input = calls[((round + WARM_UP) * 7_919) % calls.length];
    if (input === undefined) continue;
    const before = performance.now();
    decide(bundle, input);
    if (round < 0) continue;
    times[round] = performance.now() - before;
  }
  times.sort();
  return { compileMs, p50: at(times, 0.5), p99: at(times, 0.99) };
}

/** Decisions by policies of these sizes; the bound is for 1,000 rules. */
export function benchDecisions(): Line[] {
  return COUNTS.map((rules) => {
    const { compileMs, p50, p99 } = measure(rules);
    return {
      what: `decision at ${rules} rules, us`,
      gateway: `p50 ${p50}, p99 ${p99} (compiled in ${compileMs} ms)`,
      ...(rules === 1_000 ? { bound: `p99 < ${MAX_P99_US}`, met: p99 < MAX_P99_US } : {}),
    };
  });
}
