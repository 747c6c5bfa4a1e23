import type { Clock } from '@chaperone/crds/client/clock';
import type { Logger } from '@chaperone/crds/process/logger';
import type { AuthenticationEvent } from './authn/authenticator.ts';
import type { CallReport } from './call/call-report.ts';
import type { Metrics } from './metrics.ts';
import type { BundleLoaded } from './policy/bundle-loader.ts';
import { accessFields } from './serving/access-log.ts';
import type { StreamEvent } from './streams/stream-registry.ts';

/** What the parts of the proxy tell: each counted, and logged where somebody may want to read it. */
export interface Observers {
  readonly call: (report: CallReport, error: unknown) => void;
  readonly bundle: (event: BundleLoaded) => void;
  readonly authentication: (event: AuthenticationEvent) => void;
  readonly stream: (event: StreamEvent) => void;
  readonly certificateLoaded: () => void;
  readonly certificateFailed: (error: unknown) => void;
}

export interface ObserverOptions {
  readonly metrics: Metrics;
  readonly logger: Logger;
  readonly clock: Clock;
  /** Whether each call is logged. */
  readonly accessLog: boolean;
}

export function newObservers({ metrics, logger, clock, accessLog }: ObserverOptions): Observers {
  return {
    call(report, error) {
      const durationMs = clock.monotonic() - report.started;
      metrics.ended(report, durationMs / 1_000, error);
      if (accessLog) logger.info('Served a call', accessFields(report, durationMs));
      if (report.status >= 500 && error !== undefined) logger.error('Call failed', { auditID: report.auditID, error });
    },
    bundle(event) {
      metrics.bundle(event);
      if (event.kind === 'Loaded')
        logger.info('Loaded policies', { revision: event.revision, rules: event.rules, durationMs: event.durationMs });
      else logger.error('Policies cannot be loaded', { error: event.error });
    },
    authentication(event) {
      metrics.authentication(event);
      if (event.kind === 'KeysNotRead')
        logger.warn('The keys of an issuer cannot be read', { issuer: event.issuer, error: event.error });
      if (event.kind === 'ClusterIssuerNotRead')
        logger.warn("The cluster's own issuer cannot be read", { error: event.error });
    },
    stream(event) {
      metrics.streamed(event);
      if (event.type === 'EndFailed') logger.error('A stream could not be ended', { error: event.error });
      if (event.type === 'Judged' && event.streams > 0) {
        const { streams, ended, durationMs } = event;
        logger.info('Judged live streams again', { streams, ended, durationMs });
      }
    },
    certificateLoaded() {
      metrics.certificate('loaded');
      logger.info('Took up a new serving certificate');
    },
    certificateFailed(error) {
      metrics.certificate('failed');
      logger.error('The serving certificate cannot be read', { error });
    },
  };
}
