import {
  BUNDLE_HEAD,
  BUNDLE_LABEL,
  parseBundleHead,
  parseBundlePart,
  partName,
} from '@chaperone/crds/bundle/configmaps';
import type { Bundle } from '@chaperone/crds/bundle/bundle';
import { decodeBundle } from '@chaperone/crds/bundle/decode';
import { systemClock } from '@chaperone/crds/client/clock';
import { newConnection, type Call, type Connection } from '@chaperone/crds/client/connection';
import { configMaps, events, type ConfigMap } from '@chaperone/crds/client/kinds';
import { kubeConfigFromFile, kubeConfigFromString } from '@chaperone/crds/client/kubeconfig';
import type { Stored } from '@chaperone/crds/client/kubernetes-object';
import { newClient, type Client } from '@chaperone/crds/client/resource-client';
import { newLogger, type LogLevel } from '@chaperone/crds/process/logger';
import { newMetrics, type Metrics } from '@chaperone/operator/metrics';
import {
  newPolicyControllers,
  type PolicyControllers,
  type PolicySettings,
} from '@chaperone/operator/policy/policy-controllers';
import { newPolicyMetrics } from '@chaperone/operator/policy/policy-metrics';
import { newEventRecorder } from '@chaperone/operator/runtime/events';
import { newManager } from '@chaperone/operator/runtime/manager';
import { newLogLines, type LogLines } from '../faults/log-lines.ts';

/** What a connection does to the writes that go over it. Throws what the caller is to see. */
export type WriteFault = (call: Call, send: () => Promise<unknown>) => Promise<unknown>;

export interface PolicyOperatorOptions {
  readonly namespace: string;
  /** A file, or with `inline` the text. */
  readonly kubeconfig: string;
  readonly inline?: boolean;
  readonly settings?: Partial<PolicySettings>;
  readonly onWrite?: WriteFault;
  /** Default debug. */
  readonly logLevel?: LogLevel;
}

/** The policy controllers of one operator process, with its own connection and nothing remembered. */
export interface PolicyOperator {
  readonly policies: PolicyControllers;
  readonly metrics: Metrics;
  readonly log: LogLines;
  /** Every write that was sent, as `METHOD path`. */
  readonly writes: readonly string[];
  /** Ends it in good order. */
  readonly stop: () => Promise<void>;
  /** Ends it in the middle of whatever it does: nothing is sent from now on. */
  readonly kill: () => Promise<void>;
}

export function startPolicyOperator(options: PolicyOperatorOptions): PolicyOperator {
  const kubeConfig =
    options.inline === true ? kubeConfigFromString(options.kubeconfig) : kubeConfigFromFile(options.kubeconfig);
  const metrics = newMetrics();
  const log = newLogLines();
  const logger = newLogger({ level: options.logLevel ?? 'debug', stream: log.stream });
  const plain = newConnection({ kubeConfig, userAgent: 'policy-operator-test', observe: (call) => metrics.call(call) });
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
  const recorder = newEventRecorder({
    events: client.resource(events),
    reportingController: 'chaperone.dev/operator',
    reportingInstance: 'test',
    clock: systemClock,
    logger,
  });
  const policies = newPolicyControllers({
    client,
    kubeConfig,
    namespace: options.namespace,
    recorder,
    clock: systemClock,
    logger,
    metrics,
    policyMetrics: newPolicyMetrics(metrics.registry),
    ...(options.settings === undefined ? {} : { settings: options.settings }),
  });
  const manager = newManager({
    informers: policies.informers,
    controllers: policies.controllers,
    recorder,
    clock: systemClock,
    logger,
    graceMs: 2_000,
  });
  const stopping = new AbortController();
  const running = manager.run(stopping.signal);
  const stop = async (): Promise<void> => {
    stopping.abort();
    await running;
    await plain.close();
  };
  return {
    policies,
    metrics,
    log,
    writes,
    stop,
    kill() {
      isKilled = true;
      return stop();
    },
  };
}

/** What a call of a killed process comes to. */
export class KilledError extends Error {
  override readonly name = 'KilledError';
  readonly code = 'ERR_KILLED';
}

/** Reads the bundle as a replica would, straight from the API server. */
export async function storedBundle(client: Client, namespace: string): Promise<Bundle> {
  const api = client.resource(configMaps);
  const head = parseBundleHead((await api.get({ name: BUNDLE_HEAD, namespace })).data);
  const parts = [];
  for (const hash of head.parts) {
    parts.push(parseBundlePart(hash, (await api.get({ name: partName(hash), namespace })).binaryData));
  }
  return decodeBundle(head.revision, parts);
}

export async function storedParts(client: Client, namespace: string): Promise<Stored<ConfigMap>[]> {
  return (await client.resource(configMaps).list({ namespace, labelSelector: `${BUNDLE_LABEL}=part` })).items;
}
