import { setTimeout as sleep } from 'node:timers/promises';
import type { Authenticator } from '@chaperone/proxy/authn/authenticator';

/** Waits until the keys of every issuer have been read. */
export async function untilReady(authenticator: Authenticator, timeoutMs = 20_000): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!authenticator.issuers().every(({ ready }) => ready)) {
    if (performance.now() > deadline) throw new Error('an issuer did not answer');
    await sleep(10);
  }
}
