import { setTimeout as sleep } from 'node:timers/promises';
import type { Call, Connection } from '@chaperone/crds/client/connection';
import { newConnection } from '@chaperone/crds/client/connection';
import { systemClock, type Clock } from '@chaperone/crds/client/clock';
import { events } from '@chaperone/crds/client/kinds';
import { kubeConfigFromFile } from '@chaperone/crds/client/kubeconfig';
import { newClient } from '@chaperone/crds/client/resource-client';
import { gatewaySchema } from '@chaperone/operator/gateway/configuration';
import { newGateway, type Gateway } from '@chaperone/operator/gateway/gateway';
import { newLogger } from '@chaperone/crds/process/logger';
import { newMetrics, type Metrics } from '@chaperone/operator/metrics';
import { newPolicyControllers } from '@chaperone/operator/policy/policy-controllers';
import { newPolicyMetrics } from '@chaperone/operator/policy/policy-metrics';
import { newEventRecorder } from '@chaperone/operator/runtime/events';
import { newManager } from '@chaperone/operator/runtime/manager';
import { NAMESPACE } from '../admission/installed-chart.ts';
import { newLogLines, type LogLines } from '../faults/log-lines.ts';

export interface RunningGatewayOptions {
  /** A file; whose rights the controllers have. */
  readonly kubeconfig: string;
  /** The `gateway` part of the operator's configuration. */
  readonly configuration?: unknown;
  readonly clock?: Clock;
  readonly narrowAfterMs?: number;
  /** The process is killed just before the write of this number (from 0) is sent. */
  readonly killAtWrite?: number;
}

/** Policy and gateway controllers of one operator process, which remembers nothing of an earlier one. */
export interface RunningGateway {
  readonly gateway: Gateway;
  readonly metrics: Metrics;
  readonly log: LogLines;
  /** Every write that was sent, as `METHOD path`. */
  readonly writes: readonly string[];
  /** Resolves when the process was killed by `killAtWrite`. */
  readonly killed: Promise<void>;
  readonly stop: () => Promise<void>;
}

/** What a call of a killed process comes to. */
class KilledError extends Error {
  override readonly name = 'KilledError';
  readonly code = 'ERR_KILLED';
}

/** Runs operators from the same beginning, each killed one write later, until one gets through; returns how many. */
export async function killEverywhere(options: {
  readonly start: (killAtWrite?: number) => RunningGateway;
  /** Takes away what the operator is to make. */
  readonly undo: () => Promise<void>;
  readonly isDone: () => Promise<boolean>;
}): Promise<number> {
  for (let writes = 0; writes < MAX_WRITES; writes += 1) {
    await options.undo();
    const dying = options.start(writes);
    const wasKilled = await Promise.race([dying.killed.then(() => true), until(options.isDone).then(() => false)]);
    await dying.stop();
    if (!wasKilled) {
      return writes;
    }
    const next = options.start();
    await until(options.isDone);
    await next.stop();
  }
  throw new Error(`Not through after ${MAX_WRITES} writes`);
}

const MAX_WRITES = 50;

async function until(isDone: () => Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + 60_000; !(await isDone());) {
    if (Date.now() > deadline) {
      throw new Error('Not done in time');
    }
    await sleep(50);
  }
}

export function startGateway(options: RunningGatewayOptions): RunningGateway {
  const clock = options.clock ?? systemClock;
  const kubeConfig = kubeConfigFromFile(options.kubeconfig);
  const metrics = newMetrics();
  const log = newLogLines();
  const logger = newLogger({ level: 'info', stream: log.stream });
  const plain = newConnection({ kubeConfig, userAgent: 'gateway-test' });
  const writes: string[] = [];
  const killed = Promise.withResolvers<void>();
  let isKilled = false;
  const connection: Connection = {
    ...plain,
    async request(call: Call) {
      if (call.method !== 'GET' && !isKilled && writes.length === options.killAtWrite) {
        isKilled = true;
        killed.resolve();
      }
      if (isKilled) {
        throw new KilledError('The process was killed');
      }
      if (call.method !== 'GET') {
        writes.push(`${call.method} ${call.path}`);
      }
      return plain.request(call);
    },
  };
  const client = newClient({ connection, fieldManager: 'chaperone-operator' });
  const recorder = newEventRecorder({
    events: newClient({ connection: plain, fieldManager: 'chaperone-operator' }).resource(events),
    reportingController: 'chaperone.dev/operator',
    reportingInstance: 'test',
    clock: systemClock,
    logger,
  });
  const shared = { client, kubeConfig, namespace: NAMESPACE, recorder, logger, metrics };
  const policy = newPolicyControllers({
    ...shared,
    clock: systemClock,
    policyMetrics: newPolicyMetrics(metrics.registry),
    settings: { gatherMs: 1, bundleGapMs: 10 },
  });
  const gateway = newGateway({
    ...shared,
    clock,
    configuration: gatewaySchema.parse(options.configuration ?? {}),
    published: policy.published,
    policies: policy.agentPolicies,
    maskingRules: policy.maskingRules,
    ...(options.narrowAfterMs === undefined ? {} : { narrowAfterMs: options.narrowAfterMs }),
  });
  const manager = newManager({
    informers: [...policy.informers, ...gateway.informers],
    controllers: [...policy.controllers, ...gateway.controllers],
    recorder,
    clock: systemClock,
    logger,
    graceMs: 2_000,
  });
  const stopping = new AbortController();
  const running = manager.run(stopping.signal);
  return {
    gateway,
    metrics,
    log,
    writes,
    killed: killed.promise,
    async stop() {
      stopping.abort();
      await running;
      await gateway.stop();
      await plain.close();
    },
  };
}
