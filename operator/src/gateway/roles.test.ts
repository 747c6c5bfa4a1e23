import type { BundlePolicy } from '@chaperone/crds/bundle/bundle';
import type { PolicyRule } from '@chaperone/crds/v1alpha1/generated/api';
import { describe, expect, test } from 'vitest';
import { newApiResources } from './api-resources.ts';
import { deriveRights } from './rights.ts';
import { breadthOf, newRightsBuilder, type RbacRule, type Rights } from './rights-builder.ts';
import {
  DERIVED_NAME,
  MAX_CLUSTER_ROLES,
  MAX_ROLE_BREADTH,
  MAX_ROLE_BYTES,
  RightsTooLargeError,
  rolesOf,
  type DerivedRoles,
} from './roles.ts';

const options = {
  serviceAccount: { name: 'chaperone-proxy', namespace: 'chaperone-system' },
  ownerReferences: [
    { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', name: 'chaperone-release', uid: 'u' },
  ],
};

const named = (count: number): RbacRule[] =>
  Array.from({ length: count }, (_, index) => ({
    apiGroups: [''],
    resources: [`r${index}`],
    verbs: ['impersonate-on:user-info:get'],
    resourceNames: Array.from({ length: 500 }, (__, name) => `name-of-an-object-${name}`),
  }));

const sizes = ({ clusterRoles }: DerivedRoles): number[] =>
  clusterRoles.map((role) => Buffer.byteLength(JSON.stringify(role.rules)));

describe('the roles of', () => {
  test('few rights are one, with its binding, owned by the release', () => {
    const roles = rolesOf({ cluster: named(2), namespaces: new Map([['a', named(1)]]) }, options);
    expect(roles.clusterRoles.map(({ metadata }) => metadata?.name)).toEqual([DERIVED_NAME]);
    expect(roles.clusterRoleBindings).toEqual([
      {
        metadata: roles.clusterRoles[0]?.metadata,
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: DERIVED_NAME },
        subjects: [{ kind: 'ServiceAccount', ...options.serviceAccount }],
      },
    ]);
    expect(roles.roles).toMatchObject([
      { metadata: { name: DERIVED_NAME, namespace: 'a', ownerReferences: [{ uid: 'u' }] }, rules: named(1) },
    ]);
    expect(roles.roleBindings).toMatchObject([
      { metadata: { name: DERIVED_NAME, namespace: 'a' }, roleRef: { kind: 'Role', name: DERIVED_NAME } },
    ]);
  });

  test('many rights are several, each below the bound, with every rule once', () => {
    const rules = named(300);
    const roles = rolesOf({ cluster: rules, namespaces: new Map() }, options);
    expect(sizes(roles).length).toBeGreaterThan(1);
    sizes(roles).forEach((size) => expect(size).toBeLessThanOrEqual(MAX_ROLE_BYTES));
    expect(roles.clusterRoles.flatMap((role) => role.rules ?? [])).toEqual(rules);
    expect(roles.clusterRoles[1]?.metadata?.name).toBe(`${DERIVED_NAME}-2`);
    expect(new Set(roles.clusterRoles.map(({ metadata }) => metadata?.name)).size).toBe(roles.clusterRoles.length);
  });

  test.each<{ name: string; rights: Parameters<typeof rolesOf>[0]; scope: string }>([
    {
      name: 'cluster-wide',
      rights: { cluster: named(100 * MAX_CLUSTER_ROLES), namespaces: new Map() },
      scope: 'cluster',
    },
    { name: 'in a namespace', rights: { cluster: [], namespaces: new Map([['a', named(120)]]) }, scope: 'a' },
  ])('too many rights $name are refused', ({ rights, scope }) => {
    expect(() => rolesOf(rights, options)).toThrow(expect.objectContaining({ code: 'ERR_RIGHTS_TOO_LARGE', scope }));
    expect(() => rolesOf(rights, options)).toThrow(RightsTooLargeError);
  });
});

