import type { ObjectMeta } from '../client/kubernetes-object.ts';
import type { ApprovalRequestSpec, ApprovalRequestStatus, Decision } from './generated/api.ts';
import type { API_VERSION, approvalRequests } from './groupversion.ts';

/** An ApprovalRequest as the API server returns it. */
export interface ApprovalRequest {
  readonly apiVersion: typeof API_VERSION;
  readonly kind: typeof approvalRequests.kind;
  readonly metadata: ObjectMeta;
  readonly spec: ApprovalRequestSpec;
  readonly status?: ApprovalRequestStatus;
}

export type Verdict = Decision['verdict'];
