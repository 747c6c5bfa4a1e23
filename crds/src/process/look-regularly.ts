import { sleep, type Clock } from '../client/clock.ts';

export interface RegularLook<Found> {
  readonly clock: Clock;
  readonly intervalMs: number;
  readonly read: () => Promise<Found>;
  /** Given what was read each time, changed or not. What it throws is a fault, too. */
  readonly take: (found: Found) => void;
  /** Told once for each fault, not at every look: again only after something could be read. */
  readonly failed: (error: unknown) => void;
}

/**
 * Reads files again and again until the signal aborts. A projected Secret changes by a renamed link, which file system
 * events miss in some kernels: so it is looked at. Never rejects; what was in use before a fault stays in use.
 */
export async function lookRegularly<Found>(options: RegularLook<Found>, signal: AbortSignal): Promise<void> {
  const { clock, intervalMs, read, take, failed } = options;
  let failing = false;
  while (!signal.aborted) {
    await sleep(clock, intervalMs, signal);
    if (signal.aborted) return;
    try {
      const found = await read();
      failing = false;
      take(found);
    } catch (error) {
      if (!failing) failed(error);
      failing = true;
    }
  }
}
