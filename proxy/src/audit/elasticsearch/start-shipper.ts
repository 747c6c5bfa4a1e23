import type { Clock } from '@chaperone/crds/client/clock';
import { newConnection } from './connection.ts';
import { deadLetterFile } from './dead-letter-file.ts';
import { newDeadLetters } from './dead-letters.ts';
import { newEncoder } from './encoder.ts';
import { installTemplates, type InstalledTemplates } from './install-templates.ts';
import type { ElasticsearchOptions } from './options.ts';
import { newSendBulk } from './send-bulk.ts';
import type { ShipperEvent } from './shipper-event.ts';
import { newShipper, type Shipper } from './shipper.ts';
import type { EntrySource } from './source-entry.ts';

export interface StartShipperOptions<Position> {
  readonly settings: ElasticsearchOptions;
  /** The write-ahead log. */
  readonly source: EntrySource<Position>;
  /** Whether only this process can have sent entries of the writer. */
  readonly isOwn: (writer: string) => boolean;
  /** Where dead letters are put. */
  readonly deadLetterPath: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly observe: (event: ShipperEvent) => void;
  /** A file of the connection cannot be read. */
  readonly failed: (error: unknown) => void;
}

/** Begins to ship what the log holds, and goes on until the log has ended or the shipper is closed. */
export function startShipper<Position>(options: StartShipperOptions<Position>): Shipper {
  const { settings, source, isOwn, clock, random, observe, failed } = options;
  const connection = newConnection({ settings, credential: settings.authentication, clock, failed });
  const { cluster, namespace, batch, deadLetters } = settings;
  const shipper = newShipper({
    source,
    send: newSendBulk(connection),
    encode: newEncoder({ cluster, namespace }),
    deadLetters: newDeadLetters({
      file: deadLetterFile(options.deadLetterPath),
      maxBytes: deadLetters.maxBytes,
      now: () => clock.now(),
    }),
    clock,
    random,
    observe,
    isOwn,
    limits: { bytes: batch.bytes, documents: batch.documents, ageMs: batch.age, inFlight: batch.inFlight },
  });
  return {
    ...shipper,
    async close(deadlineMs) {
      try {
        await shipper.close(deadlineMs);
      } finally {
        await connection.close();
      }
    },
  };
}

export interface InstallFromSettings {
  readonly settings: ElasticsearchOptions;
  readonly version: string;
  readonly clock: Clock;
  readonly failed: (error: unknown) => void;
}

/** Installs the templates if the settings ask for it. @throws InstallError, ConnectionFileError */
export async function installFromSettings(options: InstallFromSettings): Promise<InstalledTemplates | undefined> {
  const { settings, version, clock, failed } = options;
  const { installTemplates: install, namespace } = settings;
  if (install === undefined) return undefined;
  const connection = newConnection({ settings, credential: install.authentication, clock, failed });
  try {
    const client = await connection.client();
    return await installTemplates(client, { namespace, retentionDays: install.retentionDays, version });
  } finally {
    await connection.close();
  }
}
