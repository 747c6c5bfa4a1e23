import { readdir, readFile } from 'node:fs/promises';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { isDeepStrictEqual } from 'node:util';
import { REGISTRY_CONFIG_MAP } from '@chaperone/crds/audit/registry';
import { BUNDLE_HEAD } from '@chaperone/crds/bundle/configmaps';
import type { Clock } from '@chaperone/crds/client/clock';
import { newConnection } from '@chaperone/crds/client/connection';
import { newInformer } from '@chaperone/crds/client/informer';
import { configMaps, leases, namespaces } from '@chaperone/crds/client/kinds';
import type { KubeConfig } from '@chaperone/crds/client/kubeconfig';
import { newClient } from '@chaperone/crds/client/resource-client';
import { newAdminServer } from '@chaperone/crds/process/admin-server';
import type { Logger } from '@chaperone/crds/process/logger';
import { parse } from 'yaml';
import { openEvidence } from './audit/evidence.ts';
import { keepRegistries } from './audit/registry-intake.ts';
import { newAuthenticator } from './authn/authenticator.ts';
import { parseAuthenticationConfiguration } from './authn/configuration.ts';
import { newConcurrencyLimit } from './call/concurrency.ts';
import type { CallReport } from './call/call-report.ts';
import { newBodyBudget } from './call/request-body.ts';
import { newChain } from './chain.ts';
import { newApiCatalog } from './effective/api-catalog.ts';
import { newNamespaceLookup } from './effective/namespace-lookup.ts';
import { newObjectLookup } from './effective/object-lookup.ts';
import { newRightsRefusalReader } from './effective/not-served.ts';
import { newSideCall } from './effective/side-call.ts';
import { openFingerprintKeys } from './masking/fingerprint-keys.ts';
import { newMetrics } from './metrics.ts';
import { newObservers } from './observers.ts';
import type { ProxyOptions } from './options.ts';
import { newBundleLoader } from './policy/bundle-loader.ts';
import { newCallJudge } from './policy/call-judge.ts';
import { newReplicaLease } from './replica/replica-lease.ts';
import { clientAddressSource, newOriginOf } from './serving/client-origin.ts';
import { drain } from './serving/drain.ts';
import { newExplainRoute } from './serving/explain.ts';
import { readinessChecks } from './serving/readiness.ts';
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
  const observe = newObservers({ metrics, logger, clock, accessLog: options.log.access });
  const background = new AbortController();
  const connection = newConnection({ kubeConfig, userAgent: `chaperone-proxy/${version}`, clock });
  const client = newClient({ connection, fieldManager: 'chaperone-proxy' });
  const certificate = await readCertificate(options.tls);

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
    observe: (observation) => observeHeads(observation),
  });
  const observeHeads = metrics.informer('configmaps', () => heads.stalenessMs());
  const namespaceInformer = newInformer({
    client,
    kubeConfig,
    clock,
    resource: namespaces,
    observe: (observation) => observeNamespaces(observation),
  });
  const observeNamespaces = metrics.informer('namespaces', () => namespaceInformer.stalenessMs());
  const { fingerprintKeys: directory } = options.masking;
  const fingerprints =
    directory === undefined
      ? undefined
      : await openFingerprintKeys({
          files: { readdir, readFile: (path) => readFile(path) },
          directory,
          clock,
          failed: (error) => logger.error('The keys of fingerprints cannot be read', { error }),
        });
  const bundles = newBundleLoader({
    heads,
    configMaps: client.resource(configMaps),
    namespace,
    clock,
    ...(fingerprints === undefined ? {} : { fingerprint: fingerprints.fingerprint }),
    observe: observe.bundle,
  });
  const lease = newReplicaLease({
    leases: client.resource(leases),
    namespace,
    replica,
    writers: {
      report: () => evidence.writers.report(),
      add: (other) => evidence.writers.add(other),
    },
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
    observe: observe.authentication,
  });
  const upstream = newUpstream({ kubeConfig, clock, replica });
  const streams = newStreamRegistry({
    bundles,
    maxStalenessMs: options.policies.maxStaleness,
    namespaces: namespaceInformer.lister,
    knownScope: (attributes) => catalog.knownScope(attributes),
    maxDurationMs: options.streams.maxDuration,
    clock,
    observe: observe.stream,
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
  /** Until then what is left may be shipped: calls that end sooner leave their time to their records. */
  let endBy = 0;
  let closed = false;
  const gateway = { replica, version };
  const evidence = await openEvidence({ options, gateway, bundles, clock, logger, observe: metrics.evidence });
  const { log, recorder } = evidence;
  bundles.onLoaded(({ revision, rules }) =>
    recorder.tell('PoliciesLoaded', 'Policies came into force', { revision, rules: rules.length }),
  );
  const registries = newInformer({
    client,
    kubeConfig,
    clock,
    resource: configMaps,
    namespace,
    fieldSelector: `metadata.name=${REGISTRY_CONFIG_MAP}`,
  });
  keepRegistries({
    registries,
    log,
    failed: (error) => logger.warn('The registry of writers cannot be kept with the records', { error }),
  });
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
    log,
    readRightsRefusal: newRightsRefusalReader(sideCall),
    clock,
    accepting: () => !closed,
  });
  const clientAddress = clientAddressSource(options.listen.clientAddress, () => {
    metrics.broken('proxy-protocol');
    recorder.unreadable('proxy-protocol', '');
  });
  const originOf = newOriginOf(clientAddress);
  const addressOf = (socket: Duplex): string =>
    socket instanceof Socket ? originOf({ socket, rawHeaders: [] }).clientAddress : '';
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
    originOf,
    recorder,
    ended(report: CallReport, error: unknown) {
      observe.call(report, error);
      recorder.ended(report, error);
    },
  };
  const server = newGatewayServer({
    host: options.listen.host,
    port: options.listen.port,
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
      broken(status, socket) {
        metrics.broken(status);
        recorder.unreadable(String(status), addressOf(socket));
      },
    },
    ...(clientAddress.kind === 'ProxyProtocol' ? { preamble: clientAddress.protocol } : {}),
  });
  const admin = newAdminServer({
    host: options.admin.host,
    port: options.admin.port,
    livenessChecks: [],
    readinessChecks: readinessChecks({
      draining: () => draining,
      bundles,
      maxStalenessMs: options.policies.maxStaleness,
      namespaces: namespaceInformer,
      authenticator,
      log,
    }),
    routes: [
      newExplainRoute({
        authenticator,
        bundles,
        catalog,
        namespaces: namespaceInformer.lister,
        clock,
        allowSelfAdministration: options.allowSelfAdministration,
        groups: options.admin.explainGroups,
      }),
    ],
    metrics: async () => ({ contentType: metrics.registry.contentType, body: await metrics.registry.metrics() }),
    logger,
  });

  metrics.watch({ streams, bundles, connections: () => server.connections(), evidence });
  heads.start();
  namespaceInformer.start();
  registries.start();
  const loops = Promise.all([
    bundles.run(background.signal),
    catalog.run(background.signal),
    lease.run(background.signal),
    evidence.run(background.signal),
    authenticator.run(background.signal),
    fingerprints?.run(background.signal),
    watchCertificate(
      {
        files: options.tls,
        clock,
        current: certificate,
        changed(next) {
          server.useCertificate(next);
          observe.certificateLoaded();
        },
        failed: observe.certificateFailed,
      },
      background.signal,
    ),
  ]);
  try {
    const { url } = await admin.listen();
    const { port } = await server.listen();
    logger.info('Serving', { port, adminUrl: url, replica });
    const asked = new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      else signal.addEventListener('abort', () => resolve(), { once: true });
    });
    await Promise.race([asked, evidence.lost]);
    draining = true;
    endBy = clock.monotonic() + options.drain.delay + options.drain.timeout;
    await drain({ server, streams, clock, delayMs: options.drain.delay, timeoutMs: options.drain.timeout });
  } finally {
    draining = true;
    closed = true;
    server.close();
    background.abort();
    await loops;
    await Promise.all([
      heads.stop(),
      namespaceInformer.stop(),
      registries.stop(),
      upstream.close(),
      evidence.close(endBy - clock.monotonic()),
      admin.close(),
    ]);
    // Where the chain ends is known only now.
    await lease.tellEnd();
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
