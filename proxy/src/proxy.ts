import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { BUNDLE_HEAD } from '@chaperone/crds/bundle/configmaps';
import { sleep, type Clock } from '@chaperone/crds/client/clock';
import { newConnection } from '@chaperone/crds/client/connection';
import { newInformer } from '@chaperone/crds/client/informer';
import { configMaps, leases, namespaces } from '@chaperone/crds/client/kinds';
import type { KubeConfig } from '@chaperone/crds/client/kubeconfig';
import { newClient } from '@chaperone/crds/client/resource-client';
import { newAdminServer } from '@chaperone/crds/process/admin-server';
import type { HealthCheck } from '@chaperone/crds/process/health';
import type { Logger } from '@chaperone/crds/process/logger';
import { parse } from 'yaml';
import { openIntentLog } from './audit/intent-log.ts';
import { newAuthenticator } from './authn/authenticator.ts';
import { parseAuthenticationConfiguration } from './authn/configuration.ts';
import type { CallReport } from './call/call-report.ts';
import { newConcurrencyLimit } from './call/concurrency.ts';
import { newBodyBudget } from './call/request-body.ts';
import { newChain } from './chain.ts';
import { newApiCatalog } from './effective/api-catalog.ts';
import { newNamespaceLookup } from './effective/namespace-lookup.ts';
import { newObjectLookup } from './effective/object-lookup.ts';
import { newRightsRefusalReader } from './effective/not-served.ts';
import { newSideCall } from './effective/side-call.ts';
import { newMetrics } from './metrics.ts';
import type { ProxyOptions } from './options.ts';
import { newBundleLoader } from './policy/bundle-loader.ts';
import { newCallJudge } from './policy/call-judge.ts';
import { newReplicaLease } from './replica/replica-lease.ts';
import { accessFields } from './serving/access-log.ts';
import { directOrigin } from './serving/client-origin.ts';
import { newPipelinedHandler, newRequestHandler } from './serving/serve-request.ts';
import { newUpgradeHandler } from './serving/serve-upgrade.ts';
import { newGatewayServer } from './serving/server.ts';
import { readCertificate, watchCertificate } from './serving/tls.ts';
import { newStreamRegistry } from './streams/stream-registry.ts';
import { newUpstream } from './upstream/upstream.ts';

