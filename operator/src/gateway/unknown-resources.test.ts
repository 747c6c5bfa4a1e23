import type { PolicyRule } from '@chaperone/crds/v1alpha1/generated/api';
import { describe, expect, test } from 'vitest';
import { newApiResources } from './api-resources.ts';
import { unknownResources } from './unknown-resources.ts';

const api = newApiResources(
  [
    ['', 'pods'],
    ['', 'pods/exec'],
    ['apps', 'deployments'],
    ['apps', 'deployments/scale'],
    ['example.com', 'widgets'],
  ].map(([group = '', resource = '']) => ({ group, resource, namespaced: true, verbs: new Set(['get']) })),
);

const rule = (apiGroups: string[], resources: string[], action: PolicyRule['action'] = 'Deny'): PolicyRule => ({
  name: 'r',
  action,
  verbs: ['get'],
  apiGroups,
  resources,
});

const findings = (of: PolicyRule, failed: readonly string[] = []): string[] =>
  unknownResources({ spec: { mode: 'Enforce', subjects: [], rules: [of] } }, api, new Set(failed)).map(
    ({ path, detail }) => `${path}: ${detail}`,
  );

describe('a resource that the cluster serves is not told of:', () => {
  test.each<{ name: string; given: PolicyRule; failed?: string[] }>([
    { name: 'by its name', given: rule([''], ['pods', 'pods/exec']) },
    { name: 'by one of several groups', given: rule(['', 'apps'], ['pods', 'deployments']) },
    { name: 'by a group that is any', given: rule(['*'], ['widgets']) },
    { name: 'by the subresource of any', given: rule(['apps'], ['*/scale']) },
    { name: 'by a wildcard', given: rule(['example.com'], ['*']) },
    { name: 'by any name in any group', given: rule(['*'], ['*']) },
    { name: 'where a group does not answer', given: rule(['metrics.k8s.io'], ['pods']), failed: ['metrics.k8s.io'] },
    {
      name: 'in any group, where one does not answer',
      given: rule(['*'], ['nodemetrics']),
      failed: ['metrics.k8s.io'],
    },
    {
      name: 'as a path',
      given: { name: 'r', action: 'Allow', verbs: ['get'], nonResourceURLs: ['/metrics'] },
    },
  ])('$name', ({ given, failed }) => {
    expect(findings(given, failed)).toEqual([]);
  });
});

describe('a resource that nothing serves is told of:', () => {
  test.each<{ name: string; given: PolicyRule; said: string[] }>([
    {
      name: 'in a Deny rule, which then denies nothing',
      given: rule([''], ['pods', 'podz']),
      said: ['spec.rules[0].resources[1]: none of the core group serves podz, so rule r denies nothing by it'],
    },
    {
      name: 'in an Allow rule',
      given: rule(['', 'apps'], ['deploymentz'], 'Allow'),
      said: [
        'spec.rules[0].resources[0]: none of the core group, apps serves deploymentz, so rule r allows nothing by it',
      ],
    },
    {
      name: 'that is a subresource',
      given: rule([''], ['pods/exc'], 'RequireApproval'),
      said: ['spec.rules[0].resources[0]: none of the core group serves pods/exc, so rule r holds nothing by it'],
    },
    {
      name: 'in any group',
      given: rule(['*'], ['podz', '*/scala']),
      said: [
        'spec.rules[0].resources[0]: no API group serves podz, so rule r denies nothing by it',
        'spec.rules[0].resources[1]: no API group serves */scala, so rule r denies nothing by it',
      ],
    },
    {
      name: 'by any name, in a group that is not there',
      given: rule(['app'], ['*']),
      said: [
        'spec.rules[0].resources[0]: none of app serves * (the cluster has no group app), so rule r denies nothing by it',
      ],
    },
    {
      name: 'as its group is not there',
      given: rule(['app'], ['deployments']),
      said: [
        'spec.rules[0].resources[0]: none of app serves deployments (the cluster has no group app), so rule r denies nothing by it',
      ],
    },
  ])('$name', ({ given, said }) => {
    expect(findings(given)).toEqual(said);
  });
});
