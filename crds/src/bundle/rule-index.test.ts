import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { PolicyRule } from '../v1alpha1/generated/api.ts';
import type { BundlePolicy } from './bundle.ts';
import {
  namesNonResourcePath,
  namesResource,
  nonResourceUrlMatches,
  resourcePatternMatches,
} from './resource-match.ts';
import { newRuleIndex } from './rule-index.ts';

const groups = fc.constantFrom('', 'apps', 'batch', '*');
const patterns = fc.constantFrom('pods', 'pods/exec', 'deployments', 'deployments/scale', '*/scale', '*/exec', '*');
const urls = fc.constantFrom('/healthz', '/healthz/*', '/api*', '*', '/version');

const resourceRule: fc.Arbitrary<Partial<PolicyRule>> = fc.record({
  apiGroups: fc.uniqueArray(groups, { minLength: 1, maxLength: 3 }),
  resources: fc.uniqueArray(patterns, { minLength: 1, maxLength: 4 }),
});
const urlRule: fc.Arbitrary<Partial<PolicyRule>> = fc.record({
  nonResourceURLs: fc.uniqueArray(urls, { minLength: 1, maxLength: 3 }),
});
const rule: fc.Arbitrary<PolicyRule> = fc
  .oneof(resourceRule, urlRule)
  .map((partial) => ({ name: 'rule', action: 'Allow', verbs: ['get'], ...partial }));
const policies: fc.Arbitrary<BundlePolicy[]> = fc.array(
  fc.array(rule, { minLength: 1, maxLength: 5 }).map((rules) => ({
    name: 'policy',
    uid: 'uid',
    generation: 1,
    spec: { mode: 'Enforce', subjects: [], rules },
  })),
  { maxLength: 20 },
);
const call = fc.record({
  apiGroup: fc.constantFrom('', 'apps', 'batch', 'example.com'),
  resource: fc.constantFrom('pods', 'deployments', 'jobs', 'scale'),
  subresource: fc.constantFrom(undefined, '', 'exec', 'scale', 'log'),
});

test('the index finds exactly the rules, in their order, that a look at every rule finds', () => {
  fc.assert(
    fc.property(policies, call, (all, one) => {
      const index = newRuleIndex(all);
      const linear = index.rules.filter(({ rule: candidate }) => namesResource(candidate, one));
      expect(index.forResource(one)).toEqual(linear);
    }),
    { numRuns: 2_000 },
  );
});

test('the index finds exactly the rules that name a path', () => {
  fc.assert(
    fc.property(policies, fc.constantFrom('/healthz', '/healthz/etcd', '/apis/x', '/version', '/'), (all, path) => {
      const index = newRuleIndex(all);
      const linear = index.rules.filter(({ rule: candidate }) => namesNonResourcePath(candidate, path));
      expect(index.forNonResourcePath(path)).toEqual(linear);
    }),
  );
});

const exec = { apiGroup: '', resource: 'pods', subresource: 'exec' };
const pods = { apiGroup: '', resource: 'pods' };

test.each([
  ['a resource names itself', 'pods', pods, true],
  ['a resource does not name its subresources', 'pods', exec, false],
  ['a subresource names itself', 'pods/exec', exec, true],
  ['a subresource does not name its resource', 'pods/exec', pods, false],
  ['* names resources', '*', pods, true],
  ['* names subresources', '*', exec, true],
  ['*/exec names exec of every resource', '*/exec', exec, true],
  ['*/exec does not name a resource called exec', '*/exec', { apiGroup: '', resource: 'exec' }, false],
  ['pods/* is no wildcard', 'pods/*', exec, false],
])('%s', (_, pattern, target, expected) => {
  expect(resourcePatternMatches(pattern, target)).toBe(expected);
});

test.each([
  ['a path names itself', '/healthz', '/healthz', true],
  ['a path does not name what lies below', '/healthz', '/healthz/etcd', false],
  ['a final * names what lies below', '/healthz/*', '/healthz/etcd', true],
  ['a final * after a slash does not name the path itself', '/healthz/*', '/healthz', false],
  ['* names every path', '*', '/', true],
  ['a * in the middle is a plain character', '/api/*/x', '/api/v1/x', false],
])('%s', (_, url, path, expected) => {
  expect(nonResourceUrlMatches(url, path)).toBe(expected);
});
