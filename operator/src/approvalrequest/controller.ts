import type { Clock } from '@chaperone/crds/client/clock';
import type { Informer } from '@chaperone/crds/client/informer';
import { resource } from '@chaperone/crds/client/resource';
import type { ResourceClient } from '@chaperone/crds/client/resource-client';
import type { ApprovalRequest } from '@chaperone/crds/v1alpha1/approvalrequest';
import { approvalRequests as approvalRequestKind } from '@chaperone/crds/v1alpha1/groupversion';
import type { AdmissionCheck } from '../admission/check.ts';
import type { Logger } from '@chaperone/crds/process/logger';
import { newController, type Controller, type ControllerMetrics } from '../runtime/controller.ts';
import type { EventRecorder } from '../runtime/events.ts';
import { requestFor, watch } from '../runtime/source.ts';
import { isClosed } from './lifecycle.ts';
import { newApprovalRequestReconciler } from './reconciler.ts';
import type { Replicas } from './replicas.ts';

export const approvalRequests = resource<ApprovalRequest>(approvalRequestKind);

export interface ApprovalRequestControllerOptions {
  readonly requests: Informer<ApprovalRequest>;
  readonly client: Pick<ResourceClient<ApprovalRequest>, 'mergePatch' | 'delete'>;
  readonly admission: AdmissionCheck;
  readonly replicas: Replicas;
  readonly recorder: Pick<EventRecorder, 'event'>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: ControllerMetrics;
  /** How long closed requests are kept, in milliseconds. */
  readonly retentionMs?: number;
  /** Default 4: a decision must not wait behind the expiry of others. */
  readonly maxConcurrentReconciles?: number;
}

/** The controller of ApprovalRequests; whether admission policies are as shipped concerns all that are open. */
export function newApprovalRequestController(options: ApprovalRequestControllerOptions): Controller {
  const { requests, admission, logger } = options;
  const controller = newController({
    name: 'approvalrequest',
    reconciler: newApprovalRequestReconciler({ ...options, requests: requests.lister }),
    logger,
    metrics: options.metrics,
    clock: options.clock,
    maxConcurrentReconciles: options.maxConcurrentReconciles ?? 4,
  });
  watch(controller, requests);
  admission.onChange((state) => {
    if (state.type === 'AsShipped') {
      logger.info('Admission policies are as shipped, decisions are counted');
    } else {
      logger.warn('Admission policies are not known to be as shipped, no decision is counted', { admission: state });
    }
    requests.lister
      .list()
      .filter(({ status }) => !isClosed(status))
      .forEach((request) => controller.enqueue(requestFor(request)));
  });
  return controller;
}
