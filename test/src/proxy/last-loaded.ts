import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { GatewayContext } from './gateway-context.ts';

/** When the gateway took up its last revision, by its own log; in milliseconds, on the clock of `performance`. */
export function lastLoaded({ logDirectory }: Pick<GatewayContext, 'logDirectory'>): number {
  const lines = readFileSync(join(logDirectory, 'gateway.log'), 'utf8').split('\n');
  const line = lines.findLast((text) => text.includes('"Loaded policies"')) ?? '';
  return Date.parse(/"time":"([^"]+)"/u.exec(line)?.[1] ?? '') - performance.timeOrigin;
}
