import { join } from 'node:path';
import type { CallEvent } from '@chaperone/proxy/audit/record/audit-event';
import { nodeFileSystem } from '@chaperone/proxy/audit/wal/file-system';
import type { LoggedCheckpoint, LoggedRecord, LoggedRegistry } from '@chaperone/proxy/audit/wal/log-reader';
import type { LogFault } from '@chaperone/proxy/audit/wal/writer-scan';
import { readDirectory } from '@chaperone/proxy/audit/wal/read-directory';
import type { GatewayContext } from '../proxy/gateway-context.ts';

export interface GatewayLog {
  readonly records: readonly LoggedRecord[];
  readonly checkpoints: readonly LoggedCheckpoint[];
  readonly registries: readonly LoggedRegistry[];
}

/** What a running gateway has on record by now. */
export async function readLog({ stateDirectory }: Pick<GatewayContext, 'stateDirectory'>): Promise<GatewayLog> {
  const records: LoggedRecord[] = [];
  const checkpoints: LoggedCheckpoint[] = [];
  const registries: LoggedRegistry[] = [];
  const fault = (found: LogFault): void => {
    // The gateway goes on writing: what it writes just now is not whole.
    if (found.kind !== 'TornTail') throw new Error('the log is damaged', { cause: found });
  };
  for await (const entry of readDirectory(nodeFileSystem, join(stateDirectory, 'wal'), fault)) {
    if (entry.kind === 'Record') records.push(entry);
    else if (entry.kind === 'Checkpoint') checkpoints.push(entry);
    else registries.push(entry);
  }
  return { records, checkpoints, registries };
}

/** The records of calls among them. */
export const callEvents = ({ records }: Pick<GatewayLog, 'records'>): readonly CallEvent[] =>
  records.flatMap(({ original }) => {
    const parsed: unknown = JSON.parse(original);
    return isCallEvent(parsed) ? [parsed] : [];
  });

const isCallEvent = (value: unknown): value is CallEvent =>
  typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'Event';
