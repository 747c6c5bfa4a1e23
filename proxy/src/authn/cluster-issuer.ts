import { sleep, type Clock } from '@chaperone/crds/client/clock';
import type { Connection } from '@chaperone/crds/client/connection';
import { isRecord } from '@chaperone/crds/client/kubernetes-object';

/** The issuers of the cluster's ServiceAccount tokens. */
export interface ClusterIssuers {
  /** Empty until they are known. */
  readonly urls: readonly string[];
  /** Asks the API server until it has answered once, if nobody has said them. Never rejects. */
  run(signal: AbortSignal): Promise<void>;
}

export interface ClusterIssuersOptions {
  /** Those of the configuration; where there are any nothing is asked. */
  readonly configured: readonly string[];
  /** Needs `get` on `/.well-known/openid-configuration`, which ServiceAccounts have unless it was taken away. */
  readonly request: Connection['request'];
  readonly clock: Clock;
  readonly observe?: ((error: unknown) => void) | undefined;
  /** 10 s unless given. */
  readonly retryMs?: number;
}

export function newClusterIssuers(options: ClusterIssuersOptions): ClusterIssuers {
  const { configured, request, clock, observe, retryMs = 10_000 } = options;
  let urls = configured;
  return {
    get urls() {
      return urls;
    },
    async run(signal) {
      while (urls.length === 0 && !signal.aborted) {
        try {
          urls = [issuerIn(await request({ method: 'GET', path: '/.well-known/openid-configuration', signal }))];
        } catch (error) {
          if (!signal.aborted) observe?.(error);
          await sleep(clock, retryMs, signal);
        }
      }
    },
  };
}

function issuerIn(answer: unknown): string {
  const issuer = isRecord(answer) ? answer['issuer'] : undefined;
  if (typeof issuer !== 'string' || issuer === '') throw new TypeError('the answer names no issuer');
  return issuer;
}
