import type { JsonMapping } from '@chaperone/crds/expression/value';
import { describe, expect, test } from 'vitest';
import type { BundlePolicy } from '@chaperone/crds/bundle/bundle';
import type { PolicyRule } from '@chaperone/crds/v1alpha1/generated/api';
import { compiled, deny, hold, rule } from '@chaperone/test/policy/builders';
import { bundleOf, call, identityOf, NOW, settledCall, verdict } from '@chaperone/test/policy/calls';
import { decide } from './engine.ts';
import { ABSENT, known, UNKNOWN_OBJECT, type PolicyInput } from './policy-input.ts';

const GET_POD = 'GET /api/v1/namespaces/payments/pods/web';
const LIST_PODS = 'GET /api/v1/namespaces/payments/pods';
const LIST_ALL_PODS = 'GET /api/v1/pods';
const DELETE_POD = 'DELETE /api/v1/namespaces/payments/pods/web';
const DELETE_PODS = 'DELETE /api/v1/namespaces/payments/pods';
const CREATE_POD = 'POST /api/v1/namespaces/payments/pods';
const PUT_POD = 'PUT /api/v1/namespaces/payments/pods/web';
const PATCH_POD = 'PATCH /api/v1/namespaces/payments/pods/web';

/** Rules of the one policy `p`, about every verb unless they say otherwise. */
const p = (...rules: PolicyRule[]): BundlePolicy[] => [compiled('p', rules)];
const every = { verbs: ['*'] } satisfies Partial<PolicyRule>;
const labelled = (labels: Readonly<Record<string, string>>, more: Record<string, string> = {}) =>
  known({ metadata: { name: 'web', labels, ...more } });
const prod = { objectSelector: { matchLabels: { tier: 'prod' } } };
const when = (expression: string): Partial<PolicyRule> => ({ conditions: [{ name: 'c', expression }] });

type Case = readonly [policies: readonly BundlePolicy[], input: PolicyInput, expected: string];
const table = (cases: Readonly<Record<string, Case>>): void => {
  test.each(Object.entries(cases))('%s', (_, [policies, input, expected]) => {
    expect(verdict(policies, input)).toBe(expected);
  });
};

/** As a body arrives: keys that are special in JavaScript are ordinary members. */
// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- JSON.parse makes JSON
const parsed = (text: string): JsonMapping => JSON.parse(text) as JsonMapping;

describe('the verdict', () => {
  table({
    'is a refusal where there are no policies': [[], call(GET_POD), 'Deny NoRule'],
    'is a refusal where nothing matches': [p(rule('list', { verbs: ['list'] })), call(GET_POD), 'Deny NoRule'],
    'is that of an Allow that matches': [p(rule('read')), call(GET_POD), 'Allow p/read'],
    'is Deny beside an Allow': [p(rule('a'), deny('d')), call(GET_POD), 'Deny p/d'],
    'is Deny beside a RequireApproval': [p(hold('h'), deny('d')), call(GET_POD), 'Deny p/d'],
    'is RequireApproval beside an Allow': [p(rule('a'), hold('h')), call(GET_POD), 'RequireApproval p/h'],
    'is RequireApproval without an Allow': [p(hold('h')), call(GET_POD), 'RequireApproval p/h'],
    'is a refusal where only a Deny is there, and it does not match': [
      p(deny('d', { verbs: ['list'] })),
      call(GET_POD),
      'Deny NoRule',
    ],
    'names the first of several rules, by policy and by place': [
      [compiled('b', [rule('first')]), compiled('a', [rule('second'), rule('third')])],
      call(GET_POD),
      'Allow a/second',
    ],
    'names a rule that matches for certain before one that matches for want of knowledge': [
      p(deny('maybe', { ...every, ...prod }), deny('certain', every), rule('a', every)),
      settledCall(LIST_PODS),
      'Deny p/certain',
    ],
  });

  test('counts Deny, RequireApproval and Allow of different policies alike', () => {
    const policies = [compiled('a', [rule('r')]), compiled('b', [hold('r')]), compiled('c', [deny('r')])];
    expect(verdict(policies, call(GET_POD))).toBe('Deny c/r');
    expect(verdict(policies.slice(0, 2), call(GET_POD))).toBe('RequireApproval b/r');
  });

  test('names policy, rule, generation and reason of the winner', () => {
    const policies = [{ ...compiled('p', [deny('d', { reason: 'no pods' })]), generation: 7 }];
    expect(decide(bundleOf(policies), call(GET_POD))).toMatchObject({
      verdict: 'Deny',
      winner: { policy: 'p', rule: 'd', generation: 7, reason: 'no pods', action: 'Deny', unknown: [] },
      revision: 'revision',
    });
  });
});

describe('an expired policy', () => {
  const until = (milliseconds: number) => ({ expiresAt: new Date(NOW + milliseconds).toISOString() });
  table({
    'says nothing with its Allow': [[compiled('p', [rule('a')], until(-1))], call(GET_POD), 'Deny NoRule'],
    'says nothing with its Deny': [
      [compiled('p', [deny('d')], until(-1)), compiled('q', [rule('a')])],
      call(GET_POD),
      'Allow q/a',
    ],
    'says nothing from its last millisecond on': [[compiled('p', [rule('a')], until(0))], call(GET_POD), 'Deny NoRule'],
    'stands one millisecond before': [[compiled('p', [rule('a')], until(1))], call(GET_POD), 'Allow p/a'],
  });

  test('is judged by the clock of the call, not by that of the bundle', () => {
    const bundle = bundleOf([compiled('p', [rule('a')], until(1_000))]);
    expect(decide(bundle, call(GET_POD)).verdict).toBe('Allow');
    expect(decide(bundle, call(GET_POD, { now: NOW + 1_000 })).verdict).toBe('Deny');
  });
});

