import { createHash } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { NODE_RUN } from './layout.ts';

/**
 * Writes the configuration of a program and answers its path. The path holds a digest of the configuration and of the
 * kubeconfig, so that a change of either changes the command line, and the supervisor restarts the program. A file that is there stays
 * as it is: kube-proxy watches its own, and ends when it is written to, be it with the same content.
 */
export function writeNodeConfig(name: string, text: string, kubeconfig: string): string {
  const digest = createHash('sha256').update(text).update(readFileSync(kubeconfig)).digest('hex').slice(0, 12);
  const file = join(NODE_RUN, `${name}-${digest}.yaml`);
  if (existsSync(file)) return file;
  writeFileSync(`${file}.new`, text);
  renameSync(`${file}.new`, file);
  return file;
}
