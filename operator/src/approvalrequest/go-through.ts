import { isConflict, isNotFound } from '@chaperone/crds/client/api-error';
import { isDeleting, type Stored } from '@chaperone/crds/client/kubernetes-object';
import type { ResourceClient } from '@chaperone/crds/client/resource-client';
import type { ApprovalRequest } from '@chaperone/crds/v1alpha1/approvalrequest';
import { TerminalError, type ReconcileContext } from '../runtime/reconciler.ts';
import { requestFor } from '../runtime/source.ts';
import type { ApprovalRequestReconciler } from './reconciler.ts';

export interface GoThroughOptions {
  readonly client: Pick<ResourceClient<ApprovalRequest>, 'get' | 'list'>;
  readonly reconciler: Pick<ApprovalRequestReconciler, 'look'>;
}

/** At a time: as many as the controller has workers. */
const CONCURRENT = 4;
/** Each conflict is another write to the same request in between. */
const MAX_ATTEMPTS = 10;

/** Looks at every request that there is, as it is in etcd, and returns once all that had to be written is written. */
export async function goThrough({ client, reconciler }: GoThroughOptions, context: ReconcileContext): Promise<void> {
  const { items } = await client.list({ signal: context.signal });
  const waiting = items.filter((request) => !isDeleting(request)).values();

  async function lookAt(request: Stored<ApprovalRequest>): Promise<void> {
    let stored = request;
    for (let attempt = 1; ; attempt += 1) {
      try {
        await reconciler.look(stored, context);
        return;
      } catch (error) {
        if (isNotFound(error) || error instanceof TerminalError) {
          // What is no whole request counts for nothing at any other look either.
          return;
        }
        if (!isConflict(error) || attempt === MAX_ATTEMPTS) {
          throw error;
        }
      }
      try {
        stored = await client.get(requestFor(request), { signal: context.signal });
      } catch (error) {
        if (isNotFound(error)) {
          return;
        }
        throw error;
      }
    }
  }

  async function work(): Promise<void> {
    for (const request of waiting) {
      await lookAt(request);
    }
  }

  await Promise.all(Array.from({ length: CONCURRENT }, work));
}
