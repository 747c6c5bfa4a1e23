import { describe, expect, it } from 'vitest';
import { compile } from '../expression/policy.ts';
import type { AgentPolicySpec, PolicyRule } from '../v1alpha1/generated/api.ts';
import { warnAgentPolicySpec } from './agentpolicy-warnings.ts';
import { validateAgentPolicySpec } from './agentpolicy.ts';
import { formatFieldErrors, formatFieldWarnings } from './field-error.ts';
import { parseAgentPolicy } from './parse.ts';

const NOW = Date.UTC(2026, 10, 1);

/** A spec with one rule, with the defaults of the API server. */
function specWith(rule: object, spec: object = {}): AgentPolicySpec {
  const result = parseAgentPolicy({
    apiVersion: 'chaperone.dev/v1alpha1',
    kind: 'AgentPolicy',
    metadata: { name: 'p' },
    spec: {
      subjects: [{ kind: 'Group', name: 'agents' }],
      rules: [{ name: 'r', action: 'Deny', verbs: ['*'], ...rule }],
      ...spec,
    },
  });
  if (result.kind === 'invalid') throw new Error(formatFieldErrors(result.errors));
  return result.object.spec;
}

const findings = (spec: AgentPolicySpec): string =>
  formatFieldErrors(validateAgentPolicySpec(spec, { compileExpression: compile }));
const warnings = (spec: AgentPolicySpec): string => formatFieldWarnings(warnAgentPolicySpec(spec, NOW));

const on = (apiGroups: string[], resources: string[]): Partial<PolicyRule> => ({ apiGroups, resources });
const pods = on([''], ['pods']);
const oncall = { reviewers: [{ kind: 'Group', name: 'oncall' }] };