test('rights that are added again, and rights read back from roles, change nothing', () => {
  const builder = newRightsBuilder();
  const rules: RbacRule[] = [
    { apiGroups: ['', 'apps'], resources: ['a', 'b'], verbs: ['v', 'w'], resourceNames: ['x', 'y'] },
    { apiGroups: [''], resources: ['a'], verbs: ['v'] },
    { nonResourceURLs: ['/p'], verbs: ['get'] },
  ];
  builder.addRights({ cluster: rules, namespaces: new Map([['n', rules.slice(0, 2)]]) });
  const once = builder.build();
  builder.addRights(once);
  expect(builder.build()).toEqual(once);
  // What holds for every name is not said again for some.
  expect(once.cluster).toContainEqual({ apiGroups: [''], resources: ['a'], verbs: ['v'] });
  expect(once.cluster).toContainEqual({ apiGroups: [''], resources: ['a'], verbs: ['w'], resourceNames: ['x', 'y'] });
});

describe('5,000 rules', () => {
  const groups = Array.from({ length: 30 }, (_, index) => (index === 0 ? '' : `group-${index}.example.com`));
  const verbs = new Set(['get', 'list', 'watch', 'create', 'update', 'patch', 'delete', 'deletecollection']);
  const api = newApiResources(
    groups.flatMap((group) =>
      Array.from({ length: 15 }, (_, index) => ({ group, resource: `kinds${index}`, namespaced: true, verbs })),
    ),
  );
  /** One in five is held, one in five is in a namespace, all have names of their own. */
  const policies = (lastOfEach: Partial<PolicyRule>): BundlePolicy[] =>
    Array.from({ length: 1_000 }, (_, index) => ({
      name: `policy-${index}`,
      uid: `uid-${index}`,
      generation: 1,
      spec: {
        mode: 'Enforce',
        subjects: [{ kind: 'Group', name: 'agents' }],
        rules: Array.from({ length: 5 }, (__, position): PolicyRule => ({
          name: `rule-${position}`,
          action: position === 0 ? 'RequireApproval' : 'Allow',
          verbs: ['get', 'create', 'delete'],
          apiGroups: [groups[(index + position) % groups.length] ?? ''],
          resources: [`kinds${index % 15}`],
          resourceNames: [`object-${index}-${position}`, `other-${index}-${position}`],
          ...(position === 3 ? { namespaces: [`team-${index % 200}`] } : {}),
          ...(position === 4 ? lastOfEach : {}),
        })),
      },
    }));
  const derive = (all: readonly BundlePolicy[], withoutNames = false): Rights =>
    deriveRights({
      policies: all,
      api,
      namespaces: [],
      now: 0,
      nativeNamespaces: [],
      allowSelfAdministration: false,
      withoutNames,
    });
  /** Of the processor, in milliseconds, as the machine runs other things too. */
  function cpuOf(work: () => void): number {
    const began = process.cpuUsage();
    work();
    return process.cpuUsage(began).user / 1_000;
  }

  test('fit into the roles with all their names, and are derived in a moment', () => {
    const all = policies({});
    const roles = rolesOf(derive(all), options);
    expect(roles.roles).toHaveLength(200);
    expect(JSON.stringify(roles.clusterRoles)).toContain('"object-999-4"');
    expect(cpuOf(() => rolesOf(derive(all), options))).toBeLessThan(1_500);
  });

  test('a thousand of them with wildcards fit without the names', { timeout: 60_000 }, () => {
    const all = policies({ apiGroups: ['*'], resources: ['*'] });
    expect(() => rolesOf(derive(all), options)).toThrow(RightsTooLargeError);
    expect(rolesOf(derive(all, true), options).clusterRoles).toHaveLength(1);
    expect(cpuOf(() => derive(all))).toBeLessThan(8_000);
  });
});

test('no rule stands for more single rights than may stand in a role, whatever the names', () => {
  const builder = newRightsBuilder();
  const names = Array.from({ length: 5_000 }, (_, index) => `object-${index}`);
  const many = Array.from({ length: 40 }, (_, index) => `kinds${index}`);
  many.forEach((resource) => builder.add({ namespace: undefined, group: '', resource }, ['v', 'w'], names));
  const { cluster } = builder.build();
  expect(Math.max(...cluster.map(breadthOf))).toBeLessThanOrEqual(20_000);
  expect(cluster.flatMap(({ resourceNames = [] }) => resourceNames).toSorted()).toEqual(names.toSorted());
  const parts = rolesOf({ cluster, namespaces: new Map() }, options).clusterRoles;
  expect(parts.length).toBeGreaterThan(3);
  for (const { rules = [] } of parts) {
    expect(rules.reduce((sum, rule) => sum + breadthOf(rule), 0)).toBeLessThanOrEqual(MAX_ROLE_BREADTH);
  }
});
