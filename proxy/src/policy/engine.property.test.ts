import * as fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import type { BundlePolicy } from '@chaperone/crds/bundle/bundle';
import type { JsonValue } from '@chaperone/crds/expression/value';
import type {
  AgentPolicySpec,
  LabelSelector,
  NamedExpression,
  PolicyRule,
  Subject,
} from '@chaperone/crds/v1alpha1/generated/api';
import { approvalBy, compiled } from '@chaperone/test/policy/builders';
import { bundleOf, call, identityOf, NOW } from '@chaperone/test/policy/calls';
import type { Decision } from './decision.ts';
import { decide, settledInput } from './engine.ts';
import { explain } from './explain.ts';
import { ABSENT, known, PENDING_OBJECT, UNKNOWN_OBJECT, type Knowledge, type PolicyInput } from './policy-input.ts';

/** Runs for each property. More of them than the default's time allows, if asked for. */
const RUNS = { numRuns: Number(process.env['FUZZ_RUNS'] ?? 500) };
vi.setConfig({ testTimeout: 20_000 + RUNS.numRuns * 60 });

const lines = [
  'GET /api/v1/namespaces/a/pods/x',
  'GET /api/v1/namespaces/a/pods',
  'GET /api/v1/namespaces/a/pods?labelSelector=tier%3Dprod',
  'GET /api/v1/namespaces/a/pods?watch=1&fieldSelector=metadata.name%3Dx',
  'GET /api/v1/pods',
  'DELETE /api/v1/namespaces/a/pods/x',
  'DELETE /api/v1/namespaces/b/pods?fieldSelector=metadata.name%3Dy',
  'POST /api/v1/namespaces/a/pods',
  'PUT /api/v1/namespaces/a/pods/x',
  'PATCH /api/v1/namespaces/a/secrets/x',
  'POST /api/v1/namespaces/a/secrets',
  'PUT /api/v1/namespaces/a/secrets/x',
  'GET /api/v1/namespaces/a/pods/x/exec?command=ls',
  'POST /api/v1/namespaces/a/pods/x/eviction',
  'GET /api/v1/namespaces/a/pods/x/log',
  'GET /api/v1/namespaces/a',
  'PATCH /api/v1/namespaces/a',
  'POST /api/v1/namespaces',
  'GET /api/v1/namespaces',
  'GET /api/v1/nodes/n',
  'GET /apis/example.com/v1/widgets',
  'POST /apis/chaperone.dev/v1alpha1/agentpolicies',
  'GET /version',
] as const;

const labels = fc.dictionary(fc.constantFrom('tier', 'team'), fc.constantFrom('prod', 'dev'), {
  noNullPrototype: true,
});
const object: fc.Arbitrary<Knowledge> = fc
  .record({
    metadata: fc.record(
      { name: fc.constantFrom('x', 'y', 'a'), labels, generateName: fc.constantFrom('x-') },
      { requiredKeys: ['name'] },
    ),
    type: fc.constantFrom('', 'Opaque', 'kubernetes.io/service-account-token'),
    spec: fc.record({ replicas: fc.constantFrom(1, 3) }),
  })
  .map((value) => known(value));

/** What there is, before somebody fails to look at it. */
interface Truth {
  readonly object: Knowledge;
  readonly oldObject: Knowledge;
  readonly parentObject: Knowledge;
  readonly namespaceObject: Knowledge;
}

const truth: fc.Arbitrary<Truth> = fc.record({
  object,
  oldObject: fc.oneof({ weight: 3, arbitrary: object }, { weight: 1, arbitrary: fc.constant(ABSENT) }),
  parentObject: object,
  namespaceObject: object,
});

const slots = ['object', 'oldObject', 'parentObject', 'namespaceObject'] as const;

const looks = fc.constantFrom<'seen' | 'unknown' | 'pending'>('seen', 'unknown', 'pending');
const seen = fc.record({ object: looks, oldObject: looks, parentObject: looks, namespaceObject: looks });
type Seen = Record<keyof Truth, 'seen' | 'unknown' | 'pending'>;

const fogs = { unknown: UNKNOWN_OBJECT, pending: PENDING_OBJECT } as const;
const knowledgeOf = (there: Truth, how: Seen): Truth => {
  const one = (slot: keyof Truth): Knowledge => {
    const look = how[slot];
    return look === 'seen' ? there[slot] : fogs[look];
  };
  return {
    object: one('object'),
    oldObject: one('oldObject'),
    parentObject: one('parentObject'),
    namespaceObject: one('namespaceObject'),
  };
};

