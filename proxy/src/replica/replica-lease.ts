import { COMPONENT_LABEL, PROXY_COMPONENT, REVISION_ANNOTATION } from '@chaperone/crds/bundle/replica-lease';
import { microTimestamp } from '@chaperone/crds/client/micro-time';
import { isConflict, isNotFound } from '@chaperone/crds/client/api-error';
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
}

export interface ReplicaLeaseOptions {
  readonly leases: Pick<ResourceClient<Lease>, 'mergePatch' | 'create' | 'delete'>;
  readonly namespace: string;
  /** The name of this replica's pod: admission leaves each replica the Lease of its own pod. */
  readonly replica: string;
  readonly clock: Clock;
  readonly observe?: (error: unknown) => void;
}

/**
 * The Lease by which a replica says that it is there and which policies it serves: policies count as enforced only once
 * every replica that holds one serves them. A replica that serves none holds none: it answers no call.
 */
export function newReplicaLease({ leases, namespace, replica, clock, observe }: ReplicaLeaseOptions): ReplicaLease {
  let revision: string | undefined;
  let told: string | undefined;
  let wake: () => void = () => undefined;
  const name = { name: replica, namespace };

  async function renew(serving: string, signal: AbortSignal): Promise<void> {
    const metadata = { annotations: { [REVISION_ANNOTATION]: serving }, labels: { ...LABELS } };
    const spec = {
      holderIdentity: replica,
      leaseDurationSeconds: LEASE_SECONDS,
      renewTime: microTimestamp(clock.now()),
    };
    const options = { signal, timeoutMs: RENEW_MS };
    try {
      await leases.mergePatch(name, { metadata, spec }, options);
    } catch (error) {
      if (!isNotFound(error)) throw error;
      await leases.create(
        { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { ...name, ...metadata }, spec },
        options,
      );
    }
  }

  async function giveUp(): Promise<void> {
    try {
      await leases.delete(name, { timeoutMs: RENEW_MS });
    } catch (error) {
      if (!isNotFound(error) && !isConflict(error)) observe?.(error);
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
      if (told !== undefined) await giveUp();
    },
  };
}
