import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { BundlePolicy } from '@chaperone/crds/bundle/bundle';
import type { PolicyRule, Subject } from '@chaperone/crds/v1alpha1/generated/api';
import { agents, approvalBy, compiled, deny, hold, rule } from '@chaperone/test/policy/builders';
import { comparedRules, nextExpiry } from './compared-rule.ts';
import { describeConflict } from './conflict-report.ts';
import { findConflicts, type Conflicts } from './conflicts.ts';
import { newRulePostings } from './rule-postings.ts';
import { shadows } from './rule-relations.ts';

const NOW = Date.parse('2026-01-01T00:00:00Z');

function conflictsIn(policies: readonly BundlePolicy[], maxComparisons?: number): Conflicts {
  const steps = findConflicts(policies, NOW, maxComparisons);
  for (let step = steps.next(); ; step = steps.next()) {
    if (step.done === true) {
      return step.value;
    }
  }
}

/** `policy: finding`, one a line. */
const linesOf = (policies: readonly BundlePolicy[]): string[] =>
  [...conflictsIn(policies).byPolicy].flatMap(([policy, found]) =>
    found.map((conflict) => `${policy}: ${describeConflict(conflict)}`),
  );

const bots: Subject = { kind: 'Group', name: 'bots' };
const everybody: Subject = { kind: 'Group', name: 'system:authenticated' };
const payments = { namespaces: ['payments'] };
const hour = new Date(NOW + 3_600_000).toISOString();
const day = new Date(NOW + 86_400_000).toISOString();

/** The one policy `p` with the rule `a`, and `q` with the rule `b`. */
const two = (a: PolicyRule, b: PolicyRule): BundlePolicy[] => [compiled('p', [a]), compiled('q', [b])];

const shadowed = (one: string, other: string): string =>
  `${one.split(' of ')[1] ?? ''}: rule ${one.replace(' of ', ' of policy ')} is shadowed by rule ${other.replace(' of ', ' of policy ')}: it never decides anything`;

describe('a rule is shadowed where', () => {
  test.each<[string, BundlePolicy[], string]>([
    ['a held verb is denied as widely', two(deny('a'), hold('b')), shadowed('b of q', 'a of p')],
    [
      'a wildcard denies what is allowed',
      two(deny('a', { verbs: ['*'], resources: ['*'] }), rule('b', { verbs: ['*'] })),
      shadowed('b of q', 'a of p'),
    ],
    ['an approval is asked for anyway', two(hold('a'), rule('b', payments)), shadowed('b of q', 'a of p')],
    ['another allows the same everywhere', two(rule('a'), rule('b', payments)), shadowed('b of q', 'a of p')],
    ['two are alike: the later one', two(deny('a', payments), deny('b', payments)), shadowed('b of q', 'a of p')],
    ['two approvals are alike', two(hold('a'), hold('b')), shadowed('b of q', 'a of p')],
    ['it is in the same policy', [compiled('p', [rule('a', payments), rule('b')])], shadowed('a of p', 'b of p')],
    [
      'everybody is denied it',
      [compiled('p', [deny('a')], { subjects: [everybody] }), compiled('q', [hold('b')])],
      shadowed('b of q', 'a of p'),
    ],
    [
      'it allows a path below one that is allowed',
      two(rule('a', { nonResourceURLs: ['/api*'] }), rule('b', { nonResourceURLs: ['/apis/*'] })),
      shadowed('b of q', 'a of p'),
    ],
    [
      '*/scale is denied',
      two(
        deny('a', { resources: ['*/scale'], apiGroups: ['*'] }),
        hold('b', { resources: ['deployments/scale'], apiGroups: ['apps'] }),
      ),
      shadowed('b of q', 'a of p'),
    ],
    [
      'it is only tried out and would never decide anything',
      [compiled('p', [deny('a')]), compiled('q', [rule('b')], { mode: 'DryRun' })],
      shadowed('b of q', 'a of p'),
    ],
    [
      'it ends before the other',
      [compiled('p', [rule('a')], { expiresAt: day }), compiled('q', [rule('b')], { expiresAt: hour })],
      shadowed('b of q', 'a of p'),
    ],
    [
      'it asks for the same condition and one more',
      two(
        rule('a', { conditions: [{ name: 'one', expression: 'request.dryRun' }] }),
        rule('b', {
          conditions: [
            { name: 'other', expression: 'true == true' },
            { name: 'x', expression: 'request.dryRun' },
          ],
        }),
      ),
      shadowed('b of q', 'a of p'),
    ],
  ])('%s', (_, policies, line) => {
    expect(linesOf(policies)).toEqual([line]);
  });
});

