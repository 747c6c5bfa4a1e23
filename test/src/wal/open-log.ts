import { generateKeyPairSync } from 'node:crypto';
import { systemClock } from '@chaperone/crds/client/clock';
import { signingKey, type SigningKey } from '@chaperone/crds/audit/signing-keys';
import { nodeFileSystem } from '@chaperone/proxy/audit/wal/file-system';
import type { LoggedEntry } from '@chaperone/proxy/audit/wal/log-reader';
import {
  openWriteAheadLog,
  type LogEvent,
  type WriteAheadLog,
  type WriteAheadLogOptions,
} from '@chaperone/proxy/audit/wal/write-ahead-log';

export const newSigningKey = (): SigningKey =>
  signingKey(generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' }), 'test');

export const TEST_KEY = newSigningKey();

export interface OpenedLog extends WriteAheadLog {
  readonly events: readonly LogEvent[];
}

/** What the tests' logs write where a call's outcome is unknown. */
export const unknownOutcome = ({ auditID, text }: { auditID: string; text: string }): string =>
  JSON.stringify({ auditID, outcome: 'Unknown', text });

/** A log with small sizes and short times. */
export async function openLog(
  writer: string,
  options: Partial<WriteAheadLogOptions> & { directory: string },
): Promise<OpenedLog> {
  const events: LogEvent[] = [];
  const log = await openWriteAheadLog({
    files: nodeFileSystem,
    clock: systemClock,
    writer: { id: writer, replica: 'replica', start: '2026-01-01T00:00:00.000Z', host: {} },
    durability: 'Fsync',
    commitIntervalMs: 10,
    segmentBytes: 64 * 1024,
    maxBytes: 64 * 1024 * 1024,
    minFreeBytes: 0,
    queueBytes: 1024 * 1024,
    slowMs: 2_000,
    checkpointRecords: 100,
    checkpointIntervalMs: 60_000,
    staleMs: 500,
    key: TEST_KEY,
    unknownOutcome,
    observe: (event) => void events.push(event),
    ...options,
  });
  return Object.assign(log, { events });
}

/** Reads until `enough` of the log has been read. */
export async function readUntil(
  log: WriteAheadLog,
  enough: (entries: readonly LoggedEntry[]) => boolean,
): Promise<LoggedEntry[]> {
  const entries: LoggedEntry[] = [];
  const stop = new AbortController();
  for await (const entry of log.read(stop.signal)) {
    entries.push(entry);
    if (enough(entries)) break;
  }
  return entries;
}
