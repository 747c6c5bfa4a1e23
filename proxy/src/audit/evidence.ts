import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { waitAtMost, type Clock } from '@chaperone/crds/client/clock';
import type { Logger } from '@chaperone/crds/process/logger';
import { compileMasking } from '../masking/engine/masking.ts';
import { redacted } from '../masking/text/placeholder.ts';
import type { ProxyOptions } from '../options.ts';
import type { BundleLoader } from '../policy/bundle-loader.ts';
import { newCaptureBudget } from './body-capture.ts';
import type { ShipperEvent, ShipperState } from './elasticsearch/shipper-event.ts';
import { watchRoom } from './log-room.ts';
import type { GatewayFacts } from './record/audit-event.ts';
import { newRecorder, type Recorder } from './recorder.ts';
import { newShipping } from './shipping.ts';
import { openSigningKey } from './own-signing-key.ts';
import { newOwnWriters, type OwnWriters } from './own-writers.ts';
import { newestSigningKey, watchSigningKeys } from './signing-key-watch.ts';
import { unknownOutcome } from './record/unknown-outcome.ts';
import type { SigningKey } from '@chaperone/crds/audit/signing-keys';
import { nodeFileSystem } from './wal/file-system.ts';
import { openWriteAheadLog, type LogEvent, type WriteAheadLog } from './wal/write-ahead-log.ts';

/** All that keeps calls on record. */
export interface Evidence {
  readonly log: WriteAheadLog;
  readonly recorder: Recorder;
  /** Undefined where the log itself is the store, and until shipping has begun. */
  shipping(): ShipperState | undefined;
  /** What the registry of writers is to know. */
  readonly writers: Pick<OwnWriters, 'report' | 'add'>;
  /** Looks for newer keys to sign with until the signal aborts. Never rejects. */
  run(signal: AbortSignal): Promise<void>;
  /** Resolves when another process has taken this log over: nothing can be recorded any more. */
  readonly lost: Promise<void>;
  /**
   * Writes what is left, vouches for the end of the chain, ships it all, and lets go.
   * @param shipMs time that there is for shipping; a few seconds if there is none
   */
  close(shipMs: number): Promise<void>;
}

export interface EvidenceOptions {
  readonly options: ProxyOptions;
  readonly gateway: GatewayFacts;
  readonly bundles: Pick<BundleLoader, 'current'>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly observe: EvidenceObserver;
}

/** What is counted. */
export interface EvidenceObserver {
  readonly shipper: (event: ShipperEvent) => void;
  readonly log: (event: LogEvent) => void;
  /** A record could not be written. */
  readonly recordFailed: () => void;
}

/** For what is left to be written and sent at the end. */
const CLOSE_MS = 5_000;

