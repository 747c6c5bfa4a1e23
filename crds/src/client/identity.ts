import { createHash } from 'node:crypto';
import type { RequestOptions } from 'node:https';
import { Agent, ProxyAgent, type Dispatcher } from 'undici';
import type { KubeConfig } from '@kubernetes/client-node';
import { ConnectionError } from './api-error.ts';
import type { Clock } from './clock.ts';

/** What of client-node's request options concerns TLS; keys that are not set are absent. */
type TlsMaterial = Pick<
  RequestOptions,
  'ca' | 'cert' | 'key' | 'pfx' | 'passphrase' | 'rejectUnauthorized' | 'servername'
>;

/** Where a request goes and as whom. */
export interface Route {
  readonly origin: string;
  /** Path in front of every API path, for clusters behind a path of a shared host; without trailing slash. */
  readonly basePath: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly dispatcher: Dispatcher;
}

export interface IdentityOptions {
  readonly kubeConfig: KubeConfig;
  readonly clock: Clock;
  readonly connectTimeoutMs: number;
  /** Most connections at a time; each running watch takes one. */
  readonly maxConnections: number;
}

export interface Identity {
  /** @throws ConnectionError where the kubeconfig or a file it names cannot be used. */
  route(): Promise<Route>;
  close(): Promise<void>;
}

/** How long credentials are used before the kubeconfig's files are looked at again. */
const REFRESH_MS = 1_000;

const TLS_KEYS = ['ca', 'cert', 'key', 'pfx', 'passphrase', 'rejectUnauthorized', 'servername'] as const;

const tlsOf = (https: RequestOptions): TlsMaterial =>
  Object.fromEntries(TLS_KEYS.flatMap((key) => (https[key] === undefined ? [] : [[key, https[key]]])));

/**
 * Lets client-node do kubeconfig and credentials and nothing else: it would build a new undici Agent for every call
 * (`config.js` createDispatcher), so that no connection is used twice, and undici 8 offers HTTP/2, which this product
 * leaves out on purpose. Here one dispatcher lives as long as the TLS material does; when a certificate file is
 * rotated, the next one takes over and the former ends with its last request.
 */
export function newIdentity(options: IdentityOptions): Identity {
  const { kubeConfig, clock } = options;
  let current: { readonly fingerprint: string; readonly dispatcher: Dispatcher } | undefined;
  let cached: { readonly until: number; readonly route: Promise<Route> } | undefined;
  let closed = false;

  function dispatcherFor(tls: TlsMaterial): Dispatcher {
    const cluster = kubeConfig.getCurrentCluster();
    const { type } = kubeConfig.createDispatcherOptions(cluster, tls);
    const fingerprint = createHash('sha256')
      .update(JSON.stringify([tls, cluster?.proxyUrl ?? '']))
      .digest('hex');
    if (current?.fingerprint === fingerprint) {
      return current.dispatcher;
    }
    const former = current?.dispatcher;
    current = { fingerprint, dispatcher: newDispatcher({ type, tls, proxyUrl: cluster?.proxyUrl, ...options }) };
    // Waits for running requests, watches among them; its failure concerns nobody any more.
    former?.close().catch(() => undefined);
    return current.dispatcher;
  }

  async function load(): Promise<Route> {
    const cluster = kubeConfig.getCurrentCluster();
    if (cluster === null) {
      throw new ConnectionError('The kubeconfig has no current cluster');
    }
    const https: RequestOptions = {};
    await kubeConfig.applyToHTTPSOptions(https);
    const headers: Record<string, string> = {};
    for (const [name, value] of Object.entries(https.headers ?? {})) {
      headers[name.toLowerCase()] = String(value).trim();
    }
    if (typeof https.auth === 'string') {
      headers['authorization'] = `Basic ${Buffer.from(https.auth).toString('base64')}`;
    }
    const url = new URL(cluster.server);
    return {
      origin: url.origin,
      basePath: url.pathname.replace(/\/+$/, ''),
      headers,
      dispatcher: dispatcherFor(tlsOf(https)),
    };
  }

  return {
    async route() {
      if (closed) {
        throw new ConnectionError('The connection to the API server has been closed');
      }
      const now = clock.monotonic();
      if (cached === undefined || cached.until <= now) {
        cached = { until: now + REFRESH_MS, route: load() };
      }
      try {
        return await cached.route;
      } catch (cause) {
        cached = undefined;
        throw cause instanceof ConnectionError
          ? cause
          : new ConnectionError('Cannot use the credentials of the kubeconfig', { cause });
      }
    },
    async close() {
      closed = true;
      await current?.dispatcher.destroy();
    },
  };
}

interface DispatcherOptions {
  readonly type: ReturnType<KubeConfig['createDispatcherOptions']>['type'];
  readonly tls: TlsMaterial;
  readonly proxyUrl: string | undefined;
  readonly connectTimeoutMs: number;
  readonly maxConnections: number;
}

function newDispatcher({ type, tls, proxyUrl, connectTimeoutMs, maxConnections }: DispatcherOptions): Dispatcher {
  const shared = {
    allowH2: false,
    connections: maxConnections,
    connectTimeout: connectTimeoutMs,
    // Below what load balancers allow an idle connection, so that we close it, not they under a request.
    keepAliveTimeout: 20_000,
    keepAliveMaxTimeout: 60_000,
  };
  switch (type) {
    case 'agent':
    case 'none':
      return new Agent({
        ...shared,
        connect: { ...tls, timeout: connectTimeoutMs, keepAlive: true, keepAliveInitialDelay: 30_000 },
      });
    case 'proxy':
      return new ProxyAgent({ ...shared, uri: proxyUrl ?? '', requestTls: tls });
    case 'socks':
      throw new ConnectionError('A SOCKS proxy in the kubeconfig is not supported');
    default:
      throw new ConnectionError(`Unknown kind of connection: ${JSON.stringify(type satisfies never)}`);
  }
}
