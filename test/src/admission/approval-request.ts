export interface RequestOptions {
  readonly name: string;
  readonly namespace: string;
  /** Replaces parts of a request of `agent@example.com` that group `oncall` may decide. */
  readonly spec: Readonly<Record<string, unknown>>;
}

export const REVISION = 'baa5a0964d3320fbc0c6a922140453c8513ea24ab8fd0577034804a967248096';

/** One requirement; reviewers are written `Kind:name`. */
export const requirement = (
  rule: string,
  reviewers: readonly string[],
  required = 1,
): Readonly<Record<string, unknown>> => ({
  policy: 'deployers',
  rule,
  revision: REVISION,
  required,
  reviewers: reviewers.map((reviewer) => {
    const [kind = '', ...name] = reviewer.split(':');
    return { kind, name: name.join(':') };
  }),
});

/** An ApprovalRequest as the gateway writes one. */
export function approvalRequest({ name, namespace, spec }: RequestOptions): object {
  return {
    apiVersion: 'chaperone.dev/v1alpha1',
    kind: 'ApprovalRequest',
    metadata: { name, namespace },
    spec: {
      requester: { username: 'agent@example.com', uid: 'uid-of-agent', groups: ['agents'], owner: 'sam@example.com' },
      request: {
        verb: 'delete',
        apiGroup: '',
        apiVersion: 'v1',
        resource: 'pods',
        namespace,
        name: 'web',
        path: `/api/v1/namespaces/${namespace}/pods/web`,
      },
      digest: 'fcde2b2edba56bf408601fb721fe9b5c338d10ee429ea04fae5511b68fbf8fb9',
      requirements: [requirement('deletes', ['Group:oncall', 'User:zoe@example.com'])],
      expiresAt: '2036-12-01T00:30:00Z',
      auditID: '6ff0f1a2-2b3c-4d5e-8f90-a1b2c3d4e5f6',
      ...spec,
    },
  };
}