describe('verbs, groups and resources', () => {
  const allow = (changes: Partial<PolicyRule>) => p(rule('a', changes));
  table({
    'a verb matches itself alone': [allow({ verbs: ['list'] }), call(GET_POD), 'Deny NoRule'],
    '* matches every verb': [allow(every), call(DELETE_PODS), 'Allow p/a'],
    'HEAD is a get': [allow({ verbs: ['get'] }), call(`HEAD ${GET_POD.slice(4)}`), 'Allow p/a'],
    'a resource does not match its subresource': [allow(every), call(`${GET_POD}/log`), 'Deny NoRule'],
    'a subresource is a resource of its own': [allow({ resources: ['pods/log'] }), call(`${GET_POD}/log`), 'Allow p/a'],
    '*/log matches that subresource of everything': [
      allow({ resources: ['*/log'] }),
      call(`${GET_POD}/log`),
      'Allow p/a',
    ],
    '*/ alone matches no resource': [allow({ resources: ['*/'] }), call(GET_POD), 'Deny NoRule'],
    '* matches resources and subresources': [allow({ resources: ['*'] }), call(`${GET_POD}/log`), 'Allow p/a'],
    'another group does not match': [allow({ apiGroups: ['apps'] }), call(GET_POD), 'Deny NoRule'],
    '* matches every group': [allow({ apiGroups: ['*'] }), call(GET_POD), 'Allow p/a'],
    'exec by GET is judged as create': [
      allow({ verbs: ['get'], resources: ['pods/exec'] }),
      call(`${GET_POD}/exec?command=id`),
      'Deny NoRule',
    ],
    'exec by GET is allowed by create': [
      allow({ verbs: ['create'], resources: ['pods/exec'] }),
      call(`${GET_POD}/exec?command=id`),
      'Allow p/a',
    ],
    'a proxied DELETE is judged as create': [
      p(
        rule('a', { verbs: ['delete'], resources: ['services/proxy'] }),
        deny('d', { verbs: ['create'], resources: ['*'] }),
      ),
      call('DELETE /api/v1/namespaces/payments/services/web/proxy/x'),
      'Deny p/d',
    ],
  });
});

describe('nonResourceURLs', () => {
  const urls = (...nonResourceURLs: string[]) => p(rule('a', { nonResourceURLs }));
  table({
    'match the path': [urls('/version'), call('GET /version'), 'Allow p/a'],
    'match nothing below a path': [urls('/version'), call('GET /version/x'), 'Deny NoRule'],
    'match what begins with what stands before *': [urls('/openapi/*'), call('GET /openapi/v3/apis'), 'Allow p/a'],
    'match every path by *': [urls('*'), call('GET /metrics'), 'Allow p/a'],
    'match no resource': [urls('*', '/api/*'), call(GET_POD), 'Deny NoRule'],
    'are not reached by resources': [
      p(rule('a', { apiGroups: ['*'], resources: ['*'], ...every })),
      call('GET /version'),
      'Deny NoRule',
    ],
    'take methods as verbs': [urls('/version'), call('POST /version'), 'Deny NoRule'],
    'tell head from get': [urls('/version'), call('HEAD /version'), 'Deny NoRule'],
    'have no object: an expression about it matches Deny': [
      p(rule('a', { nonResourceURLs: ['/version'] }), deny('d', { nonResourceURLs: ['*'], ...when('object.x == 1') })),
      call('GET /version'),
      'Deny p/d',
    ],
  });
});

describe('what cannot be known matches Deny and RequireApproval and does not match Allow:', () => {
  const names = { ...every, resourceNames: ['web'] };
  const namespaces = { ...every, namespaces: ['payments'] };
  const selector = { ...every, namespaceSelector: { matchLabels: { env: 'prod' } } };
  const labels = { ...every, ...prod };
  const broken = { ...every, ...when("user.extra['nothing'] == ['x']") };
  const isAboutObject = { ...every, ...when("object.kind == 'Pod'") };
  const all: Readonly<Record<string, readonly [Partial<PolicyRule>, string]>> = {
    'the object of a list, for labels': [labels, LIST_PODS],
    'the object of a watch, for labels': [labels, `${LIST_PODS}?watch=true`],
    'the objects of a deletecollection, for labels': [labels, DELETE_PODS],
    'the object of a get that could not be read, for labels': [labels, GET_POD],
    'the object of a connect, for an expression': [
      { ...isAboutObject, resources: ['pods/attach'] },
      `POST ${GET_POD.slice(4)}/attach`,
    ],
    'the object of a list, for an expression': [isAboutObject, LIST_PODS],
    'the name under list': [names, LIST_PODS],
    'the name under watch': [names, `${LIST_PODS}?watch=1`],
    'the name under the deprecated watch prefix': [names, 'GET /api/v1/watch/namespaces/payments/pods'],
    'the name under deletecollection': [names, DELETE_PODS],
    'the name of a create whose object is unknown': [names, CREATE_POD],
    'the namespaces of an all-namespaces list, by name': [namespaces, LIST_ALL_PODS],
    'the namespaces of an all-namespaces watch, by name': [namespaces, `${LIST_ALL_PODS}?watch=true`],
    'the namespaces of an all-namespaces list, by labels': [selector, LIST_ALL_PODS],
    'the labels of a namespace that nobody has seen': [selector, GET_POD],
    'an expression that fails': [broken, GET_POD],
    'the name of a list, in an expression': [{ ...every, ...when("request.name == 'web'") }, LIST_PODS],
    'the name of a list, in an expression that excludes': [{ ...every, ...when("request.name != 'db'") }, LIST_PODS],
    'the namespace of an all-namespaces list, in an expression': [
      { ...every, ...when("request.namespace != 'payments'") },
      LIST_ALL_PODS,
    ],
    'the namespace object of an all-namespaces list, in an expression': [
      { ...every, ...when("namespaceObject.metadata.name == 'x'") },
      LIST_ALL_PODS,
    ],
    'a PUT that may create or update, for a rule about one of the verbs': [{ verbs: ['create'] }, PUT_POD],
  };
  test.each(Object.entries(all))('%s', (_, [changes, line]) => {
    const scope = { resources: ['pods', 'pods/attach'], ...changes };
    const other = rule('other', { verbs: ['*'], resources: ['pods', 'pods/attach'] });
    expect(verdict(p(rule('a', scope)), settledCall(line)), 'Allow').toBe('Deny NoRule');
    expect(verdict(p(other, deny('d', scope)), settledCall(line)), 'Deny').toBe('Deny p/d');
    expect(verdict(p(other, hold('h', scope)), settledCall(line)), 'RequireApproval').toBe('RequireApproval p/h');
  });

  test('an Allow that lacks knowledge is named in the refusal, with what it lacks', () => {
    expect(
      decide(bundleOf(p(rule('a', names), rule('b', { ...every, verbs: ['create'] }))), settledCall(LIST_PODS)),
    ).toMatchObject({
      cause: 'NoRule',
      unmet: [{ policy: 'p', rule: 'a', unknown: ['name'] }],
    });
  });

  test('a Deny that matches for want of knowledge says of what', () => {
    expect(decide(bundleOf(p(rule('a', every), deny('d', labels))), settledCall(LIST_PODS))).toMatchObject({
      winner: { rule: 'd', unknown: ['objectSelector'] },
    });
  });
});