/** What stands around the proxy. */
export interface ProxyEnvironment {
  readonly options: ProxyOptions;
  readonly kubeConfig: KubeConfig;
  /** The name of this replica's pod. */
  readonly replica: string;
  readonly version: string;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * The whole proxy. Resolves when `signal` has aborted and all has ended; throws where it cannot start.
 */
export async function runProxy(environment: ProxyEnvironment, signal: AbortSignal): Promise<void> {
  const { options, kubeConfig, replica, version, clock, logger } = environment;
  const { namespace } = options;
  const metrics = newMetrics();
  const background = new AbortController();
  const connection = newConnection({ kubeConfig, userAgent: `chaperone-proxy/${version}`, clock });
  const client = newClient({ connection, fieldManager: 'chaperone-proxy' });
  const certificate = await readCertificate(options.tls);
  const intents = await openIntentLog({ directory: join(options.stateDirectory, 'intents') });

  const heads = newInformer({
    client,
    kubeConfig,
    clock,
    resource: configMaps,
    namespace,
    fieldSelector: `metadata.name=${BUNDLE_HEAD}`,
    // Each new watch confirms which bundle is in force: a gateway that is cut off knows it soon.
    watchSeconds: { min: 4, max: 6 },
    idleMs: 8_000,
  });
  const namespaceInformer = newInformer({ client, kubeConfig, clock, resource: namespaces });
  const bundles = newBundleLoader({
    heads,
    configMaps: client.resource(configMaps),
    namespace,
    clock,
    observe: (event) =>
      event.kind === 'Loaded'
        ? logger.info('Loaded policies', { revision: event.revision, rules: event.rules, durationMs: event.durationMs })
        : logger.error('Policies cannot be loaded', { error: event.error }),
  });
  const lease = newReplicaLease({
    leases: client.resource(leases),
    namespace,
    replica,
    clock,
    observe: (error) => logger.warn('The Lease of this replica cannot be kept', { error }),
  });
  bundles.onLoaded((bundle) => lease.serves(bundle.revision));

  const { serviceAccounts } = options.authentication;
  const authenticator = newAuthenticator({
    configuration: parseAuthenticationConfiguration(await authenticationOf(options), {
      disallowedIssuers: serviceAccounts.issuers,
    }),
    serviceAccounts,
    request: (call) => connection.request(call),
    clock,
  });
  const upstream = newUpstream({ kubeConfig, clock, replica });
  const streams = newStreamRegistry({
    bundles,
    maxStalenessMs: options.policies.maxStaleness,
    namespaces: namespaceInformer.lister,
    maxDurationMs: options.streams.maxDuration,
    clock,
  });
  bundles.onLoaded(() => void streams.policiesChanged());
  namespaceInformer.addHandler((event) => {
    if (event.type === 'updated' && isDeepStrictEqual(event.old.metadata.labels, event.object.metadata.labels)) return;
    void streams.namespaceChanged(event.object.metadata.name);
  });
  const catalog = newApiCatalog({
    connection,
    clock,
    aggregatedGroups: options.dryRun.aggregatedGroups,
    failed: (error) => logger.warn('Discovery cannot be read', { error }),
  });
  let draining = false;
  const sideCall = newSideCall({ upstream, clock });
  const chain = newChain({
    authenticator,
    concurrency: newConcurrencyLimit({
      calls: options.limits.concurrentCalls,
      streams: options.limits.concurrentStreams,
    }),
    judge: newCallJudge({
      bundles,
      lookUpObjects: newObjectLookup({
        sideCall,
        catalog,
        lookUpNamespace: newNamespaceLookup({
          informer: namespaceInformer,
          namespaces: client.resource(namespaces),
          maxStalenessMs: options.policies.maxStaleness,
        }),
      }),
      catalog,
      clock,
      allowSelfAdministration: options.allowSelfAdministration,
      maxStalenessMs: options.policies.maxStaleness,
    }),
    intents,
    readRightsRefusal: newRightsRefusalReader(sideCall),
    clock,
    accepting: () => !draining,
  });
  const ended = (report: CallReport, error: unknown): void => {
    const durationMs = clock.monotonic() - report.started;
    metrics.ended(report, durationMs / 1_000);
    if (options.log.access) logger.info('Served a call', accessFields(report, durationMs));
    if (report.status >= 500 && error !== undefined) logger.error('Call failed', { auditID: report.auditID, error });
  };
  const serve = {
    chain,
    upstream,
    streams,
    clock,
    bodies: {
      limits: {
        bytes: options.limits.bodyBytes,
        streamBytes: options.limits.proxiedBodyBytes,
        timeoutMs: options.limits.bodyTimeout,
      },
      budget: newBodyBudget(options.limits.bodyMemoryBytes),
    },
    originOf: directOrigin,
    ended,
  };
  const server = newGatewayServer({
    ...options.listen,
    certificate,
    maxConnections: options.limits.connections,
    timeouts: {
      handshake: options.limits.handshakeTimeout,
      headers: options.limits.headersTimeout,
      request: options.limits.requestTimeout,
      idle: options.limits.idleTimeout,
    },
    handlers: {
      request: newRequestHandler(serve),
      pipelined: newPipelinedHandler(serve),
      upgrade: newUpgradeHandler(serve),
    },
  });
  const check = (name: string, failure: () => string | undefined): HealthCheck => ({ name, check: failure });
  const admin = newAdminServer({
    ...options.admin,
    livenessChecks: [],
    readinessChecks: [
      check('draining', () => (draining ? 'this replica is shutting down' : undefined)),
      check('policies', () => {
        if (bundles.current() === undefined) return 'no policies have been loaded yet';
        const staleness = bundles.stalenessMs() ?? Infinity;
        return staleness > options.policies.maxStaleness ? 'policies have not been confirmed for too long' : undefined;
      }),
      check('namespaces', () => (namespaceInformer.hasSynced() ? undefined : 'namespaces have not been read yet')),
      check('issuers', () => {
        const waiting = authenticator.issuers().filter(({ ready }) => !ready);
        return waiting.length === 0 ? undefined : `the keys of ${waiting.length} issuers have not been read yet`;
      }),
      check('intents', () => (intents.lastError() === undefined ? undefined : 'the state directory cannot be written')),
    ],
    metrics: async () => ({ contentType: metrics.registry.contentType, body: await metrics.registry.metrics() }),
    logger,
  });

  heads.start();
  namespaceInformer.start();
  const loops = Promise.all([
    bundles.run(background.signal),
    catalog.run(background.signal),
    lease.run(background.signal),
    authenticator.run(background.signal),
    watchCertificate(
      {
        files: options.tls,
        clock,
        current: certificate,
        changed: (next) => {
          server.useCertificate(next);
          logger.info('Took up a new serving certificate');
        },
        failed: (error) => logger.error('The serving certificate cannot be read', { error }),
      },
      background.signal,
    ),
  ]);
  try {
    const { url } = await admin.listen();
    const { port } = await server.listen();
    logger.info('Serving', { port, adminUrl: url, replica });
    await new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      else signal.addEventListener('abort', () => resolve(), { once: true });
    });
    draining = true;
    await Promise.race([server.drain(), sleep(clock, options.drain.timeout)]);
  } finally {
    draining = true;
    server.close();
    background.abort();
    await loops;
    await Promise.all([heads.stop(), namespaceInformer.stop(), upstream.close(), intents.close(), admin.close()]);
    await connection.close();
  }
}

/** The AuthenticationConfiguration as it is written; none configures no issuer. */
async function authenticationOf({ authentication }: ProxyOptions): Promise<unknown> {
  if (authentication.inline !== undefined) return authentication.inline;
  if (authentication.configuration === undefined)
    return { apiVersion: 'apiserver.config.k8s.io/v1', kind: 'AuthenticationConfiguration', jwt: [] };
  return parse(await readFile(authentication.configuration, 'utf8'));
}