describe('validateAgentPolicySpec', () => {
  describe('takes', () => {
    const cases: Record<string, object> = {
      'a cross product of groups and resources, as people write it in RBAC': on(
        ['', 'apps', 'batch'],
        ['pods', 'deployments', 'jobs'],
      ),
      'a resource that a later Kubernetes may bring': on(['apps'], ['rockets']),
      'a short name that some custom resource may have for its plural': on(['example.com'], ['po']),
      'metrics of pods, which another group serves': on(['metrics.k8s.io'], ['pods', 'nodes']),
      'a Namespace in itself': { ...on([''], ['namespaces', 'namespaces/status']), namespaces: ['payments'] },
      'cluster-scoped resources beside namespaces where groups are open': {
        ...on(['*'], ['nodes']),
        namespaces: ['payments'],
      },
      'every resource in some namespaces': { ...on(['*'], ['*']), namespaces: ['payments'] },
      'exec under all verbs': on([''], ['pods/exec']),
      'every proxy in a Deny rule': { ...on(['*'], ['*/proxy']), action: 'Deny' },
      'exec in all groups in a Deny rule': { ...on(['*'], ['pods/exec']), action: 'Deny', verbs: ['create'] },
      'a named exit in an Allow rule': { ...on([''], ['*', 'pods/exec', 'services/proxy']), action: 'Allow' },
      'an exit in an Allow rule whose group is named beside the wildcard': {
        ...on(['*', ''], ['pods/exec']),
        action: 'Allow',
      },
      'scale beside delete, though nothing serves it': {
        ...on(['apps'], ['deployments', '*/scale']),
        verbs: ['delete'],
      },
      'verbs of RBAC': { ...on(['rbac.authorization.k8s.io'], ['clusterroles']), verbs: ['bind', 'escalate'] },
      'discovery paths': {
        verbs: ['get'],
        nonResourceURLs: ['/api', '/api/*', '/apis/apps/v1', '/openapi/*', '/version/', '/', '*'],
      },
      'resourceNames that are empty, as in RBAC, beside paths': {
        verbs: ['get'],
        nonResourceURLs: ['/version'],
        resourceNames: [],
      },
      'a name with a colon and a dot': {
        ...on(['rbac.authorization.k8s.io'], ['clusterroles']),
        resourceNames: ['system:node.a'],
      },
      'a decision that is answered at once': {
        ...pods,
        action: 'RequireApproval',
        approval: { ...oncall, holdFor: '0s', autoRetry: false },
      },
      'as long a hold as there is time': {
        ...pods,
        action: 'RequireApproval',
        approval: { ...oncall, holdFor: '5m', expiresAfter: '300s' },
      },
      'more required approvals than reviewers where one is a group': {
        ...pods,
        action: 'RequireApproval',
        approval: { ...oncall, required: 3 },
      },
      'no record of reads': { ...pods, action: 'Allow', verbs: ['get', 'list', 'watch'], auditLevel: 'None' },
    };
    it.each(Object.entries(cases))('%s', (_name, rule) => {
      expect(findings(specWith(rule))).toBe('');
    });

    it('a reviewer who is one subject of several', () => {
      const approval = { reviewers: [{ kind: 'User', name: 'dana@example.com' }] };
      const subjects = [
        { kind: 'User', name: 'dana@example.com' },
        { kind: 'Group', name: 'agents' },
      ];
      expect(findings(specWith({ ...pods, action: 'RequireApproval', approval }, { subjects }))).toBe('');
    });
  });

  describe('finds', () => {
    const cases: Record<string, readonly [rule: object, want: string]> = {
      'a group that does not serve the resource': [
        on(['batch', 'apps'], ['cronjobs', 'pods']),
        `spec.rules[0].resources[1]: Invalid value: "pods": none of apiGroups serves pods; add ''`,
      ],
      'every group that would serve it': [
        on(['apps'], ['events']),
        `none of apiGroups serves events; add '' or 'events.k8s.io'`,
      ],
      'a subresource of a mistaken name': [on([''], ['pod/log']), `"pod/log": only the plural matches: write 'pods'`],
      'a cluster-scoped resource restricted by namespace labels': [
        { ...on(['storage.k8s.io'], ['storageclasses']), namespaceSelector: { matchLabels: { a: 'b' } } },
        'storageclasses is cluster-scoped and in no namespace',
      ],
      'exec under read verbs, as RBAC had it': [
        { ...on([''], ['pods', 'pods/exec']), verbs: ['get', 'list'] },
        'spec.rules[0].resources[1]: Invalid value: "pods/exec": exec counts as the verb create',
      ],
      'eviction under delete': [
        { ...on([''], ['pods/eviction']), verbs: ['delete'] },
        'the only verb of pods/eviction is create',
      ],
      'proxy of a group that is not named': [
        { ...on(['*'], ['services/proxy']), action: 'Allow', verbs: ['create'] },
        "apiGroups '*' does not reach proxy in Allow rules",
      ],
      'approval of certificates in all groups': [
        { ...on(['*'], ['certificatesigningrequests/approval']), action: 'Allow', verbs: ['update'] },
        "name its group 'certificates.k8s.io'",
      ],
      'the path of a collection': [
        { verbs: ['get'], nonResourceURLs: ['/apis/apps/v1/*'] },
        'spec.rules[0].nonResourceURLs[0]: Invalid value: "/apis/apps/v1/*": this is the path of a resource',
      ],
      'a path with two slashes': [{ verbs: ['get'], nonResourceURLs: ['/healthz//ping'] }, 'empty segments'],
      'a path with a query': [{ verbs: ['get'], nonResourceURLs: ['/healthz?verbose'] }, 'without a query'],
      'an expression that is constantly false, blanks or not': [
        { ...pods, conditions: [{ name: 'c', expression: ' false ' }] },
        'spec.rules[0].conditions[0].expression',
      ],
      'where an expression is wrong': [
        {
          ...pods,
          conditions: [
            { name: 'c', expression: 'true' },
            { name: 'd', expression: "request.nam == 'a'" },
          ],
        },
        'spec.rules[0].conditions[1].expression: Invalid value: "request.nam == \'a\'": 1:',
      ],
      'bad selectors with their path': [
        { ...pods, namespaceSelector: { matchExpressions: [{ key: 'a', operator: 'In', values: [] }] } },
        'spec.rules[0].namespaceSelector.matchExpressions[0].values: Required value',
      ],
    };
    it.each(Object.entries(cases))('%s', (_name, [rule, want]) => {
      expect(findings(specWith(rule))).toContain(want);
    });

    it('everything, not only the first', () => {
      const spec = specWith(
        {
          action: 'Allow',
          verbs: ['head'],
          apiGroups: ['apps/v1'],
          resources: ['Pod'],
          auditLevel: 'None',
          approval: oncall,
        },
        { subjects: [{ kind: 'User', name: '*', namespace: 'a' }] },
      );
      expect(
        validateAgentPolicySpec(spec, { compileExpression: compile }).map(({ type, path }) => `${path} ${type}`),
      ).toEqual([
        'spec.subjects[0].name Invalid',
        'spec.subjects[0].namespace Forbidden',
        'spec.rules[0].apiGroups[0] Invalid',
        'spec.rules[0].resources[0] Invalid',
        'spec.rules[0].verbs[0] Invalid',
        'spec.rules[0].approval Forbidden',
        'spec.rules[0].auditLevel Invalid',
      ]);
    });

    it('every field that paths exclude', () => {
      const spec = specWith({
        verbs: ['get'],
        nonResourceURLs: ['/version'],
        apiGroups: [''],
        resourceNames: ['a'],
        namespaces: ['b'],
        namespaceSelector: { matchLabels: { a: 'b' } },
        objectSelector: { matchLabels: { a: 'b' } },
      });
      expect(validateAgentPolicySpec(spec, { compileExpression: compile }).map(({ path }) => path)).toEqual([
        'spec.rules[0].apiGroups',
        'spec.rules[0].resourceNames',
        'spec.rules[0].namespaces',
        'spec.rules[0].namespaceSelector',
        'spec.rules[0].objectSelector',
      ]);
    });

    const own = (name: string): object => ({ kind: 'User', name });
    const toSelf: Record<string, readonly [subject: object, approval: object]> = {
      'the only reviewer': [own('dana@example.com'), { reviewers: [own('dana@example.com')] }],
      'the only reviewer, in other letters': [own('Dana@example.com'), { reviewers: [own('dana@example.com')] }],
      'one reviewer of the two that must approve': [
        own('dana@example.com'),
        { reviewers: [own('dana@example.com'), own('eli@example.com')], required: 2 },
      ],
      'the only reviewer, as a ServiceAccount': [
        { kind: 'ServiceAccount', namespace: 'ci', name: 'runner' },
        { reviewers: [own('system:serviceaccount:ci:runner')] },
      ],
    };
    it.each(Object.entries(toSelf))('that the only subject is %s', (_name, [subject, approval]) => {
      expect(findings(specWith({ ...pods, action: 'RequireApproval', approval }, { subjects: [subject] }))).toContain(
        'spec.rules[0].approval.reviewers: Invalid value',
      );
    });

    it('nothing where enough others are left to decide', () => {
      const approval = { reviewers: [own('dana@example.com'), own('eli@example.com')] };
      const spec = specWith({ ...pods, action: 'RequireApproval', approval }, { subjects: [own('dana@example.com')] });
      expect(findings(spec)).toBe('');
    });

    it('expressions of the policy itself', () => {
      const spec = specWith(pods, { matchConditions: [{ name: 'm', expression: '1 +' }] });
      expect(findings(spec)).toContain('spec.matchConditions[0].expression');
    });
  });
});