describe('a selector of the call that fixes names or labels makes them known:', () => {
  const byName = p(rule('a', { ...every, resourceNames: ['web'] }));
  const byLabel = p(rule('a', { ...every, ...prod }));
  const notProd = p(
    rule('a', {
      ...every,
      objectSelector: { matchExpressions: [{ key: 'tier', operator: 'NotIn', values: ['prod'] }] },
    }),
  );
  const hasTier = p(
    rule('a', { ...every, objectSelector: { matchExpressions: [{ key: 'tier', operator: 'Exists' }] } }),
  );
  const noTier = p(
    rule('a', { ...every, objectSelector: { matchExpressions: [{ key: 'tier', operator: 'DoesNotExist' }] } }),
  );
  const select = (selector: string, line = LIST_PODS): PolicyInput =>
    settledCall(`${line}?labelSelector=${encodeURIComponent(selector)}`);
  table({
    'the name of a list, by metadata.name=': [
      byName,
      settledCall(`${LIST_PODS}?fieldSelector=metadata.name%3Dweb`),
      'Allow p/a',
    ],
    'the name of a watch, by metadata.name=': [
      byName,
      settledCall(`${LIST_PODS}?watch=true&fieldSelector=metadata.name%3Dweb`),
      'Allow p/a',
    ],
    'the name of a deletecollection, by metadata.name=': [
      byName,
      settledCall(`${DELETE_PODS}?fieldSelector=metadata.name%3D%3Dweb`),
      'Allow p/a',
    ],
    'not another name': [byName, settledCall(`${LIST_PODS}?fieldSelector=metadata.name%3Ddb`), 'Deny NoRule'],
    'not by metadata.name!=': [byName, settledCall(`${LIST_PODS}?fieldSelector=metadata.name!%3Ddb`), 'Deny NoRule'],
    'not by another field': [byName, settledCall(`${LIST_PODS}?fieldSelector=spec.nodeName%3Dweb`), 'Deny NoRule'],
    'not the namespace': [
      p(rule('a', { ...every, namespaces: ['payments'] })),
      settledCall(`${LIST_ALL_PODS}?fieldSelector=metadata.namespace%3Dpayments`),
      'Deny NoRule',
    ],
    'a name in an expression too': [
      p(rule('a', { ...every, ...when("request.name == 'web'") })),
      settledCall(`${DELETE_PODS}?fieldSelector=metadata.name%3Dweb`),
      'Allow p/a',
    ],
    'a label, by =': [byLabel, select('tier=prod'), 'Allow p/a'],
    'a label, by ==': [byLabel, select('tier==prod'), 'Allow p/a'],
    'a label, by in': [byLabel, select('tier in (prod)'), 'Allow p/a'],
    'a label of a deletecollection': [byLabel, select('tier=prod', DELETE_PODS), 'Allow p/a'],
    'not a label that may have another value': [byLabel, select('tier in (prod, dev)'), 'Deny NoRule'],
    'a label by what several requirements leave': [
      byLabel,
      select('tier in (prod, dev),tier in (prod, qa)'),
      'Allow p/a',
    ],
    'nothing by requirements that contradict each other': [byLabel, select('tier=prod,tier=dev'), 'Deny NoRule'],
    'not the label that it excludes, by notin': [byLabel, select('tier notin (prod)'), 'Deny NoRule'],
    'not the label that it excludes, by !=': [byLabel, select('tier!=prod'), 'Deny NoRule'],
    'not a number, by >': [
      p(rule('a', { ...every, objectSelector: { matchLabels: { tier: '1' } } })),
      select('tier>1'),
      'Deny NoRule',
    ],
    'not a label, by notin': [notProd, select('tier notin (prod)'), 'Deny NoRule'],
    'not a label, by !=': [notProd, select('tier!=prod'), 'Deny NoRule'],
    'that a label has none of the values': [notProd, select('tier in (dev, qa)'), 'Allow p/a'],
    'that a label is there': [hasTier, select('tier in (dev, qa)'), 'Allow p/a'],
    'not that a label is there, by its key alone': [hasTier, select('tier'), 'Deny NoRule'],
    'not that a label is not there': [noTier, select('!tier'), 'Deny NoRule'],
    'nothing, if it does not parse': [byLabel, select('tier=prod,('), 'Deny NoRule'],
    'that a Deny does not match': [
      p(rule('a', every), deny('d', { ...every, ...prod })),
      select('tier=dev'),
      'Allow p/a',
    ],
  });
});

describe('names', () => {
  const names = { ...every, resourceNames: ['web', 'db'] };
  const created = (metadata: Record<string, string>) => settledCall(CREATE_POD, { object: known({ metadata }) });
  table({
    'match literally': [p(rule('a', names)), call(GET_POD), 'Allow p/a'],
    'do not match others': [p(rule('a', { ...every, resourceNames: ['we'] })), call(GET_POD), 'Deny NoRule'],
    'match every name where none is given': [
      p(rule('a', { ...every, resourceNames: [] })),
      call(LIST_PODS),
      'Allow p/a',
    ],
    'of a create are those of the object': [p(rule('a', names)), created({ name: 'db' }), 'Allow p/a'],
    'of a create are looked up first': [p(rule('a', names)), call(CREATE_POD), 'NeedsObject object'],
    'of a create are not known if generated': [
      p(rule('a', names)),
      created({ name: 'web', generateName: 'we' }),
      'Deny NoRule',
    ],
    'that are generated match Deny': [
      p(rule('a', every), deny('d', names)),
      created({ name: 'x-5rk2v', generateName: 'x-' }),
      'Deny p/d',
    ],
    'of a subresource are those of the path': [
      p(rule('a', { ...names, resources: ['pods/eviction'] })),
      call('POST /api/v1/namespaces/payments/pods/web/eviction'),
      'Allow p/a',
    ],
    'of a PUT are those of the path': [
      p(rule('a', names)),
      settledCall(PUT_POD, { object: known({ metadata: { name: 'other' } }) }),
      'Allow p/a',
    ],
  });
});

