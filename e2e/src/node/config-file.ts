import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { NODE_RUN } from './layout.ts';

/**
 * Writes the configuration of a program and answers its path. The path holds a digest of the configuration and of the
 * kubeconfig, so that a change of either changes the command line, and the supervisor restarts the program.
 */
export function writeNodeConfig(name: string, text: string, kubeconfig: string): string {
  const digest = createHash('sha256').update(text).update(readFileSync(kubeconfig)).digest('hex').slice(0, 12);
  const file = join(NODE_RUN, `${name}-${digest}.yaml`);
  writeFileSync(file, text);
  return file;
}
