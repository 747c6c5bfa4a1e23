import { PassThrough } from 'node:stream';
import { systemClock } from '@chaperone/crds/client/clock';
import { newConnection } from '@chaperone/crds/client/connection';
import { newInformer } from '@chaperone/crds/client/informer';
import { events, leases, type Lease } from '@chaperone/crds/client/kinds';
import { kubeConfigFromFile } from '@chaperone/crds/client/kubeconfig';
import { newClient } from '@chaperone/crds/client/resource-client';
import type { ApprovalRequest } from '@chaperone/crds/v1alpha1/approvalrequest';
import { newAdmissionCheck, type AdmissionCheck } from '@chaperone/operator/admission/check';
import { newAdmissionInformers } from '@chaperone/operator/admission/informers';
import { readShippedAdmission } from '@chaperone/operator/admission/shipped';
import { approvalRequests, newApprovalRequestController } from '@chaperone/operator/approvalrequest/controller';
import { newLeaseReplicas } from '@chaperone/operator/approvalrequest/replicas';
import { newLogger } from '@chaperone/crds/process/logger';
import { newMetrics } from '@chaperone/operator/metrics';
import { newEventRecorder } from '@chaperone/operator/runtime/events';
import { join } from 'node:path';
import { CHART, NAMESPACE } from '../admission/installed-chart.ts';

export interface RunningOperator {
  readonly admission: AdmissionCheck;
  /** Lines of its log. */
  log(): string;
  stop(): Promise<void>;
}

/** The controller of ApprovalRequests in this process, with the rights of the operator's ServiceAccount. */
export async function startOperator(options: {
  readonly kubeconfig: string;
  readonly retentionMs?: number;
}): Promise<RunningOperator> {
  const kubeConfig = kubeConfigFromFile(options.kubeconfig);
  const connection = newConnection({ kubeConfig, userAgent: 'approvalrequest-test' });
  const client = newClient({ connection, fieldManager: 'chaperone-operator' });
  const clock = systemClock;
  const stream = new PassThrough();
  let log = '';
  stream.on('data', (chunk: Buffer) => (log += chunk.toString()));
  const logger = newLogger({ level: 'info', stream });

  const shipped = await readShippedAdmission(join(CHART, 'files/admission'), {
    namespace: NAMESPACE,
    operator: 'chaperone-operator',
    proxy: 'chaperone-proxy',
    breakGlassGroups: ['system:masters'],
  });
  const requests = newInformer<ApprovalRequest>({ client, kubeConfig, resource: approvalRequests });
  const replicaLeases = newInformer<Lease>({ client, kubeConfig, resource: leases, namespace: NAMESPACE });
  const live = newAdmissionInformers({ client, kubeConfig, shipped });
  const admission = newAdmissionCheck({ shipped, live, clock });
  const recorder = newEventRecorder({
    events: client.resource(events),
    reportingController: 'chaperone.dev/operator',
    reportingInstance: 'approvalrequest-test',
    clock,
    logger,
  });
  const controller = newApprovalRequestController({
    requests,
    client: client.resource(approvalRequests),
    admission,
    replicas: newLeaseReplicas({ leases: replicaLeases, namespace: NAMESPACE, clock }),
    recorder,
    clock,
    logger,
    metrics: newMetrics().controller('approvalrequest', 4),
    ...(options.retentionMs === undefined ? {} : { retentionMs: options.retentionMs }),
  });
  const informers = [requests, replicaLeases, ...live.informers];
  informers.forEach((informer) => informer.start());
  await Promise.all(informers.map((informer) => informer.waitForSync()));
  controller.start();

  return {
    admission,
    log: () => log,
    async stop() {
      await controller.stop(5_000);
      admission.stop();
      await Promise.all(informers.map((informer) => informer.stop()));
      await recorder.stop(5_000);
      await connection.close();
    },
  };
}