describe('namespaces', () => {
  const inPayments = { ...every, namespaces: ['payments'], apiGroups: ['*'], resources: ['*'] };
  const inProd = { ...every, namespaceSelector: { matchLabels: { env: 'prod' } }, apiGroups: ['*'], resources: ['*'] };
  const everything = rule('all', { ...every, apiGroups: ['*'], resources: ['*'] });
  const namespace = (env: string) => ({ namespaceObject: known({ metadata: { name: 'payments', labels: { env } } }) });
  table({
    'match by name': [p(rule('a', inPayments)), call(GET_POD), 'Allow p/a'],
    'do not match another': [p(rule('a', inPayments)), call('GET /api/v1/namespaces/web/pods/web'), 'Deny NoRule'],
    'match by labels': [p(rule('a', inProd)), call(GET_POD, namespace('prod')), 'Allow p/a'],
    'do not match other labels': [p(rule('a', inProd)), call(GET_POD, namespace('dev')), 'Deny NoRule'],
    'are looked up where labels matter': [p(rule('a', inProd)), call(GET_POD), 'NeedsObject namespaceObject'],
    'have unknown labels where the watch has not seen them': [
      p(everything, deny('d', inProd)),
      call(GET_POD, { namespaceObject: ABSENT }),
      'Deny p/d',
    ],
    'match by name and labels only together': [
      p(rule('a', { ...inPayments, ...inProd, namespaces: ['web'] })),
      call(GET_POD, namespace('prod')),
      'Deny NoRule',
    ],
    'absent match cluster-scoped objects': [p(everything), call('GET /api/v1/nodes/n1'), 'Allow p/all'],
    'absent match all namespaces': [p(everything), call(LIST_ALL_PODS), 'Allow p/all'],
    'hold no cluster-scoped object': [
      p(everything, deny('d', inPayments)),
      call('GET /api/v1/nodes/n1'),
      'Allow p/all',
    ],
    'hold no cluster-scoped object by an empty name': [
      p(rule('a', { ...inPayments, namespaces: [''] })),
      call('GET /api/v1/nodes/n1'),
      'Deny NoRule',
    ],
    'hold no cluster-scoped objects of a list': [
      p(everything, deny('d', inPayments)),
      call('GET /api/v1/nodes'),
      'Allow p/all',
    ],
    'hold no cluster-scoped objects, by labels': [
      p(everything, deny('d', inProd)),
      call('GET /api/v1/nodes'),
      'Allow p/all',
    ],
    'may hold what is listed of a resource that nobody knows': [
      p(everything, deny('d', inPayments)),
      call('GET /apis/example.com/v1/widgets'),
      'Deny p/d',
    ],
    'hold none of a resource that discovery says is cluster-scoped': [
      p(everything, deny('d', inPayments)),
      call('GET /apis/example.com/v1/widgets', { scope: 'Cluster' }),
      'Allow p/all',
    ],
    'may hold what is read by a path that no namespaced resource has': [
      p(everything, deny('d', inPayments)),
      settledCall('GET /apis/example.com/v1/widgets/w', { scope: 'Namespaced' }),
      'Deny p/d',
    ],
    'are not known of a cluster-scoped object under a namespace': [
      p(rule('a', inPayments)),
      call('GET /api/v1/namespaces/payments/nodes/n1'),
      'Deny NoRule',
    ],
    'are not known of what another group calls namespaces': [
      p(rule('a', inPayments)),
      call('GET /apis/example.com/v1/namespaces/payments'),
      'Deny NoRule',
    ],
  });

  describe('a Namespace object is judged by its own name and labels:', () => {
    const own = (env: string) => known({ metadata: { name: 'payments', labels: { env } } });
    const GET = 'GET /api/v1/namespaces/payments';
    const PATCH = 'PATCH /api/v1/namespaces/payments';
    const CREATE = 'POST /api/v1/namespaces';
    table({
      'its name': [p(rule('a', inPayments)), call(GET), 'Allow p/a'],
      'another name': [p(rule('a', inPayments)), call('GET /api/v1/namespaces/web'), 'Deny NoRule'],
      'the name of its status': [
        p(rule('a', inPayments)),
        settledCall('PUT /api/v1/namespaces/payments/status', { oldObject: own('x') }),
        'Allow p/a',
      ],
      'the name in the object of a create': [p(rule('a', inPayments)), call(CREATE, { object: own('x') }), 'Allow p/a'],
      'a name that is looked up': [p(rule('a', inPayments)), call(CREATE), 'NeedsObject object'],
      'a name that is unknown': [p(everything, deny('d', inPayments)), settledCall(CREATE), 'Deny p/d'],
      'the names of a list': [p(everything, deny('d', inPayments)), call('GET /api/v1/namespaces'), 'Deny p/d'],
      'the name that a list selects': [
        p(rule('a', inPayments)),
        call('GET /api/v1/namespaces?fieldSelector=metadata.name%3Dpayments'),
        'Allow p/a',
      ],
      'its labels': [p(rule('a', inProd)), call(GET, { oldObject: own('prod') }), 'Allow p/a'],
      'its labels, as the watch has them': [p(rule('a', inProd)), call(GET, namespace('prod')), 'Allow p/a'],
      'the labels that a create gives it': [p(rule('a', inProd)), call(CREATE, { object: own('prod') }), 'Allow p/a'],
      'the labels that it loses': [
        p(everything, deny('d', inProd)),
        call(PATCH, { object: own('dev'), oldObject: own('prod') }),
        'Deny p/d',
      ],
      'the labels that it gets, for Allow': [
        p(rule('a', inProd)),
        call(PATCH, { object: own('dev'), oldObject: own('prod') }),
        'Deny NoRule',
      ],
    });
  });
});