describe('nothing is reported where', () => {
  test.each<[string, BundlePolicy[]]>([
    ['there are no policies', []],
    ['two rules are about different namespaces', two(deny('a', payments), hold('b', { namespaces: ['web'] }))],
    [
      'two rules are about different names',
      two(deny('a', { resourceNames: ['x'] }), hold('b', { resourceNames: ['y'] })),
    ],
    [
      'the stronger one asks for a condition',
      two(deny('a', { conditions: [{ name: 'c', expression: 'request.dryRun' }] }), hold('b')),
    ],
    ['the stronger one selects labels', two(deny('a', { objectSelector: { matchLabels: { a: 'b' } } }), hold('b'))],
    ['subjects have nothing in common', [compiled('p', [deny('a')]), compiled('q', [rule('b')], { subjects: [bots] })]],
    [
      'the wider rule is for fewer callers',
      [compiled('p', [deny('a')]), compiled('q', [hold('b')], { subjects: [agents, bots] })],
    ],
    [
      'a wildcard is carved out',
      two(
        deny('a', { verbs: ['get', 'list', 'watch'], resources: ['secrets'] }),
        rule('b', { verbs: ['get', 'list', 'watch'], resources: ['*'] }),
      ),
    ],
    [
      'the stronger policy has expired',
      [compiled('p', [deny('a')], { expiresAt: '2025-12-31T00:00:00Z' }), compiled('q', [hold('b')])],
    ],
    ['the stronger policy ends sooner', [compiled('p', [deny('a')], { expiresAt: hour }), compiled('q', [rule('b')])]],
    ['the stronger policy is tried out', [compiled('p', [deny('a')], { mode: 'DryRun' }), compiled('q', [rule('b')])]],
    [
      'two approvals ask different people',
      two(
        hold('a'),
        hold('b', {
          approval: approvalBy('managers'),
        }),
      ),
    ],
    ['the narrower rule records more', two(rule('a', { auditLevel: 'Metadata' }), rule('b', payments))],
    [
      'the narrower rule keeps sessions',
      two(rule('a', { sessions: 'Metadata' }), rule('b', { ...payments, sessions: 'Full' })),
    ],
    [
      'a wildcard does not reach the exit that is named',
      two(
        rule('a', { verbs: ['create'], resources: ['*'] }),
        rule('b', { verbs: ['create'], resources: ['pods/exec'] }),
      ),
    ],
    [
      'a wildcard does not reach Secrets that may hold tokens',
      two(rule('a', { verbs: ['create'], resources: ['*'] }), rule('b', { verbs: ['create'], resources: ['secrets'] })),
    ],
    [
      'a kill switch denies everything',
      two(deny('a', { verbs: ['*'], apiGroups: ['*'], resources: ['*'] }), rule('b')),
    ],
    ['resources have different groups', two(deny('a', { apiGroups: ['apps'] }), hold('b'))],
    [
      'a path is longer than the one that is allowed',
      two(rule('a', { nonResourceURLs: ['/api'] }), rule('b', { nonResourceURLs: ['/api/*'] })),
    ],
  ])('%s', (_, policies) => {
    expect(linesOf(policies)).toEqual([]);
  });
});

describe('rules contradict each other where', () => {
  const says = (about: string): string[] =>
    ['q', 'p'].map((policy) => `${policy}: rule b of policy q allows what rule a of policy p denies: ${about}`);

  test.each<[string, BundlePolicy[], string]>([
    ['one policy allows by name what another denies by name', two(deny('a'), rule('b')), 'get of pods'],
    [
      'one denies it everywhere and the other allows it in a namespace',
      two(deny('a', { verbs: ['watch', 'list', 'get'] }), rule('b', { verbs: ['create', 'get'], ...payments })),
      'get of pods',
    ],
    [
      'only some subjects are the same',
      [
        compiled('p', [deny('a')], { subjects: [agents, bots] }),
        compiled('q', [rule('b')], { subjects: [bots, { kind: 'User', name: 'x' }] }),
      ],
      'get of pods',
    ],
    [
      'a group of everybody is denied it',
      [
        compiled('p', [deny('a', { apiGroups: ['*'], resources: ['deployments', 'pods'] })], { subjects: [everybody] }),
        compiled('q', [rule('b', { apiGroups: ['apps'], resources: ['deployments', 'daemonsets'] })]),
      ],
      'get of deployments.apps',
    ],
    [
      'a path is denied',
      two(deny('a', { nonResourceURLs: ['/openapi/*'] }), rule('b', { nonResourceURLs: ['/openapi/v2', '/version'] })),
      'get of /openapi/v2',
    ],
  ])('%s', (_, policies, about) => {
    expect(linesOf(policies)).toEqual(says(about));
  });

  test('they are in one policy: then the weaker one is shadowed', () => {
    expect(linesOf([compiled('p', [deny('a'), rule('b')])])).toEqual([shadowed('b of p', 'a of p')]);
  });
});