const callers = [
  identityOf('agent', ['agents']),
  identityOf('ci', ['bots', 'agents'], { 'chaperone.dev/ref': ['main'] }),
  identityOf('nobody', []),
] as const;

const base = fc
  .record({ line: fc.constantFrom(...lines), caller: fc.constantFrom(...callers), apply: fc.boolean() })
  .map(({ line, caller, apply }): PolicyInput => call(line, { caller, apply }));

const selector: fc.Arbitrary<LabelSelector> = fc.oneof(
  labels.filter((some) => Object.keys(some).length > 0).map((matchLabels) => ({ matchLabels })),
  fc
    .record({
      key: fc.constantFrom('tier', 'team'),
      operator: fc.constantFrom('In' as const, 'NotIn' as const, 'Exists' as const, 'DoesNotExist' as const),
    })
    .map(({ key, operator }) => ({
      matchExpressions: [{ key, operator, ...(operator === 'In' || operator === 'NotIn' ? { values: ['prod'] } : {}) }],
    })),
);

const expression = fc
  .constantFrom(
    'true',
    "request.verb == 'create'",
    "request.name == 'x'",
    "request.namespace != 'b'",
    "user.extra['chaperone.dev/ref'] == ['main']",
    'object.spec.replicas == 3',
    'object.spec.replicas < oldObject.spec.replicas',
    'oldObject == null',
    "object.metadata.labels.tier == 'prod'",
    "has(object.metadata.labels) || request.verb == 'get'",
    "namespaceObject.metadata.labels.tier == 'prod'",
    "request.verb == 'delete' && oldObject.spec.replicas == 1",
  )
  .map((text) => ({ name: 'c', expression: text }));

const some = <Value>(values: readonly Value[]) =>
  fc.uniqueArray(fc.constantFrom(...values), { minLength: 1, maxLength: 3 });

/** At most two, of six: rules that restrict everything at once match next to nothing. */
const restrictions = fc
  .array(
    fc.oneof(
      fc.record({ resourceNames: some(['x', 'y', 'a']) }),
      fc.record({ namespaces: some(['a', 'b']) }),
      fc.record({ namespaceSelector: selector }),
      fc.record({ objectSelector: selector }),
      fc.record({ conditions: fc.array(expression, { minLength: 1, maxLength: 2 }) }),
      fc.record({ auditLevel: fc.constantFrom('None' as const, 'Metadata' as const, 'Request' as const) }),
    ),
    { maxLength: 2 },
  )
  .map((list) => list.reduce<Partial<PolicyRule>>((all, one) => ({ ...all, ...one }), {}));

const resources = ['*', 'pods', 'secrets', 'pods/exec', 'pods/log', '*/eviction', 'namespaces', 'nodes', 'widgets'];
const resourceRule: fc.Arbitrary<Partial<PolicyRule>> = fc
  .record({
    verbs: fc.oneof(
      fc.constant<PolicyRule['verbs']>(['*']),
      some<PolicyRule['verbs'][number]>(['get', 'list', 'create', 'update', 'patch', 'delete', 'deletecollection']),
    ),
    apiGroups: fc.oneof(fc.constant<string[]>(['*', '']), some(['', 'example.com'])),
    resources: fc.oneof(fc.constant<string[]>(['*']), some(resources)),
  })
  .chain((where) => restrictions.map((more) => ({ ...where, ...more })));
const urlRule: fc.Arbitrary<Partial<PolicyRule>> = fc.record({
  verbs: some(['*', 'get'] as const),
  nonResourceURLs: some(['*', '/version']),
});

const ruleOf = (action: fc.Arbitrary<PolicyRule['action']>): fc.Arbitrary<PolicyRule> =>
  fc
    .tuple(action, fc.oneof({ weight: 9, arbitrary: resourceRule }, { weight: 1, arbitrary: urlRule }))
    .map(([chosen, where]): PolicyRule => ({
      name: 'r',
      action: chosen,
      verbs: [],
      ...where,
      ...(chosen === 'RequireApproval' ? { approval: approvalBy('oncall') } : {}),
    }));