describe('objectSelector', () => {
  const a = p(rule('a', { ...every, ...prod }));
  const d = p(rule('a', every), deny('d', { ...every, ...prod }));
  const logs = { ...every, resources: ['pods/log'] };
  const ofLogs = p(rule('a', logs), deny('d', { ...logs, ...prod }));
  const tier = (value: string) => labelled({ tier: value });
  table({
    'matches Deny by the new object': [
      d,
      settledCall(PATCH_POD, { object: tier('prod'), oldObject: tier('dev') }),
      'Deny p/d',
    ],
    'matches Deny by the old object': [
      d,
      settledCall(PATCH_POD, { object: tier('dev'), oldObject: tier('prod') }),
      'Deny p/d',
    ],
    'matches Deny by neither': [
      d,
      settledCall(PATCH_POD, { object: tier('dev'), oldObject: tier('dev') }),
      'Allow p/a',
    ],
    'matches Deny by the object that is known': [d, settledCall(PATCH_POD, { object: tier('prod') }), 'Deny p/d'],
    'matches Allow by both': [
      a,
      settledCall(PATCH_POD, { object: tier('prod'), oldObject: tier('prod') }),
      'Allow p/a',
    ],
    'does not match Allow by the new object alone': [
      a,
      settledCall(PATCH_POD, { object: tier('prod'), oldObject: tier('dev') }),
      'Deny NoRule',
    ],
    'does not match Allow by the old object alone': [
      a,
      settledCall(PATCH_POD, { object: tier('dev'), oldObject: tier('prod') }),
      'Deny NoRule',
    ],
    'judges a create by the new object': [a, settledCall(CREATE_POD, { object: tier('prod') }), 'Allow p/a'],
    'judges a delete by the object that goes': [a, settledCall(DELETE_POD, { oldObject: tier('prod') }), 'Allow p/a'],
    'judges a delete by that alone, whatever comes as the new object': [
      d,
      settledCall(DELETE_POD, { object: tier('prod'), oldObject: tier('dev') }),
      'Allow p/a',
    ],
    'judges a get by the object that is read': [a, settledCall(GET_POD, { oldObject: tier('prod') }), 'Allow p/a'],
    'selects nothing where a get reads what does not exist': [
      d,
      settledCall(GET_POD, { oldObject: ABSENT }),
      'Allow p/a',
    ],
    'selects nothing where a delete is of what does not exist': [
      d,
      settledCall(DELETE_POD, { oldObject: ABSENT }),
      'Allow p/a',
    ],
    'selects nothing where a patch is of what does not exist': [
      d,
      settledCall(PATCH_POD, { oldObject: ABSENT }),
      'Allow p/a',
    ],
    'allows nothing that does not exist: whether it does is not to be learned so': [
      a,
      settledCall(GET_POD, { oldObject: ABSENT }),
      'Deny NoRule',
    ],
    'is in doubt about what nobody has shown': [d, settledCall(GET_POD), 'Deny p/d'],
    'still judges what an apply would make': [
      d,
      settledCall(PATCH_POD, { apply: true, oldObject: ABSENT, object: tier('prod') }),
      'Deny p/d',
    ],
    'selects nothing where the pod of a log does not exist': [
      ofLogs,
      settledCall(`${GET_POD}/log`, { parentObject: ABSENT }),
      'Allow p/a',
    ],
    'is in doubt about the pod of a log that nobody has shown': [ofLogs, settledCall(`${GET_POD}/log`), 'Deny p/d'],
    'needs both objects of a patch': [a, call(PATCH_POD), 'NeedsObject object oldObject'],
    'needs the new object of a create': [a, call(CREATE_POD), 'NeedsObject object'],
    'needs the old object of a delete': [a, call(DELETE_POD), 'NeedsObject oldObject'],
    'needs nothing more where one object decides': [d, call(PATCH_POD, { object: tier('prod') }), 'Deny p/d'],
    'does not take an object for one that has labels if it has none': [
      p(
        rule('a', {
          ...every,
          objectSelector: { matchExpressions: [{ key: 'tier', operator: 'NotIn', values: ['prod'] }] },
        }),
      ),
      settledCall(CREATE_POD, { object: known({ metadata: { name: 'web' } }) }),
      'Allow p/a',
    ],
    'takes nothing from the prototype for a label': [
      p(
        rule('a', {
          ...every,
          objectSelector: { matchExpressions: [{ key: 'constructor', operator: 'DoesNotExist' }] },
        }),
      ),
      settledCall(CREATE_POD, { object: labelled({}) }),
      'Allow p/a',
    ],
    'takes no labels from a list for labels': [
      d,
      settledCall(CREATE_POD, { object: known({ metadata: { labels: ['tier', 'prod'] } }) }),
      'Deny p/d',
    ],
  });

  describe('of a subresource', () => {
    const evict = 'POST /api/v1/namespaces/payments/pods/web/eviction';
    const one = p(
      rule('a', { ...every, ...prod, resources: ['pods/eviction', 'pods/log', 'pods/status', 'pods/exec'] }),
    );
    table({
      'takes the labels of the object it belongs to': [
        one,
        settledCall(evict, { parentObject: tier('prod') }),
        'Allow p/a',
      ],
      'does not take those that the caller sends': [one, settledCall(evict, { object: tier('prod') }), 'Deny NoRule'],
      'needs that object': [one, call(evict), 'NeedsObject parentObject'],
      'needs that object for an exec too': [one, call(`${GET_POD}/exec`), 'NeedsObject parentObject'],
      'needs that object for logs': [one, call(`${GET_POD}/log`, { parentObject: tier('prod') }), 'Allow p/a'],
      'that takes whole objects takes those': [
        one,
        settledCall(`PATCH ${GET_POD.slice(4)}/status`, { object: tier('prod'), oldObject: tier('prod') }),
        'Allow p/a',
      ],
    });
  });
});

