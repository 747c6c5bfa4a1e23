import { describe, expect, test } from 'vitest';
import { foreignBindings } from './foreign-bindings.ts';

const account = { name: 'chaperone-proxy', namespace: 'chaperone-system' };
const own = { kind: 'ServiceAccount', ...account };

interface Given {
  readonly name: string;
  readonly binding: string;
  readonly role: string;
  readonly subject: { readonly kind: string; readonly name: string; readonly namespace?: string };
  readonly foreign: boolean;
}

describe('a ClusterRoleBinding that gives the account more than chart and policies do', () => {
  test.each<Given>([
    { name: "is not the chart's", binding: 'chaperone-proxy', role: 'chaperone-proxy', subject: own, foreign: false },
    {
      name: "is one of the chart's name that was pointed elsewhere",
      binding: 'chaperone-proxy',
      role: 'cluster-admin',
      subject: own,
      foreign: true,
    },
    {
      name: 'is not one of derived rights, which are put right',
      binding: 'chaperone-proxy-derived-3',
      role: 'cluster-admin',
      subject: own,
      foreign: false,
    },
    {
      name: 'is one of a name that looks like those of derived rights',
      binding: 'chaperone-proxy-derived-9',
      role: 'view',
      subject: own,
      foreign: true,
    },
    { name: 'is any that names it', binding: 'b', role: 'view', subject: own, foreign: true },
    {
      name: 'is any that names it as a user',
      binding: 'b',
      role: 'view',
      subject: { kind: 'User', name: 'system:serviceaccount:chaperone-system:chaperone-proxy' },
      foreign: true,
    },
    {
      name: 'is one for all accounts of its namespace',
      binding: 'b',
      role: 'view',
      subject: { kind: 'Group', name: 'system:serviceaccounts:chaperone-system' },
      foreign: true,
    },
    {
      name: 'is one for all accounts',
      binding: 'permissive-binding',
      role: 'cluster-admin',
      subject: { kind: 'Group', name: 'system:serviceaccounts' },
      foreign: true,
    },
    {
      name: 'is not what Kubernetes gives everybody',
      binding: 'system:discovery',
      role: 'system:discovery',
      subject: { kind: 'Group', name: 'system:authenticated' },
      foreign: false,
    },
    {
      name: 'is not one for the account of this name elsewhere',
      binding: 'b',
      role: 'view',
      subject: { ...own, namespace: 'other' },
      foreign: false,
    },
    {
      name: 'is not one for a group whose name only begins so',
      binding: 'b',
      role: 'view',
      subject: { kind: 'Group', name: 'system:serviceaccounts:chaperone-system-2' },
      foreign: false,
    },
    {
      name: 'is not one for people',
      binding: 'b',
      role: 'view',
      subject: { kind: 'User', name: 'chaperone-proxy' },
      foreign: false,
    },
  ])('$name', ({ binding, role, subject, foreign }) => {
    const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role };
    const given = { metadata: { name: binding }, roleRef, subjects: [{ kind: 'User', name: 'somebody' }, subject] };
    expect(foreignBindings([given], account)).toEqual(foreign ? [given] : []);
  });

  test('is none without subjects', () => {
    const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' };
    expect(foreignBindings([{ metadata: { name: 'b' }, roleRef }], account)).toEqual([]);
  });
});
