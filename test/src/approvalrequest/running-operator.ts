import { join } from 'node:path';
import { systemClock } from '@chaperone/crds/client/clock';
import { newConnection, type Call, type Connection } from '@chaperone/crds/client/connection';
import { newInformer } from '@chaperone/crds/client/informer';
import { configMaps, events, leases, type Lease } from '@chaperone/crds/client/kinds';
import { kubeConfigFromFile } from '@chaperone/crds/client/kubeconfig';
import { newClient } from '@chaperone/crds/client/resource-client';
import { newLogger } from '@chaperone/crds/process/logger';
import type { ApprovalRequest } from '@chaperone/crds/v1alpha1/approvalrequest';
import { newAdmissionCheck, type AdmissionCheck } from '@chaperone/operator/admission/check';
import { newAdmissionInformers } from '@chaperone/operator/admission/informers';
import { readAdmission } from '@chaperone/operator/admission/read';
import { readShippedAdmission } from '@chaperone/operator/admission/shipped';
import { approvalRequests, newApprovalRequestControllers } from '@chaperone/operator/approvalrequest/controller';
import { newRecordStore } from '@chaperone/operator/approvalrequest/record-store';
import { newLeaseReplicas } from '@chaperone/operator/approvalrequest/replicas';
import { newMetrics } from '@chaperone/operator/metrics';
import { newEventRecorder } from '@chaperone/operator/runtime/events';
import { CHART, NAMESPACE } from '../admission/installed-chart.ts';
import { newLogLines } from '../faults/log-lines.ts';

/** What a connection does to the writes that go over it. Throws what the caller is to see. */
export type WriteFault = (call: Call, send: () => Promise<unknown>) => Promise<unknown>;

/** What a call of a killed process comes to. */
export class KilledError extends Error {
  override readonly name = 'KilledError';
  readonly code = 'ERR_KILLED';
}

export interface RunningOperator {
  readonly admission: AdmissionCheck;
  /** Every write that was sent, as `METHOD path`. */
  readonly writes: readonly string[];
  /** Lines of its log. */
  log(): string;
  stop(): Promise<void>;
  /** Ends it in the middle of whatever it does: nothing is sent from now on. */
  kill(): Promise<void>;
}

/** The controllers of ApprovalRequests in this process, with the rights of the operator's ServiceAccount. */
export async function startOperator(options: {
  readonly kubeconfig: string;
  readonly retentionMs?: number;
  readonly onWrite?: WriteFault;
}): Promise<RunningOperator> {
  const kubeConfig = kubeConfigFromFile(options.kubeconfig);
  const plain = newConnection({ kubeConfig, userAgent: 'approvalrequest-test' });
  const writes: string[] = [];
  let isKilled = false;
  const connection: Connection = {
    ...plain,
    async request(call) {
      if (isKilled) {
        throw new KilledError('The process was killed');
      }
      if (call.method === 'GET') {
        return plain.request(call);
      }
      const send = (): Promise<unknown> => {
        writes.push(`${call.method} ${call.path}`);
        return plain.request(call);
      };
      return options.onWrite === undefined ? send() : options.onWrite(call, send);
    },
  };
  const client = newClient({ connection, fieldManager: 'chaperone-operator' });
  const clock = systemClock;
  const log = newLogLines();
  const logger = newLogger({ level: 'info', stream: log.stream });

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
  const controllers = newApprovalRequestControllers({
    requests,
    client: client.resource(approvalRequests),
    admission,
    readAdmission: () => readAdmission(client, shipped, {}),
    store: newRecordStore({ configMaps: client.resource(configMaps), namespace: NAMESPACE, ownerReferences: [] }),
    replicas: newLeaseReplicas({ leases: replicaLeases, namespace: NAMESPACE, clock }),
    recorder,
    clock,
    logger,
    metrics: newMetrics(),
    ...(options.retentionMs === undefined ? {} : { retentionMs: options.retentionMs }),
  });
  const informers = [requests, replicaLeases, ...live.informers];
  informers.forEach((informer) => informer.start());
  await Promise.all(informers.map((informer) => informer.waitForSync()));
  controllers.forEach((controller) => controller.start());

  let stopped: Promise<void> | undefined;
  async function end(): Promise<void> {
    await Promise.all(controllers.map((controller) => controller.stop(isKilled ? 0 : 5_000)));
    admission.stop();
    await Promise.all(informers.map((informer) => informer.stop()));
    await recorder.stop(isKilled ? 0 : 5_000);
    await plain.close();
  }

  return {
    admission,
    writes,
    log: log.text,
    stop: () => (stopped ??= end()),
    kill() {
      isKilled = true;
      return (stopped ??= end());
    },
  };
}
