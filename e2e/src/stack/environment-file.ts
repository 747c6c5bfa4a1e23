import { renameSync, rmSync, writeFileSync } from 'node:fs';

/** Names and values of `.run/env`, in the order in which they are written. */
export type EnvironmentValues = Readonly<Record<string, string>>;

/** Lines `export NAME='value'`, as any POSIX sh reads them. */
export function environmentFile(values: EnvironmentValues): string {
  return Object.entries(values)
    .map(([name, value]) => `export ${name}='${value.replaceAll("'", String.raw`'\''`)}'\n`)
    .join('');
}

/** Puts the file in place whole: whoever sees it sees a stack that is ready. */
export function writeEnvironmentFile(path: string, values: EnvironmentValues): void {
  writeFileSync(`${path}.new`, environmentFile(values), { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

export function removeEnvironmentFile(path: string): void {
  rmSync(path, { force: true });
}
