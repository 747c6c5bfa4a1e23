import { sleep, type Clock } from '@chaperone/crds/client/clock';
import type { StreamRegistry } from '../streams/stream-registry.ts';
import type { GatewayServer } from './server.ts';

export interface DrainOptions {
  readonly server: Pick<GatewayServer, 'drain'>;
  readonly streams: Pick<StreamRegistry, 'drain'>;
  readonly clock: Clock;
  /** Until load balancers have noticed that this replica is not ready; connections are taken meanwhile. */
  readonly delayMs: number;
  /** From then on, for calls and streams to end. */
  readonly timeoutMs: number;
}

/** Of the time to end, what streams are spread over; the rest is for those that were told last. */
const SPREAD = 0.75;

/**
 * Ends what is under way in an orderly way: nothing changes for callers at first, then there are no new connections, and
 * open ones end with their answers, streams one after the other. Resolves when all have ended, or the time is over.
 */
export async function drain({ server, streams, clock, delayMs, timeoutMs }: DrainOptions): Promise<void> {
  await sleep(clock, delayMs);
  const over = new AbortController();
  const ended = Promise.all([server.drain(), streams.drain(timeoutMs * SPREAD)]);
  await Promise.race([ended, sleep(clock, timeoutMs, over.signal)]);
  over.abort();
}
