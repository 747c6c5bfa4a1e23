import { describe, expect, test } from 'vitest';
import { PROBE_USER, supportFromRefusal, supportFromReview, type ImpersonationSupport } from './impersonation-probe.ts';

const who = 'User "system:serviceaccount:chaperone-system:chaperone-operator"';

describe('a refusal', () => {
  test.each<{ name: string; message: string; want: ImpersonationSupport }>([
    {
      name: 'that names what would be done, and the mode, comes from a server with modes',
      message: `selfsubjectreviews is forbidden: ${who} cannot impersonate-on:arbitrary-node:create resource "selfsubjectreviews" in API group "authentication.k8s.io" at the cluster scope`,
      want: 'Constrained',
    },
    {
      name: 'that names the mode alone does too',
      message: `nodes "chaperone-probe" is forbidden: ${who} cannot impersonate:arbitrary-node resource "nodes" in API group "authentication.k8s.io" at the cluster scope`,
      want: 'Constrained',
    },
    {
      name: 'that knows only the plain verb comes from a server without',
      message: `users "system:node:chaperone-probe" is forbidden: ${who} cannot impersonate resource "users" in API group "" at the cluster scope`,
      want: 'Legacy',
    },
    { name: 'of something in between says nothing', message: 'the proxy says no', want: 'Unknown' },
  ])('$name', ({ message, want }) => {
    expect(supportFromRefusal({ message })).toBe(want);
  });
});

describe('an answer', () => {
  const review = (userInfo: unknown): unknown => ({ kind: 'SelfSubjectReview', status: { userInfo } });
  test.each<{ name: string; review: unknown; want: ImpersonationSupport }>([
    {
      name: 'in which the node has its group comes from a server with modes',
      review: review({ username: PROBE_USER, groups: ['system:nodes', 'system:authenticated'] }),
      want: 'Constrained',
    },
    {
      name: 'in which it has none comes from a server without',
      review: review({ username: PROBE_USER, groups: ['system:authenticated'] }),
      want: 'Legacy',
    },
    {
      name: 'about the caller itself says nothing: somebody in between dropped the header',
      review: review({ username: 'admin', groups: ['system:masters'] }),
      want: 'Unknown',
    },
    { name: 'that is none says nothing', review: 'ok', want: 'Unknown' },
  ])('$name', ({ review: answer, want }) => {
    expect(supportFromReview(answer)).toBe(want);
  });
});