const anyAction = fc.constantFrom<PolicyRule['action']>('Allow', 'Allow', 'Allow', 'RequireApproval', 'Deny');
const subjects = fc.constantFrom<Subject[]>(
  [{ kind: 'Group', name: 'agents' }],
  [
    { kind: 'Group', name: 'bots' },
    { kind: 'User', name: 'agent' },
  ],
  [{ kind: 'Group', name: 'system:authenticated' }],
);

/** A policy but for its name. */
const policyOf = (
  action: fc.Arbitrary<PolicyRule['action']>,
  mode: AgentPolicySpec['mode'],
): fc.Arbitrary<(name: string) => BundlePolicy> =>
  fc
    .record({
      rules: fc.array(ruleOf(action), { minLength: 1, maxLength: 3 }),
      subjects,
      matchConditions: fc.oneof(
        { weight: 4, arbitrary: fc.constant<NamedExpression[]>([]) },
        { weight: 1, arbitrary: fc.tuple(expression) },
      ),
      expired: fc.nat(5).map((draw) => (draw === 0 ? { expiresAt: new Date(NOW).toISOString() } : {})),
    })
    .map(
      ({ rules, expired, ...spec }) =>
        (name) =>
          compiled(
            name,
            rules.map((rule, index) => ({ ...rule, name: `r${index}` })),
            { ...spec, ...expired, mode },
          ),
    );

const policies = fc
  .array(policyOf(anyAction, 'Enforce'), { minLength: 1, maxLength: 4 })
  .map((drawn) => drawn.map((named, index) => named(`p${index}`)));
const deny = policyOf(fc.constant('Deny' as const), 'Enforce').map((named) => named('extra'));
const allow = policyOf(fc.constant('Allow' as const), 'Enforce').map((named) => named('extra'));
const hold = policyOf(fc.constant('RequireApproval' as const), 'Enforce').map((named) => named('extra'));
const dryRun = policyOf(anyAction, 'DryRun').map((named) => named('extra'));

/** Of a Namespace, what the watch has and what a read gives are the same object. */
const consistent = (one: PolicyInput, there: Truth): Truth =>
  one.attributes.resource === 'namespaces' ? { ...there, namespaceObject: there.oldObject } : there;

const input = fc.record({ base, truth, seen }).map(({ base: one, truth: there, seen: how }): PolicyInput => ({
  ...one,
  ...knowledgeOf(consistent(one, there), how),
}));
const settled = input.map(settledInput);

/** How much a decision permits. */
const permission = ({ verdict }: Decision): number => ['Deny', 'RequireApproval', 'Allow'].indexOf(verdict);
const decideBy = (all: readonly BundlePolicy[], one: PolicyInput): Decision => decide(bundleOf(all), one);