describe('a PUT or an apply', () => {
  const exists = { oldObject: known({ metadata: { name: 'web' } }) };
  const missing = { oldObject: ABSENT };
  const apply = { apply: true };
  const creates = p(rule('a', { verbs: ['create'] }));
  const updates = p(rule('a', { verbs: ['update', 'patch'] }));
  const both = p(rule('a', { verbs: ['create', 'update', 'patch'] }));
  table({
    'of an object that exists is an update': [updates, call(PUT_POD, exists), 'Allow p/a'],
    'of an object that exists is no create': [creates, call(PUT_POD, exists), 'Deny NoRule'],
    'of an object that does not exist is a create': [creates, call(PUT_POD, missing), 'Allow p/a'],
    'of an object that does not exist is no update': [updates, call(PUT_POD, missing), 'Deny NoRule'],
    'needs the old object where the verbs are judged differently': [updates, call(PUT_POD), 'NeedsObject oldObject'],
    'needs nothing where they are judged alike': [both, call(PUT_POD), 'Allow p/a'],
    'is both where it cannot be known, for Allow': [updates, settledCall(PUT_POD), 'Deny NoRule'],
    'is either where it cannot be known, for Deny': [
      [...both, compiled('q', [deny('d', { verbs: ['create'] })])],
      settledCall(PUT_POD),
      'Deny q/d',
    ],
    'is either where it cannot be known, for RequireApproval': [
      [...both, compiled('q', [hold('h', { verbs: ['update'] })])],
      settledCall(PUT_POD),
      'RequireApproval q/h',
    ],
    'by apply that creates is a create': [creates, call(PATCH_POD, { ...apply, ...missing }), 'Allow p/a'],
    'by apply of what exists is a patch': [updates, call(PATCH_POD, { ...apply, ...exists }), 'Allow p/a'],
    'by apply needs the old object': [updates, call(PATCH_POD, apply), 'NeedsObject oldObject'],
    'by any other patch never creates': [updates, call(PATCH_POD), 'Allow p/a'],
    'of a subresource may create as well': [
      p(rule('a', { verbs: ['update'], resources: ['pods/status'] })),
      call(`PUT ${GET_POD.slice(4)}/status`),
      'NeedsObject oldObject',
    ],
    'gives expressions the verb that is judged': [
      p(rule('a', { ...every, ...when("request.verb == 'create'") })),
      call(PUT_POD, missing),
      'Allow p/a',
    ],
    'gives expressions both verbs where it cannot be known': [
      p(rule('a', { ...every, ...when("request.verb == 'create' || request.verb == 'update'") })),
      settledCall(PUT_POD),
      'Allow p/a',
    ],
    'matches no Allow by an expression that takes one of the verbs': [
      p(rule('a', { ...every, ...when("request.verb == 'update'") })),
      settledCall(PUT_POD),
      'Deny NoRule',
    ],
    'that creates has no old object': [
      p(rule('a', { ...every, ...when('oldObject == null') })),
      call(PUT_POD, missing),
      'Allow p/a',
    ],
  });
});

describe('the static phase', () => {
  table({
    'ends a call that is denied for certain': [p(rule('a', every), deny('d', every)), call(PATCH_POD), 'Deny p/d'],
    'looks nothing up for a call that nothing can permit': [
      p(deny('d', { ...every, ...prod })),
      call(PATCH_POD),
      'Deny NoRule',
    ],
    'decides without objects where no rule looks at them': [p(rule('a', every)), call(PATCH_POD), 'Allow p/a'],
    'asks for an object where a Deny may match': [
      p(rule('a', every), deny('d', { ...every, ...prod })),
      call(PATCH_POD),
      'NeedsObject object oldObject',
    ],
    'asks for an object where a RequireApproval may match': [
      p(rule('a', every), hold('h', { ...every, ...prod })),
      call(PATCH_POD),
      'NeedsObject object oldObject',
    ],
    'asks for nothing where only another Allow may match': [
      p(rule('a', every), rule('b', { ...every, ...prod })),
      call(PATCH_POD),
      'Allow p/a',
    ],
    'asks for nothing where an Allow may match beside an approval': [
      p(hold('h', every), rule('b', { ...every, ...prod })),
      call(PATCH_POD),
      'RequireApproval p/h',
    ],
    'asks for the other approvals, as each must be satisfied': [
      p(hold('h', every), hold('i', { ...every, ...prod })),
      call(DELETE_POD),
      'NeedsObject oldObject',
    ],
    'asks for what an expression names': [
      p(rule('a', { ...every, ...when('object.spec.replicas < oldObject.spec.replicas') })),
      call(PATCH_POD),
      'NeedsObject object oldObject',
    ],
    'asks for the namespace that an expression names': [
      p(rule('a', { ...every, ...when("namespaceObject.metadata.labels.env == 'dev'") })),
      call(PATCH_POD),
      'NeedsObject namespaceObject',
    ],
    'asks for nothing that an expression does not need': [
      p(rule('a', { ...every, ...when("request.verb == 'patch' || object.x == 1") })),
      call(PATCH_POD),
      'Allow p/a',
    ],
    'asks for nothing where another field excludes the rule': [
      p(rule('a', { ...every, ...prod, ...when("user.username == 'somebody'") })),
      call(PATCH_POD),
      'Deny NoRule',
    ],
    'looks at no object of a connect, which has none': [
      p(rule('a', { ...every, resources: ['pods/exec'], ...when('object.x == 1') })),
      call(`${GET_POD}/exec`),
      'Deny NoRule',
    ],
  });
});