describe('a guarded call is evadable', () => {
  const on = (verb: PolicyRule['verbs'][number], resource: string, group = ''): Partial<PolicyRule> => ({
    verbs: [verb],
    resources: [resource],
    apiGroups: [group],
  });
  test.each<[string, PolicyRule, PolicyRule, string]>([
    ['by patch beside a held update', hold('g', on('update', 'pods')), rule('w', on('patch', 'pods')), 'patch of pods'],
    [
      'by update beside a denied patch',
      deny('g', on('patch', 'pods/status')),
      rule('w', on('update', 'pods/status')),
      'update of pods/status',
    ],
    [
      'by deletecollection beside delete',
      hold('g', on('delete', 'pods')),
      rule('w', on('deletecollection', 'pods')),
      'deletecollection of pods',
    ],
    [
      'by delete beside deletecollection',
      hold('g', on('deletecollection', 'pods')),
      rule('w', on('delete', 'pods')),
      'delete of pods',
    ],
    [
      'by eviction beside a held delete',
      hold('g', on('delete', 'pods')),
      rule('w', on('create', 'pods/eviction')),
      'create of pods/eviction',
    ],
    [
      'by scaling to nothing',
      hold('g', on('delete', 'deployments', 'apps')),
      rule('w', on('patch', '*/scale', '*')),
      'patch of deployments.apps/scale',
    ],
    [
      'by scaling the workload of the pods',
      deny('g', on('delete', 'pods')),
      rule('w', on('update', 'deployments/scale', 'apps')),
      'update of deployments.apps/scale',
    ],
    [
      'by changing the workload beside a held scale',
      hold('g', { ...on('update', '*/scale', '*'), verbs: ['update', 'patch'] }),
      rule('w', on('patch', 'deployments', 'apps')),
      'patch of deployments.apps',
    ],
    [
      'by attaching beside a held exec',
      hold('g', on('create', 'pods/exec')),
      rule('w', on('create', 'pods/attach')),
      'create of pods/attach',
    ],
    [
      'by a debug container beside a held exec',
      hold('g', on('create', 'pods/exec')),
      rule('w', on('patch', 'pods/ephemeralcontainers')),
      'patch of pods/ephemeralcontainers',
    ],
    [
      'by the kubelet beside a held exec',
      hold('g', on('create', 'pods/exec')),
      rule('w', on('create', 'nodes/proxy')),
      'create of nodes/proxy',
    ],
    [
      'by another tunnel',
      deny('g', on('create', 'pods/portforward')),
      rule('w', on('create', 'services/proxy')),
      'create of services/proxy',
    ],
    [
      'by listing beside a denied get',
      deny('g', on('get', 'secrets')),
      rule('w', on('list', 'secrets')),
      'list of secrets',
    ],
    [
      'by watching beside a denied list',
      deny('g', on('list', 'secrets')),
      rule('w', on('watch', '*')),
      'watch of secrets',
    ],
    [
      'by a workload beside denied pods',
      deny('g', on('create', 'pods')),
      rule('w', on('create', 'cronjobs', 'batch')),
      'create of cronjobs.batch',
    ],
    [
      'by deleting the namespace',
      hold('g', on('delete', 'configmaps')),
      rule('w', on('delete', 'namespaces')),
      'delete of namespaces',
    ],
    [
      'by a Secret that is given a token',
      deny('g', on('create', 'serviceaccounts/token')),
      rule('w', on('create', 'secrets')),
      'create of secrets',
    ],
    [
      'by a wildcard verb',
      hold('g', on('update', 'pods')),
      rule('w', { verbs: ['*'], resources: ['*'] }),
      'patch of pods',
    ],
    [
      'in a part of what a wildcard guards',
      deny('g', { verbs: ['update'], apiGroups: ['*'], resources: ['*'] }),
      rule('w', on('patch', 'deployments', 'apps')),
      'patch of deployments.apps',
    ],
  ])('%s', (_, guard, way, about) => {
    expect(
      linesOf([compiled('guards', [guard]), compiled('ways', [way])]).filter((line) => line.startsWith('guards')),
    ).toContain(`guards: rule g of policy guards is evadable by rule w of policy ways, which allows ${about}`);
  });

  test.each<[string, BundlePolicy[]]>([
    [
      'the way is guarded by the same rule',
      [compiled('g', [hold('a', { verbs: ['update', 'patch'] })]), compiled('w', [rule('b', { verbs: ['*'] })])],
    ],
    [
      'the way is guarded by another policy',
      [
        compiled('g', [hold('a', { verbs: ['update'] })]),
        compiled('h', [hold('b', { verbs: ['patch'], resources: ['*'] })]),
        compiled('w', [rule('c', { verbs: ['*'] })]),
      ],
    ],
    [
      'the way is allowed to others',
      [
        compiled('g', [hold('a', { verbs: ['update'] })]),
        compiled('w', [rule('b', { verbs: ['patch'] })], { subjects: [bots] }),
      ],
    ],
    [
      'the way is allowed elsewhere',
      [
        compiled('g', [hold('a', { verbs: ['update'], ...payments })]),
        compiled('w', [rule('b', { verbs: ['patch'], namespaces: ['web'] })]),
      ],
    ],
    [
      'the way leads to other objects',
      [
        compiled('g', [hold('a', { verbs: ['update'], resourceNames: ['x'] })]),
        compiled('w', [rule('b', { verbs: ['patch'], resourceNames: ['y'] })]),
      ],
    ],
    [
      'the way is an exit that a wildcard does not reach',
      [
        compiled('g', [hold('a', { verbs: ['create'], resources: ['pods/exec'] })]),
        compiled('w', [rule('b', { verbs: ['create'], resources: ['*'] })]),
      ],
    ],
    [
      'the guard is only tried out',
      [
        compiled('g', [hold('a', { verbs: ['update'] })], { mode: 'DryRun' }),
        compiled('w', [rule('b', { verbs: ['patch'] })]),
      ],
    ],
    [
      'the way is only tried out',
      [
        compiled('g', [hold('a', { verbs: ['update'] })]),
        compiled('w', [rule('b', { verbs: ['patch'] })], { mode: 'DryRun' }),
      ],
    ],
  ])('but not where %s', (_, policies) => {
    expect(linesOf(policies).filter((line) => line.includes('evadable'))).toEqual([]);
  });
});

