import { DECISION } from '@chaperone/proxy/audit/elasticsearch/document';
import type { CallFacts } from './stored-record.ts';

/** Where a value is in a record, and where in Elasticsearch: one table, so that both stores answer alike. */
export interface Filter {
  readonly field: string;
  readonly of: (call: CallFacts) => string | undefined;
}

const AUDIT = 'kubernetes.audit';

/** What can be searched for by one value or several; only records of calls have any of it. */
export const FILTERS = {
  auditID: { field: `${AUDIT}.auditID`, of: ({ auditID }) => auditID },
  user: { field: 'user.name', of: ({ user }) => user.username },
  verb: { field: `${AUDIT}.verb`, of: ({ verb }) => verb },
  namespace: { field: `${AUDIT}.objectRef.namespace`, of: ({ objectRef }) => objectRef?.namespace },
  name: { field: `${AUDIT}.objectRef.name`, of: ({ objectRef }) => objectRef?.name },
  decision: { field: `${AUDIT}.annotations.authorization_k8s_io/decision`, of: decisionOf },
  verdict: { field: 'chaperone.policy.verdict', of: ({ chaperone }) => chaperone.policy?.verdict },
  outcome: { field: 'chaperone.outcome', of: ({ chaperone }) => chaperone.outcome },
  run: { field: 'chaperone.run.id', of: ({ chaperone }) => chaperone.run?.['run'] },
} as const satisfies Readonly<Record<string, Filter>>;

export type FilterName = keyof typeof FILTERS;

export const RESOURCE_FIELDS = {
  resource: `${AUDIT}.objectRef.resource`,
  apiGroup: `${AUDIT}.objectRef.apiGroup`,
  subresource: `${AUDIT}.objectRef.subresource`,
} as const;

export const CODE_FIELD = `${AUDIT}.responseStatus.code`;

/** What authorization said. Of a caller without a name nothing is told in Elasticsearch. */
export function decisionOf({ annotations, user }: CallFacts): string | undefined {
  return user.username === undefined ? undefined : annotations?.[DECISION];
}