describe('expressions', () => {
  const allowIf = (expression: string, changes: Partial<PolicyRule> = {}) =>
    p(rule('a', { ...every, ...when(expression), ...changes }));
  const spec = (replicas: number) => known({ metadata: { name: 'web' }, spec: { replicas } });
  table({
    'see the call': [
      allowIf(
        "request.verb == 'get' && request.apiGroup == '' && request.resource == 'pods' && request.subresource == '' && request.namespace == 'payments' && request.name == 'web' && request.path == '/api/v1/namespaces/payments/pods/web' && !request.dryRun",
      ),
      call(GET_POD),
      'Allow p/a',
    ],
    'see that the call is a dry run': [allowIf('request.dryRun'), call(GET_POD, { dryRun: true }), 'Allow p/a'],
    'see the options in force': [
      allowIf("request.options.propagationPolicy == 'Orphan' && !has(request.options.gracePeriodSeconds)"),
      call(DELETE_POD, { options: { propagationPolicy: 'Orphan' } }),
      'Allow p/a',
    ],
    'see the arguments of an exec': [
      allowIf("request.command == ['ls', '-l']", { resources: ['pods/exec'] }),
      call(`${GET_POD}/exec?command=ls&command=-l`),
      'Allow p/a',
    ],
    'see the caller': [
      allowIf(
        "user.username == 'ci' && user.uid == 'uid-of-ci' && 'agents' in user.groups && user.extra['chaperone.dev/ref'] == ['main']",
      ),
      call(GET_POD, { caller: identityOf('ci', ['agents'], { 'chaperone.dev/ref': ['main'] }) }),
      'Allow p/a',
    ],
    'see the namespace': [
      allowIf("namespaceObject.metadata.labels.env == 'dev'"),
      call(GET_POD, { namespaceObject: known({ metadata: { labels: { env: 'dev' } } }) }),
      'Allow p/a',
    ],
    'see no namespace of a cluster-scoped object': [
      allowIf("namespaceObject == null && request.namespace == ''", { resources: ['nodes'] }),
      call('GET /api/v1/nodes/n1'),
      'Allow p/a',
    ],
    'see the name of what is created': [
      allowIf("request.name == 'web'"),
      call(CREATE_POD, { object: known({ metadata: { name: 'web' } }) }),
      'Allow p/a',
    ],
    'look up the name of what is created': [allowIf("request.name == 'web'"), call(CREATE_POD), 'NeedsObject object'],
    'wait until it is known whether the namespace matches': [
      p(
        rule('a', every),
        deny('d', { ...every, namespaceSelector: { matchLabels: { env: 'x' } }, ...when("request.name == 'x'") }),
      ),
      call(GET_POD),
      'NeedsObject namespaceObject',
    ],
    'compare the old and the new object once, if they name both': [
      allowIf('object.spec.replicas < oldObject.spec.replicas'),
      settledCall(PATCH_POD, { object: spec(1), oldObject: spec(3) }),
      'Allow p/a',
    ],
    'of object alone match Allow by both objects': [
      allowIf('object.spec.replicas == 1'),
      settledCall(PATCH_POD, { object: spec(1), oldObject: spec(3) }),
      'Deny NoRule',
    ],
    'of object alone match Deny by the old object': [
      p(rule('a', every), deny('d', { ...every, ...when('object.spec.replicas == 3') })),
      settledCall(PATCH_POD, { object: spec(1), oldObject: spec(3) }),
      'Deny p/d',
    ],
    'of object alone judge a delete by the object that goes': [
      allowIf('object.spec.replicas == 3'),
      settledCall(DELETE_POD, { oldObject: spec(3) }),
      'Allow p/a',
    ],
    'of oldObject see null where nothing was': [
      allowIf('oldObject == null'),
      settledCall(CREATE_POD, { object: spec(1) }),
      'Allow p/a',
    ],
    'that need what is unknown still have a value if the rest decides': [
      allowIf("object.spec.replicas == 1 || request.verb == 'list'"),
      settledCall(LIST_PODS),
      'Allow p/a',
    ],
    'of matchConditions must be true too': [
      [compiled('p', [rule('a')], { matchConditions: [{ name: 'm', expression: "user.username == 'x'" }] })],
      call(GET_POD),
      'Deny NoRule',
    ],
    'of matchConditions that fail match Deny': [
      [
        compiled('a', [rule('a')]),
        compiled('p', [deny('d')], { matchConditions: [{ name: 'm', expression: "user.extra['x'] == []" }] }),
      ],
      call(GET_POD),
      'Deny p/d',
    ],
    'must all be true': [
      p(
        rule('a', {
          conditions: [
            { name: 'x', expression: 'true' },
            { name: 'y', expression: "request.name == 'db'" },
          ],
        }),
      ),
      call(GET_POD),
      'Deny NoRule',
    ],
    'of numbers that no double holds are errors, not neighbours': [
      allowIf('object.spec.n == 9007199254740993'),
      settledCall(CREATE_POD, { object: known({ metadata: { name: 'web' }, spec: { n: 2 ** 53 } }) }),
      'Deny NoRule',
    ],
  });

  const failing = "user.extra['x'] == []";
  const errorsOf = (policies: readonly BundlePolicy[], input: PolicyInput) => {
    const decision = decide(bundleOf(policies), input);
    return decision.verdict === 'NeedsObject' ? 'NeedsObject' : decision.errors;
  };

  test('are evaluated only where subject, verb, resource and namespace match', () => {
    const fails = when(failing);
    const elsewhere = [
      compiled('subject', [deny('d', { ...every, ...fails })], { subjects: [{ kind: 'User', name: 'somebody' }] }),
      compiled('verb', [deny('d', { verbs: ['list'], ...fails })]),
      compiled('resource', [deny('d', { ...every, resources: ['secrets'], ...fails })]),
      compiled('namespace', [deny('d', { ...every, namespaces: ['web'], ...fails })]),
      compiled('selector', [deny('d', { ...every, namespaceSelector: { matchLabels: { env: 'x' } }, ...fails })]),
      compiled('allow', [rule('a', every)]),
    ];
    const input = call(GET_POD, { namespaceObject: known({ metadata: {} }) });
    expect(verdict(elsewhere, input)).toBe('Allow allow/a');
    expect(errorsOf(elsewhere, input)).toEqual([]);
  });

  test('that fail are named in the decision, by policy, rule and reason and without data', () => {
    expect(errorsOf(p(rule('a', every), deny('d', { ...every, ...when(failing) })), call(GET_POD))).toEqual([
      { policy: 'p', rule: 'd', list: 'conditions', condition: 'c', reason: 'NoSuchKey', dryRun: false },
    ]);
  });

  test('that fail in an Allow are named too', () => {
    expect(errorsOf(p(rule('a', { ...every, ...when(failing) })), call(GET_POD))).toMatchObject([{ rule: 'a' }]);
  });

  test('that lack an object have not failed', () => {
    expect(
      errorsOf(p(rule('a', every), deny('d', { ...every, ...when('object.x == 1') })), settledCall(LIST_PODS)),
    ).toEqual([]);
    expect(
      errorsOf(p(rule('a', every), deny('d', { ...every, ...when("request.name == 'x'") })), settledCall(LIST_PODS)),
    ).toEqual([]);
  });

  test('that fail beside an object that is still to be looked up are not judged yet', () => {
    expect(verdict(p(rule('a', { ...every, ...when(`${failing} || object.x == 1`) })), call(CREATE_POD))).toBe(
      'NeedsObject object',
    );
  });

  test('are evaluated once for all rules of a policy and all policies that share them', () => {
    const shared = { matchConditions: [{ name: 'm', expression: failing }] };
    const policies = ['a', 'b'].map((name) => compiled(name, [deny('x', every), deny('y', every)], shared));
    expect(errorsOf(policies, call(GET_POD))).toHaveLength(4);
  });
});

