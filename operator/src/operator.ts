import { ApiError, ConnectionError, RequestTimeoutError, ResponseError } from '@chaperone/crds/client/api-error';
import { backoffDelay, type Backoff } from '@chaperone/crds/client/backoff';
import { sleep } from '@chaperone/crds/client/clock';
import { newAdminServer } from '@chaperone/crds/process/admin-server';
import type { HealthCheck } from '@chaperone/crds/process/health';
import { readShippedAdmission } from './admission/shipped.ts';
import { newGatewayMetrics } from './gateway/gateway-metrics.ts';
import { newMetrics } from './metrics.ts';
import { newPolicyMetrics } from './policy/policy-metrics.ts';
import { LeadershipLostError } from './runtime/manager.ts';
import { runTerm, type OperatorEnvironment } from './term.ts';

/** Between two candidacies. */
const ANEW: Backoff = { baseMs: 500, maxMs: 5_000 };

/**
 * The whole operator: the admin server, which is there all the time, and one candidacy after another. Resolves when
 * `signal` has aborted and all has ended; throws what no further attempt would mend.
 */
export async function runOperator(environment: OperatorEnvironment, signal: AbortSignal): Promise<void> {
  const { options, clock, logger } = environment;
  const metrics = newMetrics();
  const shipped = await readShippedAdmission(options.admission.directory, {
    namespace: options.namespace,
    operator: options.serviceAccountName,
    proxy: options.gateway.serviceAccountName,
    breakGlassGroups: options.admission.breakGlassGroups,
  });
  const term = {
    ...environment,
    shipped,
    metrics,
    policyMetrics: newPolicyMetrics(metrics.registry),
    gatewayMetrics: newGatewayMetrics(metrics.registry),
  };
  /** What the admin server asks; those of one candidacy take the place of those before. */
  const checks: HealthCheck[] = [];
  const answerBy = (current: readonly HealthCheck[]): void => void checks.splice(0, checks.length, ...current);
  const notReady = (reason: string): void => answerBy([{ name: 'operator', check: () => reason }]);
  notReady('starting');
  const admin = newAdminServer({
    ...options.admin,
    // A lost API server is nothing that a restart would mend.
    livenessChecks: [],
    readinessChecks: checks,
    metrics: async () => ({ contentType: metrics.registry.contentType, body: await metrics.registry.metrics() }),
    logger,
  });

  const { url } = await admin.listen();
  logger.info('Serving health and metrics', { url });
  let failures = 0;
  let hasBegun = false;
  try {
    while (!signal.aborted) {
      try {
        await runTerm(
          term,
          (current) => {
            failures = 0;
            hasBegun = true;
            answerBy(current);
          },
          signal,
        );
      } catch (error) {
        if (signal.aborted || !canBeMended(error, hasBegun)) {
          throw error;
        }
        failures += 1;
        const retryInMs = backoffDelay(ANEW, failures, Math.random);
        notReady(`beginning anew after: ${error instanceof Error ? error.message : 'a failure'}`);
        logger.warn('Operator begins anew', { error, retryInMs });
        await sleep(clock, retryInMs, signal);
      }
    }
  } finally {
    await admin.close();
  }
}

/**
 * Does it help to begin anew in this process? Before it has begun once, credentials and rights that are wrong are for a
 * person; later an API server that has just been started refuses for a moment whom it will let in.
 */
export function canBeMended(error: unknown, hasBegun: boolean): boolean {
  if (error instanceof ApiError) {
    return hasBegun || error.status === 429 || error.status >= 500;
  }
  return (
    error instanceof LeadershipLostError ||
    error instanceof ConnectionError ||
    error instanceof RequestTimeoutError ||
    error instanceof ResponseError
  );
}
