import type { HealthCheck } from '@chaperone/crds/process/health';
import type { Authenticator } from '../authn/authenticator.ts';
import type { WriteAheadLog } from '../audit/wal/write-ahead-log.ts';
import type { BundleLoader } from '../policy/bundle-loader.ts';

/** What has to be well for calls to be served. */
export interface ReadinessOptions {
  readonly draining: () => boolean;
  readonly bundles: Pick<BundleLoader, 'current' | 'stalenessMs'>;
  readonly maxStalenessMs: number;
  readonly namespaces: { hasSynced(): boolean };
  readonly authenticator: Pick<Authenticator, 'issuers'>;
  readonly log: Pick<WriteAheadLog, 'lastError'>;
}

const check = (name: string, failure: () => string | undefined): HealthCheck => ({ name, check: failure });

export function readinessChecks(options: ReadinessOptions): readonly HealthCheck[] {
  const { draining, bundles, maxStalenessMs, namespaces, authenticator, log } = options;
  return [
    check('draining', () => (draining() ? 'this replica is shutting down' : undefined)),
    check('policies', () => {
      if (bundles.current() === undefined) return 'no policies have been loaded yet';
      const staleness = bundles.stalenessMs() ?? Infinity;
      return staleness > maxStalenessMs ? 'policies have not been confirmed for too long' : undefined;
    }),
    check('namespaces', () => (namespaces.hasSynced() ? undefined : 'namespaces have not been read yet')),
    check('issuers', () => {
      const waiting = authenticator.issuers().filter(({ ready }) => !ready);
      return waiting.length === 0 ? undefined : `the keys of ${waiting.length} issuers have not been read yet`;
    }),
    check('records', () => log.lastError()?.message),
  ];
}