// Few words, so that rules have much in common.
const subject = fc.constantFrom<Subject>(agents, bots, everybody, { kind: 'User', name: 'agents' });
const some = <T>(...values: T[]): fc.Arbitrary<T[]> => fc.subarray(values, { minLength: 1 });
const anyRule: fc.Arbitrary<PolicyRule> = fc.record(
  {
    name: fc.constant('rule'),
    action: fc.constantFrom('Allow' as const, 'Deny' as const, 'RequireApproval' as const),
    verbs: some<PolicyRule['verbs'][number]>('get', 'list', 'update', 'patch', 'delete', '*'),
    apiGroups: some('', 'apps', '*'),
    resources: some('pods', 'pods/exec', 'deployments', '*/scale', 'deployments/scale', '*'),
    namespaces: some('a', 'b'),
    resourceNames: some('x', 'y'),
    conditions: some({ name: 'one', expression: 'one' }, { name: 'two', expression: 'two' }),
    objectSelector: fc.constantFrom({ matchLabels: { a: 'b' } }, { matchLabels: { c: 'd' } }),
  },
  { requiredKeys: ['name', 'action', 'verbs', 'apiGroups', 'resources'] },
);
const anyPolicies: fc.Arbitrary<BundlePolicy[]> = fc
  .array(fc.tuple(some(agents, bots, everybody), subject, fc.array(anyRule, { minLength: 1, maxLength: 3 })), {
    maxLength: 8,
  })
  .map((policies) =>
    policies.map(([subjects, , rules], index) =>
      compiled(
        `p${index}`,
        rules.map((one, place) => ({ ...one, name: `r${place}` })),
        { subjects },
      ),
    ),
  );

