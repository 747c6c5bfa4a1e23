import type { Clock } from '@chaperone/crds/client/clock';

/**
 * What is kept for a while, at most so many entries; the one that was used least lately goes first. Time is monotonic:
 * a wall clock that is set back must not keep anything longer.
 */
export interface ExpiringCache<Value> {
  get(key: string): Value | undefined;
  set(key: string, value: Value, lifetimeMs: number): void;
  delete(key: string): void;
  readonly size: number;
}

interface Entry<Value> {
  readonly value: Value;
  readonly expiresAt: number;
}

export function newExpiringCache<Value>(options: {
  readonly capacity: number;
  readonly clock: Clock;
}): ExpiringCache<Value> {
  const { capacity, clock } = options;
  // A Map iterates in the order of insertion: what is read is put in again, so the first is the least lately used.
  const entries = new Map<string, Entry<Value>>();
  return {
    get(key) {
      const entry = entries.get(key);
      if (entry === undefined) return undefined;
      entries.delete(key);
      if (entry.expiresAt <= clock.monotonic()) return undefined;
      entries.set(key, entry);
      return entry.value;
    },
    set(key, value, lifetimeMs) {
      entries.delete(key);
      if (lifetimeMs <= 0) return;
      entries.set(key, { value, expiresAt: clock.monotonic() + lifetimeMs });
      if (entries.size <= capacity) return;
      const oldest = entries.keys().next();
      if (oldest.done !== true) entries.delete(oldest.value);
    },
    delete: (key) => void entries.delete(key),
    get size() {
      return entries.size;
    },
  };
}
