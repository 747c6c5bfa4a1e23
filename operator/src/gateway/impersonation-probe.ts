import { isForbidden, type ApiError } from '@chaperone/crds/client/api-error';
import type { Connection } from '@chaperone/crds/client/connection';
import { isRecord } from '@chaperone/crds/client/kubernetes-object';

/**
 * `Constrained`: impersonation can be bound to verbs, resources, names and namespaces (KEP-5284). `Legacy`: whoever may
 * impersonate may do so for every call. `Unknown`: the answer says neither.
 */
export type ImpersonationSupport = 'Constrained' | 'Legacy' | 'Unknown';

/** The user that the probe asks to be: a node's name has a mode, and fixed groups, of its own where modes are known. */
export const PROBE_USER = 'system:node:chaperone-probe';

const REFUSED_BY_MODE = /cannot impersonate(?:-on)?:[a-z-]+/u;
const REFUSED_WITHOUT_MODE = /cannot impersonate resource/u;

/**
 * Finds out what the API server knows, whatever its version and feature gates, by asking it who the caller is while
 * impersonating a node. It changes nothing and needs no right: a server with modes refuses by naming
 * `impersonate-on:arbitrary-node:create`, one without by the plain verb `impersonate`. A caller that is allowed to (a
 * cluster administrator) is answered: a server with modes gives nodes their group, one without does not.
 *
 * `connection` is to impersonate {@link PROBE_USER}. @throws what the connection throws, other than a refusal.
 */
export async function probeImpersonation(
  connection: Pick<Connection, 'request'>,
  signal: AbortSignal,
): Promise<ImpersonationSupport> {
  try {
    const review = await connection.request({
      method: 'POST',
      path: '/apis/authentication.k8s.io/v1/selfsubjectreviews',
      body: { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' },
      signal,
    });
    return supportFromReview(review);
  } catch (error) {
    if (isForbidden(error)) {
      return supportFromRefusal(error);
    }
    throw error;
  }
}

/** Pure: what a refusal says. Exported for its test. */
export function supportFromRefusal({ message }: Pick<ApiError, 'message'>): ImpersonationSupport {
  if (REFUSED_BY_MODE.test(message)) {
    return 'Constrained';
  }
  return REFUSED_WITHOUT_MODE.test(message) ? 'Legacy' : 'Unknown';
}

/** Pure: what the answer to an allowed probe says. Exported for its test. */
export function supportFromReview(review: unknown): ImpersonationSupport {
  const status = isRecord(review) && isRecord(review['status']) ? review['status'] : {};
  const { username, groups } = isRecord(status['userInfo']) ? status['userInfo'] : {};
  if (username !== PROBE_USER || !Array.isArray(groups)) {
    return 'Unknown';
  }
  return groups.includes('system:nodes') ? 'Constrained' : 'Legacy';
}