test('the index finds every rule that shadows another, as a look at all pairs does', () => {
  fc.assert(
    fc.property(anyPolicies, (policies) => {
      const rules = comparedRules(policies, NOW);
      const postings = newRulePostings(rules);
      for (const narrow of rules) {
        const indexed = new Set(postings.coverersOf(narrow).flat());
        for (const wide of rules.filter((other) => shadows(other, narrow))) {
          expect(indexed).toContain(wide);
        }
      }
    }),
    { numRuns: 300 },
  );
});

test('a rule that is said to be shadowed is, by the rule that is named, and of two alike one stays', () => {
  fc.assert(
    fc.property(anyPolicies, (policies) => {
      const rules = new Map(comparedRules(policies, NOW).map((one) => [JSON.stringify(one.name), one]));
      const gone = new Set<string>();
      const found = [...conflictsIn(policies).byPolicy.values()].flat().filter(({ reason }) => reason === 'Shadowed');
      for (const { rule: narrow, by } of found) {
        const [one, other] = [rules.get(JSON.stringify(narrow)), rules.get(JSON.stringify(by))];
        expect(one !== undefined && other !== undefined && shadows(other, one)).toBe(true);
        gone.add(JSON.stringify(narrow));
      }
      expect(gone.size).toBeLessThanOrEqual(Math.max(rules.size - 1, 0));
    }),
    { numRuns: 300 },
  );
});

test('the order of policies changes nothing', () => {
  fc.assert(
    fc.property(anyPolicies, (policies) => {
      expect(linesOf(policies.toReversed()).toSorted()).toEqual(linesOf(policies).toSorted());
    }),
  );
});

/** Rules that have little, or everything, in common. */
const crowds: Readonly<Record<string, (policy: number, rule: number) => Partial<PolicyRule>>> = {
  'of different namespaces': (policy) => ({ namespaces: [`ns-${policy}`] }),
  'that are alike': () => ({}),
  'with different conditions': (policy, place) => ({
    conditions: [{ name: 'c', expression: `request.name == '${policy}-${place}'` }],
  }),
  'with different names': (policy, place) => ({ resourceNames: [`${policy}-${place}`] }),
};

const kinds: readonly Partial<PolicyRule>[] = [
  { verbs: ['get', 'list'] },
  { action: 'Deny', verbs: ['delete'] },
  { action: 'RequireApproval', verbs: ['update'] },
  { verbs: ['create', 'patch'] },
  { action: 'RequireApproval', verbs: ['get', 'delete', 'deletecollection'] },
];

test.each(Object.entries(crowds))('1,000 policies of 5 rules %s are compared in bounded time', (_, differ) => {
  const policies = Array.from({ length: 1_000 }, (__, index) =>
    compiled(
      `policy-${index}`,
      kinds.map((kind, place) =>
        rule(`rule-${place}`, {
          apiGroups: ['', 'apps'],
          resources: ['pods', 'deployments', 'configmaps'],
          ...kind,
          ...differ(index, place),
        }),
      ),
    ),
  );
  const before = process.cpuUsage();
  const { complete, byPolicy } = conflictsIn(policies);
  const { user } = process.cpuUsage(before);
  expect(complete).toBe(true);
  expect(byPolicy.size).toBeGreaterThan(0);
  // 80 to 300 ms where measured; a comparison of all pairs takes a hundred times as long.
  expect(user / 1_000).toBeLessThan(3_000);
});

test('comparing is given up, and said to be, where rules have too much in common', () => {
  const policies = Array.from({ length: 50 }, (_, index) =>
    compiled(`p${index}`, [deny('a', { verbs: ['update'] }), rule('b')]),
  );
  expect(conflictsIn(policies, 10)).toMatchObject({ complete: false });
  expect(conflictsIn(policies)).toMatchObject({ complete: true });
});

test('the next expiry is the earliest that is to come', () => {
  const policies = [undefined, '2025-01-01T00:00:00Z', day, hour].map((expiresAt, index) =>
    compiled(`p${index}`, [], expiresAt === undefined ? {} : { expiresAt }),
  );
  expect(nextExpiry(policies, NOW)).toBe(Date.parse(hour));
  expect(nextExpiry(policies.slice(0, 2), NOW)).toBe(Infinity);
});
