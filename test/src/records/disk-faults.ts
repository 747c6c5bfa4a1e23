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

function faultyWrite(
  descriptor: number,
  buffer: Uint8Array,
  offset: number,
  length: number,
  position: number,
  done: Done,
): void {
  const found = fault();
  if (found === 'SLOW') {
    setTimeout(() => faultyWrite(descriptor, buffer, offset, length, position, done), 50);
    return;
  }
  if (found !== '') {
    setImmediate(() => done(failure(found), 0, buffer));
    return;
  }
  write(descriptor, buffer, offset, length, position, done);
}

Object.assign(fs, { write: faultyWrite });
syncBuiltinESMExports();