describe("writes to Chaperone's own objects", () => {
  const everything = p(
    rule('a', { verbs: ['*'], apiGroups: ['chaperone.dev', '*'], resources: ['*', 'agentpolicies'] }),
  );
  const OWN = '/apis/chaperone.dev/v1alpha1/agentpolicies';
  const DEFINITIONS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
  const allowed = { allowSelfAdministration: true };
  const native = { caller: { ...identityOf('sa', ['agents']), impersonation: { via: false } } };
  table({
    'are refused whatever policies say: create': [everything, call(`POST ${OWN}`), 'Deny SelfAdministration'],
    'are refused: update': [everything, call(`PUT ${OWN}/x`), 'Deny SelfAdministration'],
    'are refused: patch': [everything, call(`PATCH ${OWN}/x`), 'Deny SelfAdministration'],
    'are refused: delete': [everything, call(`DELETE ${OWN}/x`), 'Deny SelfAdministration'],
    'are refused: deletecollection': [everything, call(`DELETE ${OWN}`), 'Deny SelfAdministration'],
    'are refused: status': [everything, call(`PATCH ${OWN}/x/status`), 'Deny SelfAdministration'],
    'are refused: a version that does not exist yet': [
      everything,
      call('POST /apis/chaperone.dev/v9/namespaces/x/approvalrequests'),
      'Deny SelfAdministration',
    ],
    'are refused: deleting their kind': [
      everything,
      call(`DELETE ${DEFINITIONS}/agentpolicies.chaperone.dev`),
      'Deny SelfAdministration',
    ],
    'are refused: having another server convert them': [
      everything,
      call(`PATCH ${DEFINITIONS}/approvalrequests.chaperone.dev`),
      'Deny SelfAdministration',
    ],
    'are refused: the status of their kind': [
      everything,
      call(`PUT ${DEFINITIONS}/maskingrules.chaperone.dev/status`),
      'Deny SelfAdministration',
    ],
    'are refused: deleting kinds, theirs among them': [
      everything,
      call(`DELETE ${DEFINITIONS}`),
      'Deny SelfAdministration',
    ],
    'are no concern of other kinds': [everything, call(`DELETE ${DEFINITIONS}/widgets.example.com`), 'Allow p/a'],
    'are no concern of new kinds': [everything, call(`POST ${DEFINITIONS}`), 'Allow p/a'],
    'are no concern of who reads their kind': [
      everything,
      call(`GET ${DEFINITIONS}/agentpolicies.chaperone.dev`),
      'Allow p/a',
    ],
    'are refused: a connect by GET': [everything, call(`GET ${OWN}/x/proxy`), 'Deny SelfAdministration'],
    'are no reads': [everything, call(`GET ${OWN}/x`), 'Allow p/a'],
    'are no lists': [everything, call(`GET ${OWN}?watch=true`), 'Allow p/a'],
    'are up to policies where the installation allows them': [everything, call(`POST ${OWN}`, allowed), 'Allow p/a'],
    'are refused where no policy allows them either': [[], call(`POST ${OWN}`, allowed), 'Deny NoRule'],
    'are never open to a ServiceAccount under its own name': [
      everything,
      call(`POST ${OWN}`, { ...allowed, ...native }),
      'Deny SelfAdministration',
    ],
    'are none in a group of another name': [
      everything,
      settledCall('POST /apis/chaperone.dev.example.com/v1/agentpolicies'),
      'Allow p/a',
    ],
  });
});

describe('hostile values', () => {
  const hostile: Readonly<Record<string, PolicyInput>> = {
    'an object without metadata': settledCall(CREATE_POD, { object: known({}) }),
    'metadata that is a list': settledCall(CREATE_POD, { object: known({ metadata: ['labels'] }) }),
    'labels that are numbers': settledCall(CREATE_POD, { object: known({ metadata: { labels: { tier: 1 } } }) }),
    'labels that are null': settledCall(CREATE_POD, { object: known({ metadata: { labels: null } }) }),
    'keys of the prototype': settledCall(CREATE_POD, {
      object: known(parsed('{"__proto__":{"metadata":{"labels":{"tier":"dev"}}},"constructor":1}')),
    }),
    'lists nested beyond the stack': settledCall(CREATE_POD, {
      object: known(parsed(`{"spec":${'['.repeat(50_000)}${']'.repeat(50_000)}}`)),
    }),
    'numbers beyond doubles': settledCall(CREATE_POD, {
      object: known({ spec: [2 ** 60, [2 ** 60]] }),
      options: { n: [2 ** 60] },
    }),
    'a clock that is none': settledCall(CREATE_POD, { now: Number.NaN }),
    'a label selector that does not parse': settledCall(`${LIST_PODS}?labelSelector=a%20in%20(`),
  };
  const policies = p(
    deny('d', { ...every, ...prod }),
    deny('e', { ...every, ...when('object.spec.all(x, x == 1)') }),
    rule('a', { ...every, ...when('object.spec.replicas == 1 && request.options.n == 1') }),
    rule('b', { ...every, resourceNames: ['web'], ...prod }),
  );
  test.each(Object.entries(hostile))('%s permit nothing and throw nothing', (_, input) => {
    expect(decide(bundleOf(policies), input).verdict).toBe('Deny');
  });

  test('an object that is known to be unknowable matches Deny, not Allow', () => {
    expect(
      verdict(p(rule('a', every), deny('d', { ...every, ...prod })), call(CREATE_POD, { object: UNKNOWN_OBJECT })),
    ).toBe('Deny p/d');
  });
});
