import type { ClusterRoleBinding } from '@chaperone/crds/client/kinds';
import type { Lister } from '@chaperone/crds/client/store';
import type { EventRecorder } from '../runtime/events.ts';
import type { Reconciler, Result } from '../runtime/reconciler.ts';
import { foreignBindings } from './foreign-bindings.ts';
import type { GatewayMetrics } from './gateway-metrics.ts';

export interface ForeignBindingsReconcilerOptions {
  readonly bindings: Pick<Lister<ClusterRoleBinding>, 'list'>;
  readonly account: { readonly name: string; readonly namespace: string };
  readonly recorder: Pick<EventRecorder, 'event'>;
  readonly metrics: Pick<GatewayMetrics, 'foreignBindings'>;
}

/** Says which rights the gateway's account has that no policy gave it. They are not the operator's, so that they stay. */
export function newForeignBindingsReconciler(options: ForeignBindingsReconcilerOptions): Reconciler {
  const { bindings, account, recorder, metrics } = options;
  /** By uid: a binding's role cannot change. */
  let told: ReadonlySet<string> = new Set();

  return {
    reconcile(_request, { logger }): Promise<Result> {
      const found = foreignBindings(bindings.list(), account);
      metrics.foreignBindings(found.length);
      for (const binding of found.filter(({ metadata }) => !told.has(metadata.uid))) {
        const { metadata, roleRef } = binding;
        recorder.event(binding, {
          type: 'Warning',
          reason: 'ForeignRights',
          action: 'CheckRights',
          note: `Gives the gateway's account the rights of ${roleRef.kind} ${roleRef.name}, whatever policies say: delete it unless it is meant`,
        });
        logger.warn("The gateway's account has rights that no policy gave it", {
          binding: metadata.name,
          role: roleRef.name,
        });
      }
      told = new Set(found.map(({ metadata }) => metadata.uid));
      return Promise.resolve({});
    },
  };
}