describe('warnAgentPolicySpec', () => {
  const approval = (more: object): object => ({ action: 'RequireApproval', approval: { ...oncall, ...more } });
  const cases: Record<string, readonly [rule: object, spec: object, want: string]> = {
    'is silent about an ordinary policy': [{ ...pods, verbs: ['delete'] }, {}, ''],
    'tells of a policy that has expired': [
      pods,
      { expiresAt: '2026-10-31T23:59:59Z' },
      'spec.expiresAt: has passed: the policy says nothing, its Deny rules included',
    ],
    'is silent about a policy that will expire': [pods, { expiresAt: '2026-11-01T00:00:01Z' }, ''],
    'tells of callers that never come': [
      pods,
      { subjects: [{ kind: 'Group', name: 'system:masters' }] },
      'spec.subjects[0].name: no caller of the gateway is ever system:masters',
    ],
    'tells where callers may approve each other': [
      {
        ...pods,
        ...approval({
          reviewers: [
            { kind: 'Group', name: 'oncall' },
            { kind: 'Group', name: 'agents' },
          ],
        }),
      },
      {},
      'spec.rules[0].approval.reviewers[1]: Group agents is a subject of this policy too',
    ],
    'does not take a user and a group of one name for each other': [
      { ...pods, ...approval({ reviewers: [{ kind: 'User', name: 'agents' }] }) },
      {},
      '',
    ],
    'tells that proxied requests and tokens never have a preview': [
      { ...on([''], ['services/proxy', 'serviceaccounts/token']), ...approval({}) },
      {},
      'spec.rules[0].approval.onPreviewFailure: services/proxy, serviceaccounts/token never has a preview, so Deny refuses every call',
    ],
    'is silent about exec, attach and portforward, of which reviewers see container, command and ports': [
      { ...on([''], ['pods/exec', 'pods/attach', 'pods/portforward']), ...approval({}) },
      {},
      '',
    ],
    'is silent where reviewers decide without a preview': [
      { ...on([''], ['services/proxy']), ...approval({ onPreviewFailure: 'Proceed' }) },
      {},
      '',
    ],
    'tells that an Allow by name hardly matches lists': [
      { ...pods, action: 'Allow', verbs: ['get', 'list', 'watch'], resourceNames: ['a'] },
      {},
      "spec.rules[0].resourceNames: list, watch matches only where the caller's own selector fixes it",
    ],
    'tells that an Allow by label hardly matches lists': [
      { ...pods, action: 'Allow', verbs: ['list'], objectSelector: { matchLabels: { a: 'b' } } },
      {},
      'spec.rules[0].objectSelector: list matches only',
    ],
    'is silent about a Deny by name, which the unknown matches': [
      { ...pods, verbs: ['list'], resourceNames: ['a'] },
      {},
      '',
    ],
    'tells that wildcards of an Allow stop at the exits': [
      { ...on(['*'], ['*']), action: 'Allow' },
      {},
      "spec.rules[0].resources: '*' reaches no exit",
    ],
    'tells so for a group whose writes are exits': [
      { ...on(['rbac.authorization.k8s.io'], ['*']), action: 'Allow', verbs: ['create'] },
      {},
      "spec.rules[0].resources: '*' reaches no exit",
    ],
    'is silent about reads of everything': [{ ...on(['*'], ['*']), action: 'Allow', verbs: ['get', 'list'] }, {}, ''],
    'is silent about everything of a group without exits': [{ ...on(['apps'], ['*']), action: 'Allow' }, {}, ''],
    'asks whether a short name in all groups was meant': [
      on(['*'], ['po']),
      {},
      "spec.rules[0].resources[0]: only the plural matches; did you mean 'pods'?",
    ],
  };
  it.each(Object.entries(cases))('%s', (_name, [rule, spec, want]) => {
    const message = warnings(specWith(rule, spec));
    expect(message).toContain(want);
    expect(want === '' ? message : '').toBe('');
  });
});
