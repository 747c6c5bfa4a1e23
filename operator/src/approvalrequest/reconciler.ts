import { isNotFound } from '@chaperone/crds/client/api-error';
import type { Clock } from '@chaperone/crds/client/clock';
import { isDeleting, type Stored } from '@chaperone/crds/client/kubernetes-object';
import type { ResourceClient } from '@chaperone/crds/client/resource-client';
import type { Lister } from '@chaperone/crds/client/store';
import { formatFieldErrors } from '@chaperone/crds/validation/field-error';
import { parseApprovalRequest } from '@chaperone/crds/validation/parse';
import type { ApprovalRequest } from '@chaperone/crds/v1alpha1/approvalrequest';
import type { ApprovalRequestStatus } from '@chaperone/crds/v1alpha1/generated/api';
import type { AdmissionState } from '../admission/admission-state.ts';
import type { EventRecorder } from '../runtime/events.ts';
import { TerminalError, type Reconciler, type Result } from '../runtime/reconciler.ts';
import { lifecycle, type Lifecycle } from './lifecycle.ts';
import { notesOf } from './notes.ts';
import { newObservations } from './observations.ts';
import type { Replicas } from './replicas.ts';

export interface ApprovalRequestReconcilerOptions {
  readonly requests: Pick<Lister<ApprovalRequest>, 'get'>;
  readonly client: Pick<ResourceClient<ApprovalRequest>, 'mergePatch' | 'delete'>;
  readonly admission: { state(): AdmissionState };
  readonly replicas: Replicas;
  readonly recorder: Pick<EventRecorder, 'event'>;
  readonly clock: Clock;
  /** How long closed requests are kept, in milliseconds; default {@link DEFAULT_RETENTION_MS}. */
  readonly retentionMs?: number;
}

/** `approvals.retention`: seven days. */
export const DEFAULT_RETENTION_MS = 7 * 24 * 3_600_000;

/** A timer runs on while the wall clock is set; so long at most is an expiry late by that. */
const MAX_OPEN_WAIT_MS = 600_000;
const MAX_CLOSED_WAIT_MS = 6 * 3_600_000;

/**
 * Keeps the conditions of ApprovalRequests: read, decide, write the status if it differs, say what happened. It writes
 * `conditions`, `observedDecisions` and `observedGeneration` and nothing else, with the resourceVersion that it read:
 * a decision or a consumption in between is a conflict, and the request is looked at again.
 */
export function newApprovalRequestReconciler(options: ApprovalRequestReconcilerOptions): Reconciler {
  const { requests, client, admission, replicas, recorder, clock } = options;
  const observations = newObservations();

  async function write(
    request: Stored<ApprovalRequest>,
    next: Lifecycle,
    signal: AbortSignal,
  ): Promise<Stored<ApprovalRequest>> {
    const { name, namespace, resourceVersion, generation } = request.metadata;
    return client.mergePatch(
      { name, namespace },
      {
        metadata: { resourceVersion },
        status: {
          observedGeneration: generation ?? 0,
          conditions: [...next.conditions],
          observedDecisions: {
            // What stands there of nobody's decision was not written by the operator.
            ...Object.fromEntries(Object.keys(request.status?.observedDecisions ?? {}).map((key) => [key, null])),
            ...Object.fromEntries(next.observed),
          },
        },
      },
      { subresource: 'status', signal },
    );
  }

  async function remove({ metadata }: Stored<ApprovalRequest>, signal: AbortSignal): Promise<void> {
    const { name, namespace, uid, resourceVersion } = metadata;
    await client.delete({ name, namespace }, { uid, resourceVersion, signal });
  }

  return {
    async reconcile(request, { signal, logger }) {
      const stored = requests.get(request);
      if (stored === undefined || isDeleting(stored)) {
        observations.forget(request);
        return {};
      }
      const { metadata, status } = stored;
      assertWhole(stored);
      const now = clock.now();
      const next = lifecycle({
        spec: stored.spec,
        status,
        generation: metadata.generation ?? 0,
        memory: observations.of(request, metadata.uid),
        now,
        admission: admission.state(),
        replicaAlive: status?.consumed === undefined || replicas.isAlive(status.consumed.replica),
        retentionMs: options.retentionMs ?? DEFAULT_RETENTION_MS,
      });
      // Before the write: what was seen in time was seen, also where the write fails and comes after the expiry.
      observations.remember(request, metadata.uid, next.observed);
      try {
        if (next.deleteAt !== undefined && next.deleteAt <= now && !differs(status, next)) {
          await remove(stored, signal);
          logger.info('Deleted ApprovalRequest whose retention is over');
          return {};
        }
        if (differs(status, next) || status?.observedGeneration !== metadata.generation) {
          const written = await write(stored, next, signal);
          notesOf(stored, next).forEach((note) => recorder.event(written, note));
        }
      } catch (error) {
        if (isNotFound(error)) {
          // Deleted by somebody meanwhile, or with its namespace; the informer will say so.
          return {};
        }
        throw error;
      }
      return wakeIn(next, now);
    },
  };
}

/**
 * The API server has checked it against the schema, unless somebody loosened that: half a decision must never count.
 * @throws TerminalError where it does not fit our own copy of the schema.
 */
function assertWhole(stored: Stored<ApprovalRequest>): void {
  const parsed = parseApprovalRequest(stored);
  if (parsed.kind === 'invalid') {
    throw new TerminalError(`Not a valid ApprovalRequest: ${formatFieldErrors(parsed.errors, 1024)}`);
  }
}

function wakeIn({ wakeAt, closed }: Lifecycle, now: number): Result {
  const longest = closed ? MAX_CLOSED_WAIT_MS : MAX_OPEN_WAIT_MS;
  return { requeueAfterMs: Math.min(Math.max(wakeAt - now, 1), longest) };
}

function differs(status: ApprovalRequestStatus | undefined, next: Lifecycle): boolean {
  const conditions = status?.conditions ?? [];
  const observed = new Map(Object.entries(status?.observedDecisions ?? {}));
  return (
    conditions.length !== next.conditions.length ||
    JSON.stringify(conditions.map(comparable)) !== JSON.stringify(next.conditions.map(comparable)) ||
    observed.size !== next.observed.size ||
    [...next.observed].some(
      ([reviewer, { time, standing }]) =>
        observed.get(reviewer)?.standing !== standing || observed.get(reviewer)?.time !== time,
    )
  );
}

const comparable = (condition: NonNullable<ApprovalRequestStatus['conditions']>[number]): readonly unknown[] => [
  condition.type,
  condition.status,
  condition.reason,
  condition.message,
  condition.observedGeneration,
  condition.lastTransitionTime,
];
