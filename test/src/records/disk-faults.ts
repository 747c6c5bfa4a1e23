import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

/**
 * Loaded into a gateway before its program: its writes fail, or wait, as the file that the environment of its options
 * names says. For what a real disk does and a test may not ask of one: a file system that becomes read-only needs to be
 * one's own, and a slow one needs a device.
 */
const path = new URL(import.meta.url).searchParams.get('faults') ?? '';

function fault(): string {
  try {
    return fs.readFileSync(path, 'utf8').trim();
  } catch {
    return '';
  }
}

const failure = (code: string): NodeJS.ErrnoException =>
  Object.assign(new Error(`${code}: injected, write`), { code, syscall: 'write' });

const { write } = fs;
type Done = (error: NodeJS.ErrnoException | null, written: number, buffer: Uint8Array) => void;
/** As the log calls it. */
type WriteArguments = [
  descriptor: number,
  buffer: Uint8Array,
  offset: number,
  length: number,
  position: number,
  done: Done,
];

function faultyWrite(...given: WriteArguments): void {
  const found = fault();
  const [, buffer, , , , done] = given;
  if (found === 'SLOW') setTimeout(() => faultyWrite(...given), 50);
  else if (found === '') write(...given);
  else setImmediate(() => done(failure(found), 0, buffer));
}

Object.assign(fs, { write: faultyWrite });
syncBuiltinESMExports();