describe('whatever the policies and the call', () => {
  test('the generators reach every verdict', () => {
    const verdicts = new Map<string, number>();
    fc.assert(
      fc.property(policies, input, (all, one) => {
        const decision = decideBy(all, one);
        const key = decision.verdict === 'Deny' ? decision.cause : decision.verdict;
        verdicts.set(key, (verdicts.get(key) ?? 0) + 1);
      }),
      RUNS,
    );
    for (const verdict of ['Allow', 'RequireApproval', 'Rule', 'NoRule', 'SelfAdministration', 'NeedsObject'])
      expect(verdicts.get(verdict) ?? 0, verdict).toBeGreaterThan(10);
  });

  test('a Deny more never permits more', () => {
    fc.assert(
      fc.property(policies, deny, settled, (all, extra, one) => {
        expect(permission(decideBy([...all, extra], one))).toBeLessThanOrEqual(permission(decideBy(all, one)));
      }),
      RUNS,
    );
  });

  /** What an Allow more may not change: who denies, or what is to be approved. */
  const restraint = (decision: Decision): unknown => {
    switch (decision.verdict) {
      case 'Deny':
        return decision.cause === 'Rule' ? decision.winner : decision.cause;
      case 'RequireApproval':
        return decision.approval;
      case 'Allow':
      case 'NeedsObject':
        return decision.verdict;
      default:
        return decision satisfies never;
    }
  };

  test('an Allow more overrules neither Deny nor RequireApproval', () => {
    fc.assert(
      fc.property(policies, allow, settled, (all, extra, one) => {
        const before = decideBy(all, one);
        fc.pre(!('cause' in before && before.cause === 'NoRule'));
        expect(restraint(decideBy([...all, extra], one))).toEqual(restraint(before));
      }),
      RUNS,
    );
  });

  test('an Allow more never permits less', () => {
    fc.assert(
      fc.property(policies, allow, settled, (all, extra, one) => {
        expect(permission(decideBy([...all, extra], one))).toBeGreaterThanOrEqual(permission(decideBy(all, one)));
      }),
      RUNS,
    );
  });

  const requirements = (decision: Decision): readonly unknown[] =>
    decision.verdict === 'RequireApproval' ? decision.approval.requirements : [];

  test('a RequireApproval more lets nothing pass without approval, and drops no other approval', () => {
    fc.assert(
      fc.property(policies, hold, settled, (all, extra, one) => {
        const before = decideBy(all, one);
        fc.pre(!('cause' in before && before.cause === 'NoRule'));
        const after = decideBy([...all, extra], one);
        expect(permission(after)).toBeLessThanOrEqual(permission(before));
        expect(requirements(after)).toEqual(expect.arrayContaining([...requirements(before)]));
      }),
      RUNS,
    );
  });

  test('a policy in DryRun changes neither verdict, winner nor approval', () => {
    fc.assert(
      fc.property(policies, dryRun, input, (all, extra, one) => {
        const {
          auditLevel: _,
          errors: __,
          dryRun: ___,
          ...before
        } = { auditLevel: '', errors: [], dryRun: undefined, ...decideBy(all, one) };
        expect(decideBy([...all, extra], one)).toMatchObject(before);
      }),
      RUNS,
    );
  });

  test('what would have been is what is, once the policy in DryRun is enforced', () => {
    fc.assert(
      fc.property(policies, dryRun, settled, (all, extra, one) => {
        const decision = decideBy([...all, extra], one);
        const enforced = decideBy([...all, { ...extra, spec: { ...extra.spec, mode: 'Enforce' } }], one);
        if (decision.verdict === 'NeedsObject') throw new Error('settled');
        expect(decision.dryRun?.verdict ?? decision.verdict).toBe(enforced.verdict);
      }),
      RUNS,
    );
  });

  test('the order of the policies says nothing', () => {
    fc.assert(
      fc.property(
        policies.chain((all) => fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length }))),
        input,
        ([all, shuffled], one) => {
          expect(decideBy(shuffled, one)).toEqual(decideBy(all, one));
        },
      ),
      RUNS,
    );
  });

  test('the order of the rules in a policy says nothing but who is named', () => {
    fc.assert(
      fc.property(policies, input, (all, one) => {
        const reversed = all.map((policy) => ({
          ...policy,
          spec: { ...policy.spec, rules: policy.spec.rules.toReversed() },
        }));
        const [before, after] = [decideBy(all, one), decideBy(reversed, one)];
        expect(after.verdict).toBe(before.verdict);
        if (before.verdict === 'NeedsObject' || after.verdict === 'NeedsObject') return;
        expect([after.auditLevel, after.sessions]).toEqual([before.auditLevel, before.sessions]);
      }),
      RUNS,
    );
  });

  test('expired policies are as good as none', () => {
    fc.assert(
      fc.property(policies, input, (all, one) => {
        const standing = all.filter(({ spec }) => spec.expiresAt === undefined);
        expect(decideBy(all, one)).toEqual(decideBy(standing, one));
      }),
      RUNS,
    );
  });

  test('the explanation by all rules comes to the decision by those of the index', () => {
    fc.assert(
      fc.property(policies, dryRun, input, (all, extra, one) => {
        const bundle = bundleOf([...all, extra]);
        const decision = decide(bundle, one);
        const explanation = explain(bundle, one);
        expect(explanation.decision).toEqual(decision);
        fc.pre(!('cause' in decision && decision.cause === 'SelfAdministration'));
        expect(explanation.rules).toHaveLength(bundle.rules.length);
        const winner = 'winner' in decision ? [`${decision.winner.policy}/${decision.winner.rule}`] : [];
        const matching = explanation.rules.filter(({ outcome }) => outcome === 'Matches');
        expect(matching.map(({ policy, rule }) => `${policy}/${rule}`)).toEqual(expect.arrayContaining(winner));
      }),
      RUNS,
    );
  });
});

