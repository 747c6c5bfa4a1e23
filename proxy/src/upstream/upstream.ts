import type { Clock } from '@chaperone/crds/client/clock';
import type { KubeConfig } from '@chaperone/crds/client/kubeconfig';
import { newIdentity, type Route } from '@chaperone/crds/client/identity';
import { GatewayError } from '../gateway-error.ts';
import type { GatewayCredential } from './headers.ts';

/** The API server: connections to it, and the gateway's own credential. */
export interface Upstream {
  /** For calls that end soon. @throws GatewayError UpstreamUnreachable */
  calls(): Promise<Lane>;
  /** For watches and logs: each takes a connection for as long as it lasts, so that they stand in nobody's way. */
  streams(): Promise<Lane>;
  /** For upgrades, whose connections are used once. */
  upgrades(): Promise<Lane>;
  close(): Promise<void>;
}

/** Where calls go, and as whom. */
export interface Lane extends Pick<Route, 'origin' | 'basePath' | 'dispatcher'> {
  readonly credential: GatewayCredential;
}

export interface UpstreamOptions {
  readonly kubeConfig: KubeConfig;
  readonly clock: Clock;
  /** The name of this replica. */
  readonly replica: string;
  readonly connectTimeoutMs?: number;
  /** Calls under way at a time; more wait. */
  readonly maxCalls?: number;
  /** Streams under way at a time. */
  readonly maxStreams?: number;
}

const CONNECT_TIMEOUT = 5_000;
const MAX_CALLS = 512;
const MAX_STREAMS = 16_384;

export function newUpstream(options: UpstreamOptions): Upstream {
  const { kubeConfig, clock, replica } = options;
  const connectTimeoutMs = options.connectTimeoutMs ?? CONNECT_TIMEOUT;
  const maxStreams = options.maxStreams ?? MAX_STREAMS;
  const lane = (maxConnections: number) => newIdentity({ kubeConfig, clock, connectTimeoutMs, maxConnections });
  const lanes = { calls: lane(options.maxCalls ?? MAX_CALLS), streams: lane(maxStreams), upgrades: lane(maxStreams) };

  async function open(name: keyof typeof lanes): Promise<Lane> {
    try {
      const { origin, basePath, dispatcher, headers } = await lanes[name].route();
      return {
        origin,
        basePath,
        dispatcher,
        credential: { authorization: headers['authorization'] ?? '', via: replica },
      };
    } catch (cause) {
      throw new GatewayError('UpstreamUnreachable', { cause });
    }
  }

  return {
    calls: () => open('calls'),
    streams: () => open('streams'),
    upgrades: () => open('upgrades'),
    async close() {
      await Promise.all(Object.values(lanes).map((identity) => identity.close()));
    },
  };
}
