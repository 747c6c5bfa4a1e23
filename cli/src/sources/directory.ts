import { basename, resolve } from 'node:path';
import { parseRegistry } from '@chaperone/crds/audit/registry';
import type { LoggedEntry } from '@chaperone/proxy/audit/wal/log-reader';
import { codeOf } from '@chaperone/proxy/audit/wal/log-error';
import type { FileSystem } from '@chaperone/proxy/audit/wal/file-system';
import { readDirectory } from '@chaperone/proxy/audit/wal/read-directory';
import { isWriterId } from '@chaperone/proxy/audit/wal/writer-directory';
import type { LogFault } from '@chaperone/proxy/audit/wal/writer-scan';
import type { Finding } from '@chaperone/proxy/audit/verify/finding';
import { CommandError, usageError } from '../command-error.ts';
import { newNewest } from '../records/newest.ts';
import { matches } from '../records/matches.ts';
import { readOriginal } from '../records/stored-record.ts';
import { unreadableNote, type RecordSource } from './record-source.ts';

type Report = (finding: Finding) => void;

/** The write-ahead logs of gateways, each a directory that has one for each writer. @throws CommandError */
export async function openDirectories(files: FileSystem, directories: readonly string[]): Promise<RecordSource> {
  const notes: string[] = [];
  const paths = directories.map((directory) => resolve(directory));
  await checkWriters(files, paths);

  async function* entries(report: Report): AsyncGenerator<LoggedEntry> {
    for (const path of paths) {
      const read = readDirectory(files, path, (fault) => tell(path, fault, report, notes));
      try {
        yield* read;
      } catch (error) {
        if (codeOf(error) === '') throw error;
        throw new CommandError('Source', `${path} cannot be read (${codeOf(error)}): run it as a user who may`, {
          cause: error,
        });
      }
    }
  }

  return {
    notes,
    async search({ query, limit, withText }) {
      const newest = newNewest(limit);
      let unreadable = 0;
      for await (const entry of entries(() => undefined)) {
        if (entry.kind !== 'Record') continue;
        const { writer, sequence, previousChain, chain, original } = entry;
        const facts = readOriginal(original);
        if (facts === undefined) unreadable += 1;
        else if (matches(facts, query))
          newest.add({ writer, sequence, previousChain, chain, original: withText ? original : undefined, facts });
      }
      if (unreadable > 0) notes.push(unreadableNote(unreadable));
      return newest.found();
    },
    evidence: {
      async checkpoints() {
        const checkpoints: unknown[] = [];
        for await (const entry of entries(() => undefined))
          if (entry.kind === 'Checkpoint') checkpoints.push(parsed(entry.text));
        return checkpoints;
      },
      async *records(report) {
        notes.length = 0;
        for await (const entry of entries(report)) {
          if (entry.kind !== 'Record') continue;
          const { writer, sequence, previousChain, chain, original, position } = entry;
          const place = `${writer}/${segmentName(position.segment)} before byte ${position.offset}`;
          yield { writer, sequence, previousChain, chain, original, place };
        }
      },
      async registry() {
        let newest: { readonly number: number; readonly value: unknown } | undefined;
        for await (const entry of entries(() => undefined)) {
          if (entry.kind !== 'Registry') continue;
          const number = parseRegistry(entry.text)?.number ?? 0;
          if (newest === undefined || number > newest.number) newest = { number, value: parsed(entry.text) };
        }
        return newest?.value;
      },
    },
    close: async () => undefined,
  };
}

/** One writer's log is in one place: two parts of it would be found out of order. @throws CommandError */
async function checkWriters(files: FileSystem, paths: readonly string[]): Promise<void> {
  const known = new Map<string, string>();
  for (const path of paths) {
    const writers = await writersIn(files, path);
    if (writers.length === 0)
      throw usageError(
        `${path} holds no log of records: give the directory wal in the gateway's state directory${hint(path)}`,
      );
    for (const writer of writers) {
      const other = known.get(writer);
      if (other !== undefined)
        throw usageError(`the writer ${writer} is in both ${other} and ${path}: give one of them`);
      known.set(writer, path);
    }
  }
}

const hint = (path: string): string => (basename(path) === 'wal' ? '' : `, maybe ${path}/wal`);

async function writersIn(files: FileSystem, path: string): Promise<readonly string[]> {
  let names: readonly string[];
  try {
    names = await files.readdir(path);
  } catch (error) {
    throw new CommandError('Source', `${path} cannot be read (${codeOf(error)})`, { cause: error });
  }
  const writers: string[] = [];
  for (const name of names) if (isWriterId(name) && (await isLog(files, `${path}/${name}`))) writers.push(name);
  return writers;
}

async function isLog(files: FileSystem, path: string): Promise<boolean> {
  try {
    return (await files.readdir(path)).some((name) => name === 'writer.json' || name.endsWith('.wal'));
  } catch (error) {
    // Removed meanwhile, as all of it has been shipped; or a file.
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return false;
    throw new CommandError('Source', `${path} cannot be read (${codeOf(error)})`, { cause: error });
  }
}

function tell(path: string, { kind, writer, segment, start, end }: LogFault, report: Report, notes: string[]): void {
  const place = `${path}/${writer}/${segmentName(segment)} bytes ${start} to ${end}`;
  if (kind === 'Damaged')
    report({ kind: 'Malformed', writer, place, message: 'bytes of the log are no entries of it' });
  else notes.push(`${place} are a write that was cut short: nothing in them had been acknowledged`);
}

const segmentName = (segment: number): string => `${String(segment).padStart(10, '0')}.wal`;

/** What is no JSON is told as a checkpoint that cannot be read. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
