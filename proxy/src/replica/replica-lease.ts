import {
  parseWriterReport,
  WRITERS_ANNOTATION,
  type ReportedWriter,
  type WriterReport,
} from '@chaperone/crds/audit/writer-report';
import { COMPONENT_LABEL, PROXY_COMPONENT, REVISION_ANNOTATION } from '@chaperone/crds/bundle/replica-lease';
import { microTimestamp } from '@chaperone/crds/client/micro-time';
import { isNotFound } from '@chaperone/crds/client/api-error';
import { sleep, type Clock } from '@chaperone/crds/client/clock';
import type { Lease } from '@chaperone/crds/client/kinds';
import type { ResourceClient } from '@chaperone/crds/client/resource-client';

const LABELS = { 'app.kubernetes.io/name': 'chaperone', [COMPONENT_LABEL]: PROXY_COMPONENT } as const;

const LEASE_SECONDS = 15;
const RENEW_MS = 5_000;
const RETRY_MS = 1_000;

export interface ReplicaLease {
  /** Tells the operator at once which revision is served from now on. */
  serves(revision: string): void;
  /** Keeps the Lease until the signal aborts, and gives it up then. Never rejects. */
  run(signal: AbortSignal): Promise<void>;
  /**
   * Tells, when nothing will be recorded any more, where the records end. The Lease stays for the operator to read and
   * to remove. Never rejects.
   */
  tellEnd(): Promise<void>;
}

export interface ReplicaLeaseOptions {
  readonly leases: Pick<ResourceClient<Lease>, 'get' | 'mergePatch' | 'create'>;
  readonly namespace: string;
  /** The name of this replica's pod: admission leaves each replica the Lease of its own pod. */
  readonly replica: string;
  /** Who writes records here: the Lease tells of them. `add` takes what it told before this process began. */
  readonly writers: {
    report(): WriterReport;
    add(other: ReportedWriter): void;
  };
  readonly clock: Clock;
  readonly observe?: (error: unknown) => void;
}

/**
 * The Lease by which a replica says that it is there and which policies it serves: policies count as enforced only once
 * every replica that holds one serves them. A replica that serves none holds none: it answers no call.
 */
export function newReplicaLease(options: ReplicaLeaseOptions): ReplicaLease {
  const { leases, namespace, replica, writers, clock, observe } = options;
  let revision: string | undefined;
  let told: string | undefined;
  let hasCarried = false;
  let wake: () => void = () => undefined;
  const name = { name: replica, namespace };

  /** What the process before this one told, and the operator may not have seen yet, is told again. */
  async function carry(limits: { readonly signal?: AbortSignal; readonly timeoutMs: number }): Promise<void> {
    if (hasCarried) return;
    try {
      const { metadata } = await leases.get(name, limits);
      const before = parseWriterReport(metadata.annotations?.[WRITERS_ANNOTATION]);
      before?.writers.forEach((each) => writers.add(each));
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
    hasCarried = true;
  }

  async function write(
    spec: NonNullable<Lease['spec']>,
    serving: string | null,
    limits: { readonly signal?: AbortSignal; readonly timeoutMs: number },
  ): Promise<void> {
    await carry(limits);
    const report = { [WRITERS_ANNOTATION]: JSON.stringify(writers.report()) };
    const labels = { ...LABELS };
    try {
      const annotations = { [REVISION_ANNOTATION]: serving, ...report };
      await leases.mergePatch(name, { metadata: { annotations, labels }, spec }, limits);
    } catch (error) {
      if (!isNotFound(error)) throw error;
      const annotations = serving === null ? report : { [REVISION_ANNOTATION]: serving, ...report };
      await leases.create(
        {
          apiVersion: 'coordination.k8s.io/v1',
          kind: 'Lease',
          metadata: { ...name, annotations, labels },
          spec,
        },
        limits,
      );
    }
  }

  const renew = (serving: string, signal: AbortSignal): Promise<void> =>
    write(
      { holderIdentity: replica, leaseDurationSeconds: LEASE_SECONDS, renewTime: microTimestamp(clock.now()) },
      serving,
      { signal, timeoutMs: RENEW_MS },
    );

  /** Held by nobody, as leader election does it: whoever counts replicas need not wait for it to run out. */
  async function release(): Promise<void> {
    try {
      const spec = { holderIdentity: '', leaseDurationSeconds: 1, renewTime: microTimestamp(clock.now()) };
      await write(spec, null, { timeoutMs: RENEW_MS });
    } catch (error) {
      observe?.(error);
    }
  }

  return {
    serves(serving) {
      revision = serving;
      wake();
    },
    async run(signal) {
      const stopped = (): void => wake();
      signal.addEventListener('abort', stopped, { once: true });
      while (!signal.aborted) {
        let pauseMs = RENEW_MS;
        if (revision !== undefined) {
          const serving = revision;
          try {
            await renew(serving, signal);
            told = serving;
          } catch (error) {
            if (signal.aborted) break;
            observe?.(error);
            pauseMs = RETRY_MS;
          }
          // It changed while the last one was being told.
          if (told === serving && revision !== serving) continue;
        }
        const woken = new AbortController();
        wake = () => woken.abort();
        if (!signal.aborted) await sleep(clock, pauseMs, woken.signal);
      }
      if (told !== undefined) await release();
    },
    tellEnd: release,
  };
}