describe('as more becomes known', () => {
  /** Some of what was not seen is seen now; what stays unseen may turn out not to be had. */
  const refined = fc
    .record({
      base,
      truth,
      seen,
      more: fc.record({ object: looks, oldObject: looks, parentObject: looks, namespaceObject: looks }),
    })
    .map(({ base: one, truth: there, seen: how, more }) => {
      const better = (slot: keyof Truth) => (how[slot] === 'seen' || more[slot] === 'seen' ? 'seen' : how[slot]);
      const seenNow: Seen = {
        object: better('object'),
        oldObject: better('oldObject'),
        parentObject: better('parentObject'),
        namespaceObject: better('namespaceObject'),
      };
      return {
        before: { ...one, ...knowledgeOf(consistent(one, there), how) },
        after: { ...one, ...knowledgeOf(consistent(one, there), seenNow) },
        hadUnknown: Object.values(how).includes('unknown'),
      };
    });

  test('an Allow stays an Allow', () => {
    fc.assert(
      fc.property(policies, refined, (all, { before, after }) => {
        fc.pre(decideBy(all, before).verdict === 'Allow');
        expect(decideBy(all, after).verdict).toBe('Allow');
        expect(decideBy(all, settledInput(after)).verdict).toBe('Allow');
      }),
      RUNS,
    );
  });

  test('what was decided while nothing was given up for unknown stays decided so', () => {
    fc.assert(
      fc.property(policies, refined, (all, { before, after, hadUnknown }) => {
        const decision = decideBy(all, before);
        fc.pre(!hadUnknown && decision.verdict !== 'NeedsObject');
        expect(decideBy(all, after).verdict).toBe(decision.verdict);
      }),
      RUNS,
    );
  });

  test('what was decided stays decided so if the rest cannot be had', () => {
    fc.assert(
      fc.property(policies, input, (all, one) => {
        const decision = decideBy(all, one);
        fc.pre(decision.verdict !== 'NeedsObject');
        expect(decideBy(all, settledInput(one)).verdict).toBe(decision.verdict);
      }),
      RUNS,
    );
  });

  test('looking up what is needed, and that alone, ends in a decision after four times at most', () => {
    fc.assert(
      fc.property(policies, base, truth, (all, one, drawn) => {
        const there = consistent(one, drawn);
        let current: PolicyInput = one;
        let decision = decideBy(all, current);
        for (let round = 0; decision.verdict === 'NeedsObject' && round < 4; round++) {
          const { needs } = decision;
          const needed = slots.filter((slot) => needs[slot]);
          current = { ...current, ...Object.fromEntries(needed.map((slot) => [slot, there[slot]])) };
          decision = decideBy(all, current);
        }
        expect(decision.verdict).toBe(decideBy(all, { ...one, ...there }).verdict);
      }),
      RUNS,
    );
  });

  test('nothing is needed once nothing is pending', () => {
    fc.assert(
      fc.property(policies, settled, (all, one) => {
        expect(decideBy(all, one).verdict).not.toBe('NeedsObject');
      }),
      RUNS,
    );
  });
});

test('no object whatever makes a decision throw', () => {
  const json: fc.Arbitrary<JsonValue> = fc.letrec<{ value: JsonValue }>((tie) => ({
    value: fc.oneof(
      { depthSize: 'small' },
      fc.oneof(fc.constant(null), fc.boolean(), fc.double(), fc.string(), fc.bigInt()),
      fc.array(tie('value')),
      fc.dictionary(fc.oneof(fc.string(), fc.constantFrom('labels', 'name', '__proto__', 'constructor')), tie('value')),
    ),
  })).value;
  const anything = json.map((value) => known({ metadata: value, spec: value, type: value }));
  fc.assert(
    fc.property(
      policies,
      base,
      anything,
      anything,
      fc.dictionary(fc.string(), json),
      (all, one, first, second, options) => {
        const given = { object: first, oldObject: second, parentObject: first, namespaceObject: second };
        const hostile: PolicyInput = { ...one, ...given, options };
        expect(['Allow', 'Deny', 'RequireApproval']).toContain(decideBy(all, hostile).verdict);
        expect(explain(bundleOf(all), hostile).decision.verdict).not.toBe('NeedsObject');
      },
    ),
    RUNS,
  );
});
