import { clusterRoles, type ClusterRoleBinding } from '@chaperone/crds/client/kinds';
import type { Client } from '@chaperone/crds/client/resource-client';
import type { Lister } from '@chaperone/crds/client/store';
import type { EventRecorder } from '../runtime/events.ts';
import type { Reconciler, Result } from '../runtime/reconciler.ts';
import { ReleaseMissingError, releaseOwner } from './child-writer.ts';
import { foreignBindings } from './foreign-bindings.ts';
import type { GatewayMetrics } from './gateway-metrics.ts';

export interface ForeignBindingsReconcilerOptions {
  readonly client: Client;
  readonly bindings: Pick<Lister<ClusterRoleBinding>, 'list'>;
  readonly account: { readonly name: string; readonly namespace: string };
  readonly recorder: Pick<EventRecorder, 'event'>;
  readonly metrics: Pick<GatewayMetrics, 'foreignBindings'>;
}

/** Says which rights the gateway's account has that no policy gave it. They are not the operator's, so that they stay. */
export function newForeignBindingsReconciler(options: ForeignBindingsReconcilerOptions): Reconciler {
  const { client, bindings, account, recorder, metrics } = options;
  const releases = client.resource(clusterRoles);
  /** By uid: a binding's role cannot change. */
  let told: ReadonlySet<string> = new Set();

  return {
    async reconcile(_request, { signal, logger }): Promise<Result> {
      const found = foreignBindings(bindings.list(), account);
      metrics.foreignBindings(found.length);
      const fresh = found.filter(({ metadata }) => !told.has(metadata.uid));
      if (fresh.length > 0) {
        try {
          const release = await releaseOwner(releases, signal);
          for (const { metadata, roleRef } of fresh) {
            recorder.event(release, {
              type: 'Warning',
              reason: 'ForeignRights',
              action: 'CheckRights',
              note: `ClusterRoleBinding ${metadata.name} gives the gateway's account the rights of ${roleRef.kind} ${roleRef.name}, whatever policies say: delete it unless it is meant`,
            });
            logger.warn("The gateway's account has rights that no policy gave it", {
              binding: metadata.name,
              role: roleRef.name,
            });
          }
        } catch (error) {
          if (!(error instanceof ReleaseMissingError)) {
            throw error;
          }
        }
      }
      told = new Set(found.map(({ metadata }) => metadata.uid));
      return {};
    },
  };
}
