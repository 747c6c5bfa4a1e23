import { readFileSync } from 'node:fs';
import { runCommand } from '../process/run-command.ts';
import { systemEnvironment } from './system-path.ts';

/** One line of /proc/self/mountinfo, as far as it is of use here (proc(5)). */
export interface Mount {
  readonly path: string;
  readonly type: string;
}

/** Reads /proc/self/mountinfo. Pure. Lines that are not understood are left out. */
export function parseMountInfo(text: string): Mount[] {
  return text.split('\n').flatMap((line) => {
    // `36 35 98:0 /root /mount/point options [optional fields ...] - type source options`
    const [before, after] = line.split(' - ');
    const path = before?.split(' ')[4];
    const type = after?.split(' ')[0];
    return path === undefined || type === undefined ? [] : [{ path: unescapeOctal(path), type }];
  });
}

/** Blank, tab, newline and backslash are written as `\` and three octal digits. */
const unescapeOctal = (path: string): string =>
  path.replaceAll(/\\([0-7]{3})/g, (_, digits: string) => String.fromCodePoint(Number.parseInt(digits, 8)));

/** Mount points at or below the roots, in the order in which they must go: what was mounted last goes first. */
export function mountsUnder(roots: readonly string[], mounts: readonly Mount[]): string[] {
  return mounts
    .map((mount) => mount.path)
    .filter((path) => roots.some((root) => path === root || path.startsWith(`${root}/`)))
    .toReversed();
}

/** The mounts of this machine. */
export const currentMounts = (): Mount[] => parseMountInfo(readFileSync('/proc/self/mountinfo', 'utf8'));

/** Unmounts everything at or below the roots and answers what could not be unmounted. */
export async function unmountUnder(roots: readonly string[]): Promise<string[]> {
  // A process that was just killed may hold its mounts for a moment. A detached (lazy) mount is gone from view at
  // once, yet keeps its file system busy as long as somebody uses it: hence only at last.
  for (const options of [[], [], ['--lazy']]) {
    const paths = mountsUnder(roots, currentMounts());
    if (paths.length === 0) return [];
    await runCommand('umount', [...options, '--', ...paths], { env: systemEnvironment() });
  }
  return mountsUnder(roots, currentMounts());
}
