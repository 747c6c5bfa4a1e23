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
import { TerminalError, type ReconcileContext, type Reconciler, type Result } from '../runtime/reconciler.ts';
import { requestFor } from '../runtime/source.ts';
import type { Continuity } from './continuity.ts';
import { lifecycle, type Lifecycle } from './lifecycle.ts';
import { countedIn, type RequestMemory } from './memory.ts';
import { notesOf } from './notes.ts';
import type { Observations } from './observations.ts';
import type { Replicas } from './replicas.ts';

export interface ApprovalRequestReconcilerOptions {
  readonly requests: Pick<Lister<ApprovalRequest>, 'get'>;
  readonly client: Pick<ResourceClient<ApprovalRequest>, 'mergePatch' | 'delete'>;
  readonly admission: { state(): AdmissionState };
  readonly continuity: Pick<Continuity, 'ready' | 'recall' | 'confirm'>;
  readonly observations: Observations;
  /** Told when other decisions count than before. */
  readonly onCounted: () => void;
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

/** How often to see whether the admission policies can be read again. */
const UNREADABLE_MS = 1_000;

export interface ApprovalRequestReconciler extends Reconciler {
  /** Looks at a request as it was read, whatever the informer holds. Throws as `reconcile` does. */
  look(stored: Stored<ApprovalRequest>, context: ReconcileContext): Promise<Result>;
}

/**
 * Keeps the conditions of ApprovalRequests: read, decide, write the status if it differs, say what happened. It writes
 * `conditions`, `observedDecisions` and `observedGeneration` and nothing else, with the resourceVersion that it read:
 * a decision or a consumption in between is a conflict, and the request is looked at again.
 */
export function newApprovalRequestReconciler(options: ApprovalRequestReconcilerOptions): ApprovalRequestReconciler {
  const { requests, client, admission, continuity, observations, replicas, recorder, clock } = options;

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

  function judge(stored: Stored<ApprovalRequest>, memory: RequestMemory | undefined): Lifecycle {
    const { metadata, spec, status } = stored;
    return lifecycle({
      spec,
      status,
      generation: metadata.generation ?? 0,
      memory,
      now: clock.now(),
      admission: admission.state(),
      replicaAlive: status?.consumed === undefined || replicas.isAlive(status.consumed.replica),
      retentionMs: options.retentionMs ?? DEFAULT_RETENTION_MS,
    });
  }

  /** What a request comes to; undefined while that cannot be known. */
  async function decide(stored: Stored<ApprovalRequest>): Promise<Lifecycle | undefined> {
    const { uid } = stored.metadata;
    const known = observations.of(requestFor(stored), uid);
    if (known === undefined && admission.state().type === 'Unreadable') {
      return undefined;
    }
    const next = judge(stored, known ?? continuity.recall(uid));
    const before = known === undefined ? new Map() : countedIn(known);
    if (admission.state().type !== 'AsShipped' || [...countedIn(next.memory).keys()].every((who) => before.has(who))) {
      return next;
    }
    // Something is about to count for the first time: the informers may be behind.
    await continuity.confirm(stored);
    const after = observations.of(requestFor(stored), uid);
    return judge(stored, after ?? continuity.recall(uid));
  }

  async function look(stored: Stored<ApprovalRequest>, { signal, logger }: ReconcileContext): Promise<Result> {
    const { metadata, status } = stored;
    assertWhole(stored);
    const next = await decide(stored);
    if (next === undefined) {
      return { requeueAfterMs: UNREADABLE_MS };
    }
    const now = clock.now();
    // Before the write: what was seen in time was seen, also where the write fails and comes after the expiry.
    if (observations.remember(requestFor(stored), metadata.uid, next.memory)) {
      options.onCounted();
    }
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
  }

  return {
    look,
    async reconcile(request, context) {
      await continuity.ready(context.signal);
      const stored = requests.get(request);
      if (stored === undefined || isDeleting(stored)) {
        if (observations.forget(request)) {
          options.onCounted();
        }
        return {};
      }
      return look(stored, context);
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
