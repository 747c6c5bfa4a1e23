import type { Clock } from '@chaperone/crds/client/clock';
import type { Informer } from '@chaperone/crds/client/informer';
import { resource } from '@chaperone/crds/client/resource';
import type { ResourceClient } from '@chaperone/crds/client/resource-client';
import type { ApprovalRequest } from '@chaperone/crds/v1alpha1/approvalrequest';
import { approvalRequests as approvalRequestKind } from '@chaperone/crds/v1alpha1/groupversion';
import type { AdmissionCheck } from '../admission/check.ts';
import type { Comparison } from '../admission/compare.ts';
import type { Logger } from '@chaperone/crds/process/logger';
import { newController, type Controller } from '../runtime/controller.ts';
import type { Metrics } from '../metrics.ts';
import type { EventRecorder } from '../runtime/events.ts';
import type { Request } from '../runtime/reconciler.ts';
import { requestFor, watch } from '../runtime/source.ts';
import { newContinuity } from './continuity.ts';
import { goThrough } from './go-through.ts';
import { isClosed } from './lifecycle.ts';
import type { RequestMemory } from './memory.ts';
import { newObservations } from './observations.ts';
import { newApprovalRequestReconciler } from './reconciler.ts';
import type { RecordStore } from './record-store.ts';
import type { Replicas } from './replicas.ts';

export const approvalRequests = resource<ApprovalRequest>(approvalRequestKind);

export interface ApprovalRequestControllerOptions {
  readonly requests: Informer<ApprovalRequest>;
  readonly client: Pick<ResourceClient<ApprovalRequest>, 'get' | 'list' | 'mergePatch' | 'delete'>;
  readonly admission: AdmissionCheck;
  /** The admission policies as they are in etcd at this moment. */
  readonly readAdmission: () => Promise<Pick<Comparison, 'fingerprint'>>;
  readonly store: RecordStore;
  readonly replicas: Replicas;
  readonly recorder: Pick<EventRecorder, 'event'>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Pick<Metrics, 'controller'>;
  /** How long closed requests are kept, in milliseconds. */
  readonly retentionMs?: number;
  /** Default 4: a decision must not wait behind the expiry of others. */
  readonly maxConcurrentReconciles?: number;
}

/** The one request of the controller that keeps the record. */
const ONLY: Request = { name: 'admission' };

/** Decisions that come one after another are written down together. */
const RECORD_DELAY_MS = 500;

/** There may be thousands of requests to go through. */
const GO_THROUGH_TIMEOUT_MS = 600_000;

/**
 * The controllers of ApprovalRequests: one of the requests themselves, one of whether what is on record in them can be
 * believed. Whether admission policies are as shipped concerns all that are open.
 */
export function newApprovalRequestControllers(options: ApprovalRequestControllerOptions): readonly Controller[] {
  const { requests, client, admission, logger, clock, metrics } = options;
  const { maxConcurrentReconciles = 4 } = options;
  const observations = newObservations();

  function memories(left: ReadonlyMap<string, RequestMemory>): ReadonlyMap<string, RequestMemory> {
    const seen = observations.all();
    const there = new Set(requests.lister.list().map(({ metadata }) => metadata.uid));
    const unseen = [...left].filter(([uid]) => !seen.has(uid) && there.has(uid));
    return new Map([...[...seen].filter(([, { phase }]) => phase === 'Open'), ...unseen]);
  }

  const continuity = newContinuity({
    check: admission,
    store: options.store,
    readAdmission: options.readAdmission,
    goThrough: (signal) => goThrough({ client, reconciler }, { signal, logger }),
    memories,
    held: () => requests.lister.list(),
  });
  const record = newController({
    name: 'approvalrequest-admission',
    reconciler: continuity,
    logger,
    clock,
    metrics: metrics.controller('approvalrequest-admission', 1),
    reconcileTimeoutMs: GO_THROUGH_TIMEOUT_MS,
  });
  record.enqueue(ONLY);
  const reconciler = newApprovalRequestReconciler({
    ...options,
    requests: requests.lister,
    continuity,
    observations,
    onCounted: () => record.enqueueAfter(ONLY, RECORD_DELAY_MS),
  });
  const controller = newController({
    name: 'approvalrequest',
    reconciler,
    logger,
    clock,
    metrics: metrics.controller('approvalrequest', maxConcurrentReconciles),
    maxConcurrentReconciles,
  });
  watch(controller, requests);

  let told: string | undefined;
  admission.onChange((state) => {
    // At first nothing has been read, which is no news.
    if (state.type !== told && !(told === undefined && state.type === 'Unreadable')) {
      told = state.type;
      if (state.type === 'AsShipped') {
        logger.info('Admission policies are as shipped, decisions are counted');
      } else {
        logger.warn('Admission policies are not known to be as shipped, no decision is counted', { admission: state });
      }
    }
    record.enqueue(ONLY);
    requests.lister
      .list()
      .filter(({ status }) => !isClosed(status))
      .forEach((request) => controller.enqueue(requestFor(request)));
  });
  return [record, controller];
}