/** Begins a log of this process. @throws SigningKeyError, errors of the file system */
export async function openEvidence(environment: EvidenceOptions): Promise<Evidence> {
  const { options, gateway, bundles, clock, logger, observe } = environment;
  const { audit, stateDirectory, elasticsearch } = options;
  const key = await signingKeyOf(options, logger);
  // A replica that starts again under the same name is another writer.
  const writer = `${gateway.replica}-${randomBytes(6).toString('hex')}`;
  const { promise: lost, resolve: lose } = Promise.withResolvers<void>();
  const start = new Date(clock.now()).toISOString();
  const writers = newOwnWriters({
    writer: { writer, replica: gateway.replica, start },
    head: () => log.state().durable,
    key: key.publicKey,
  });
  const log = await openWriteAheadLog({
    files: nodeFileSystem,
    clock,
    directory: join(stateDirectory, 'wal'),
    writer: {
      id: writer,
      replica: gateway.replica,
      start,
      host: { pid: process.pid, node: process.version, version: gateway.version },
    },
    durability: audit.durability,
    commitIntervalMs: audit.commitInterval,
    segmentBytes: audit.segmentBytes,
    maxBytes: audit.maxBytes,
    minFreeBytes: audit.minFreeBytes,
    queueBytes: audit.queueBytes,
    slowMs: audit.slow,
    checkpointRecords: audit.checkpointRecords,
    checkpointIntervalMs: audit.checkpointInterval,
    staleMs: audit.adoptAfter,
    retention:
      elasticsearch === undefined
        ? { maxAgeMs: audit.retention.maxAge, maxBytes: audit.retention.maxBytes }
        : undefined,
    key,
    unknownOutcome: (intent, of) => unknownOutcome(intent, of, gateway, clock.now()),
    // No two processes have the same name at a time: a writer of this name is one that has ended.
    isGone: (other) => other !== writer && writerReplica(other) === gateway.replica,
    observe(event) {
      observe.log(event);
      tellOf(event, logger);
      if (event.type === 'Lost') lose();
      if (event.type === 'Adopted' && event.ended !== undefined) writers.add({ writer: event.writer, ...event.ended });
    },
  });
  const alwaysOn = compileMasking({ maskingRules: [] }, redacted);
  const recorder = newRecorder({
    log,
    clock,
    gateway,
    masking: () => bundles.current()?.masking ?? alwaysOn,
    budget: newCaptureBudget(audit.captureBytes),
    bodyBytes: audit.bodyBytes,
    strangersPerSecond: audit.strangersPerSecond,
    isCrowded: watchRoom({
      files: nodeFileSystem,
      directory: join(stateDirectory, 'wal'),
      clock,
      bytes: () => log.state().bytes + log.state().othersBytes,
      maxBytes: audit.maxBytes,
      minFreeBytes: audit.minFreeBytes,
    }),
    failed(error) {
      observe.recordFailed();
      logger.error('A record cannot be written', { error });
    },
  });
  recorder.tell('Started', `Replica ${gateway.replica} started`);
  const shipping =
    elasticsearch === undefined
      ? undefined
      : newShipping({
          settings: elasticsearch,
          version: gateway.version,
          log,
          deadLetterPath: join(stateDirectory, 'dead-letters.jsonl'),
          clock,
          logger,
          observe: observe.shipper,
        });
  return {
    log,
    recorder,
    shipping: () => shipping?.state(),
    writers,
    async run(signal) {
      const directory = audit.signingKeys;
      if (directory === undefined) return;
      const changed = (next: SigningKey): void => {
        log.rotateKey(next);
        writers.signsWith(next.publicKey);
        logger.info('Records are signed with another key from now on', { key: next.id });
      };
      const failed = (error: unknown): void => logger.error('The keys of records cannot be read', { error });
      await watchSigningKeys({ files: nodeFileSystem, directory, current: key, clock, changed, failed }, signal);
    },
    lost,
    async close(shipMs) {
      recorder.tell('Stopped', `Replica ${gateway.replica} stopped`);
      const finish = async (): Promise<void> => {
        await recorder.settled();
        await log.finish();
        writers.ended(new Date(clock.now()).toISOString());
      };
      // A disk that does not answer keeps no process from ending: what is not written is closed by whoever takes the log over.
      await waitAtMost(clock, CLOSE_MS, finish());
      await shipping?.close(Math.max(CLOSE_MS, shipMs));
      await waitAtMost(clock, CLOSE_MS, log.close());
    },
  };
}

/** The name of the replica in a writer's id. */
const writerReplica = (writer: string): string => writer.slice(0, writer.lastIndexOf('-'));

async function signingKeyOf({ audit, stateDirectory }: ProxyOptions, logger: Logger): Promise<SigningKey> {
  if (audit.signingKeys === undefined) {
    logger.warn('Records are signed with a key of this replica alone, kept beside them: set audit.signingKeys');
    return openSigningKey(nodeFileSystem, join(stateDirectory, 'signing-key.pem'));
  }
  return newestSigningKey(nodeFileSystem, audit.signingKeys);
}

function tellOf(event: LogEvent, logger: Logger): void {
  switch (event.type) {
    case 'Fault':
      return logger.error('The log of records is damaged', { fault: event.fault });
    case 'Adopted': {
      const { writer, records, unknownOutcomes } = event;
      return logger.info('Took over the log of a process that has ended', { writer, records, unknownOutcomes });
    }
    case 'AdoptionFailed':
      return logger.error('The log of another process cannot be taken over', {
        writer: event.writer,
        error: event.error,
      });
    case 'Lost':
      return logger.error(
        'The log of this process was taken over by another one, or removed: nothing more is written to it',
      );
    case 'UpkeepFailed':
      return logger.error('The log of records cannot be kept in order', { error: event.error });
    default:
      return event satisfies never;
  }
}
