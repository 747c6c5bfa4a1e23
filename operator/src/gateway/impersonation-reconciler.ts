import type { Connection } from '@chaperone/crds/client/connection';
import { clusterRoles, type ClusterRole } from '@chaperone/crds/client/kinds';
import type { Stored } from '@chaperone/crds/client/kubernetes-object';
import type { Client } from '@chaperone/crds/client/resource-client';
import type { EventRecorder } from '../runtime/events.ts';
import type { Reconciler, Result } from '../runtime/reconciler.ts';
import { ReleaseMissingError, releaseOwner } from './child-writer.ts';
import type { Impersonation } from './enforced.ts';
import type { GatewayMetrics } from './gateway-metrics.ts';
import { probeImpersonation, type ImpersonationSupport } from './impersonation-probe.ts';

export interface ImpersonationReconcilerOptions {
  readonly client: Client;
  /** Impersonates the probe's user. */
  readonly probing: Pick<Connection, 'request'>;
  readonly configured: Impersonation['configured'];
  readonly recorder: Pick<EventRecorder, 'event'>;
  readonly metrics: Pick<GatewayMetrics, 'impersonation'>;
  readonly onChange: () => void;
}

export interface ImpersonationReconciler extends Reconciler {
  state(): Impersonation;
}

/** The control plane may be upgraded, or have its gates changed, at any time, one API server after the other. */
const PROBE_EVERY_MS = 300_000;
const PROBE_AGAIN_MS = 30_000;

/** Finds out, now and then, whether the API server constrains impersonation, and says so where it does not. */
export function newImpersonationReconciler(options: ImpersonationReconcilerOptions): ImpersonationReconciler {
  const { client, probing, configured, recorder, metrics, onChange } = options;
  const releases = client.resource(clusterRoles);
  let support: ImpersonationSupport = 'Unknown';

  function tell(release: Stored<ClusterRole>): void {
    if (support === 'Legacy') {
      recorder.event(release, {
        type: 'Warning',
        reason: 'LegacyImpersonation',
        action: 'ProbeImpersonation',
        note:
          configured === 'Legacy'
            ? 'The API server knows only legacy impersonation: nothing caps what the gateway can do as others'
            : 'The API server knows only legacy impersonation, which gateway.impersonation does not grant: the gateway can make no call',
      });
    } else if (configured === 'Legacy') {
      recorder.event(release, {
        type: 'Warning',
        reason: 'LegacyImpersonationGranted',
        action: 'ProbeImpersonation',
        note: 'The API server could constrain impersonation, but gateway.impersonation: Legacy grants it without bounds: set Constrained',
      });
    }
  }

  return {
    state: () => ({ support, configured }),
    async reconcile(_request, { signal, logger }): Promise<Result> {
      const before = support;
      support = await probeImpersonation(probing, signal);
      metrics.impersonation(support);
      if (support !== before) {
        const isCapped = support === 'Constrained' && configured === 'Constrained';
        logger[isCapped ? 'info' : 'warn']('Probed impersonation', { support, configured });
        onChange();
        try {
          tell(await releaseOwner(releases, signal));
        } catch (error) {
          if (!(error instanceof ReleaseMissingError)) {
            throw error;
          }
        }
      }
      return { requeueAfterMs: support === 'Unknown' ? PROBE_AGAIN_MS : PROBE_EVERY_MS };
    },
  };
}
