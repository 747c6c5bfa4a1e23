import { describe, expect, test } from 'vitest';
import type { BundlePolicy } from '@chaperone/crds/bundle/bundle';
import type { PolicyRule } from '@chaperone/crds/v1alpha1/generated/api';
import { compiled, deny, hold, rule } from '@chaperone/test/policy/builders';
import { bundleOf, call, settledCall } from '@chaperone/test/policy/calls';
import { decide } from './engine.ts';
import type { PolicyInput } from './policy-input.ts';

const GET_POD = 'GET /api/v1/namespaces/payments/pods/web';
const EXEC = `${GET_POD}/exec?command=ls`;
const every = {
  verbs: ['*'],
  resources: ['pods', 'pods/exec', 'pods/attach', 'pods/portforward', 'pods/proxy', 'pods/log'],
} satisfies Partial<PolicyRule>;
const p = (...rules: PolicyRule[]): BundlePolicy[] => [compiled('p', rules)];

function levels(policies: readonly BundlePolicy[], input: PolicyInput): string {
  const decision = decide(bundleOf(policies), input);
  return decision.verdict === 'NeedsObject'
    ? decision.verdict
    : `${decision.verdict} ${decision.auditLevel} ${decision.sessions}`;
}

type Case = readonly [policies: readonly BundlePolicy[], input: PolicyInput, expected: string];

describe('what is recorded', () => {
  const at = (auditLevel: PolicyRule['auditLevel'] & string) => rule(`at-${auditLevel}`, { ...every, auditLevel });
  const dry = (...rules: PolicyRule[]): BundlePolicy => compiled('dry', rules, { mode: 'DryRun' });
  const cases: Readonly<Record<string, Case>> = {
    'is everything where the rule says nothing': [p(rule('a')), call(GET_POD), 'Allow RequestResponse Full'],
    'is the request of an exec': [p(rule('a', every)), call(EXEC), 'Allow Request Full'],
    'is the request of an attach': [p(rule('a', every)), call(`POST ${GET_POD.slice(4)}/attach`), 'Allow Request Full'],
    'is the request of a port-forward': [p(rule('a', every)), call(`${GET_POD}/portforward`), 'Allow Request Full'],
    'is everything of a proxied call': [p(rule('a', every)), call(`${GET_POD}/proxy`), 'Allow RequestResponse Full'],
    'is what the rule says, of an exec too': [p(at('RequestResponse')), call(EXEC), 'Allow RequestResponse Full'],
    'is the highest of several rules': [
      p(at('None'), at('Request'), at('Metadata')),
      call(GET_POD),
      'Allow Request Full',
    ],
    'is everything if one rule says nothing': [
      p(at('Metadata'), rule('a')),
      call(GET_POD),
      'Allow RequestResponse Full',
    ],
    'does not heed rules that do not match': [
      p(at('Metadata'), rule('a', { ...every, namespaces: ['web'] })),
      call(GET_POD),
      'Allow Metadata Full',
    ],
    'heeds rules that may match and were not looked into': [
      p(at('Metadata'), rule('a', { ...every, objectSelector: { matchLabels: { a: 'b' } } })),
      call(GET_POD),
      'Allow RequestResponse Full',
    ],
    'does not heed an Allow that lacks knowledge': [
      p(at('Metadata'), rule('a', { ...every, objectSelector: { matchLabels: { a: 'b' } } })),
      settledCall(GET_POD),
      'Allow Metadata Full',
    ],
    'is nothing of a read by None': [p(at('None')), call(GET_POD), 'Allow None Full'],
    'is nothing of a list by None': [p(at('None')), call('GET /api/v1/pods'), 'Allow None Full'],
    'is nothing of a path that is read, by None': [
      p(rule('a', { nonResourceURLs: ['/healthz'], auditLevel: 'None' })),
      call('GET /healthz'),
      'Allow None Full',
    ],
    'is something of a write by None': [
      p(at('None')),
      call('DELETE /api/v1/namespaces/x/pods/y'),
      'Allow Metadata Full',
    ],
    'is something of an exec by None': [p(at('None')), call(EXEC), 'Allow Metadata Full'],
    'is something of a denial by None': [
      p(at('None'), deny('d', { auditLevel: 'None' })),
      call(GET_POD),
      'Deny Metadata Full',
    ],
    'is something of an approval by None': [
      p(at('None'), hold('h', { auditLevel: 'None' })),
      call(GET_POD),
      'RequireApproval Metadata Full',
    ],
    'is what the Deny says, if that is more': [
      p(at('Metadata'), deny('d')),
      call(GET_POD),
      'Deny RequestResponse Full',
    ],
    'is what an overruled Allow says, if that is more': [
      p(at('Request'), deny('d', { auditLevel: 'Metadata' })),
      call(GET_POD),
      'Deny Request Full',
    ],
    'is metadata of a refusal that no rule speaks of': [[], call(GET_POD), 'Deny Metadata Metadata'],
    'is metadata of an attempt at self-administration': [
      [],
      call('POST /apis/chaperone.dev/v1alpha1/agentpolicies'),
      'Deny Metadata Metadata',
    ],
    'does not heed a policy in DryRun that agrees': [
      [...p(at('None')), dry(rule('a'))],
      call(GET_POD),
      'Allow None Full',
    ],
    'is something where a policy in DryRun would have refused': [
      [...p(at('None')), dry(deny('d'))],
      call(GET_POD),
      'Allow Metadata Full',
    ],
    'is something where a policy in DryRun may have refused': [
      [...p(at('None')), dry(deny('d', { objectSelector: { matchLabels: { a: 'b' } } }))],
      call(GET_POD),
      'Allow Metadata Full',
    ],
    'is the session where one rule says Full': [
      p(rule('a', { ...every, sessions: 'Metadata' }), rule('b', { ...every, sessions: 'Full' })),
      call(EXEC),
      'Allow Request Full',
    ],
    'is the session where one rule says nothing': [
      p(rule('a', { ...every, sessions: 'Metadata' }), rule('b', every)),
      call(EXEC),
      'Allow Request Full',
    ],
    'is no session where all rules say Metadata': [
      p(rule('a', { ...every, sessions: 'Metadata' }), hold('h', { ...every, sessions: 'Metadata' })),
      call(EXEC),
      'RequireApproval Request Metadata',
    ],
  };
  test.each(Object.entries(cases))('%s', (_, [policies, input, expected]) => {
    expect(levels(policies, input)).toBe(expected);
  });
});
