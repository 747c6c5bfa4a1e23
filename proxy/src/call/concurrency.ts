import { GatewayError } from '../gateway-error.ts';

/** Bounds how many calls one caller has under way. */
export interface ConcurrencyLimit {
  /**
   * Returns the way to leave again.
   * @throws GatewayError TooManyRequests
   */
  enter(caller: string, kind: 'call' | 'stream'): () => void;
}

export interface ConcurrencyLimits {
  /** Calls that end by themselves. */
  readonly calls: number;
  /** Watches, logs, exec and the like. */
  readonly streams: number;
}

/**
 * Counts by caller, and forgets who has nothing under way. Streams have a count of their own, as controllers hold
 * hundreds of watches and still make calls.
 */
export function newConcurrencyLimit(limits: ConcurrencyLimits): ConcurrencyLimit {
  const counts = { call: new Map<string, number>(), stream: new Map<string, number>() };
  const most = { call: limits.calls, stream: limits.streams };
  return {
    enter(caller, kind) {
      const counted = counts[kind];
      const running = counted.get(caller) ?? 0;
      if (running >= most[kind])
        throw new GatewayError('TooManyRequests', { detail: `${most[kind]} ${kind}s are under way` });
      counted.set(caller, running + 1);
      let left = false;
      return () => {
        if (left) return;
        left = true;
        const now = (counted.get(caller) ?? 1) - 1;
        if (now === 0) counted.delete(caller);
        else counted.set(caller, now);
      };
    },
  };
}
