import { sleep, waitAtMost, type Clock } from '@chaperone/crds/client/clock';
import type { Logger } from '@chaperone/crds/process/logger';
import type { ElasticsearchOptions } from './elasticsearch/options.ts';
import type { ShipperEvent, ShipperState } from './elasticsearch/shipper-event.ts';
import type { Shipper } from './elasticsearch/shipper.ts';
import { installFromSettings, startShipper } from './elasticsearch/start-shipper.ts';
import type { WriteAheadLog } from './wal/write-ahead-log.ts';

/** Brings the log to Elasticsearch for as long as the process lasts. */
export interface Shipping {
  /** Undefined until index templates are installed, if they are to be. */
  state(): ShipperState | undefined;
  /**
   * Ships the rest of a log that is finished. What is not stored by then is sent by whoever reads the log next.
   */
  close(deadlineMs: number): Promise<void>;
}

export interface ShippingOptions {
  readonly settings: ElasticsearchOptions;
  readonly version: string;
  readonly log: Pick<WriteAheadLog, 'writer' | 'read' | 'acknowledge'>;
  readonly deadLetterPath: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly observe: (event: ShipperEvent) => void;
}

const RETRY_MS = 5_000;
/** When there is little time left. */
const CLOSING_RETRY_MS = 250;

export function newShipping(options: ShippingOptions): Shipping {
  const { settings, version, log, deadLetterPath, clock, logger, observe } = options;
  const closing = new AbortController();
  const stop = new AbortController();
  let shipper: Shipper | undefined;
  const failed = (error: unknown): void =>
    logger.error('A file for the connection to Elasticsearch cannot be read', { error });

  /** Nothing is sent before the templates are there: an index without them would have fields of other types for good. */
  async function begin(): Promise<void> {
    while (!stop.signal.aborted) {
      try {
        await installFromSettings({ settings, version, clock, failed });
        break;
      } catch (error) {
        logger.warn('Index templates cannot be installed in Elasticsearch', { error });
        if (closing.signal.aborted) await sleep(clock, CLOSING_RETRY_MS, stop.signal);
        else await sleep(clock, RETRY_MS, closing.signal);
      }
    }
    if (stop.signal.aborted) return;
    shipper = startShipper({
      settings,
      source: log,
      isOwn: (writer) => writer === log.writer,
      deadLetterPath,
      clock,
      random: Math.random,
      observe(event) {
        observe(event);
        tellOf(event, logger);
      },
      failed,
    });
    shipper.ended.catch((error: unknown) => logger.error('Records are no longer shipped', { error }));
  }

  const begun = begin();
  return {
    state: () => shipper?.state(),
    async close(deadlineMs) {
      closing.abort();
      const rest = (async () => {
        await begun;
        // The end of the log ends it: whoever stopped it before would leave behind what had not been read, and the
        // checkpoint that says that nothing follows.
        await shipper?.ended.catch(() => undefined);
      })();
      await waitAtMost(clock, deadlineMs, rest);
      stop.abort();
      await shipper?.close(0).catch(() => undefined);
    },
  };
}

function tellOf(event: ShipperEvent, logger: Logger): void {
  switch (event.type) {
    case 'Attempted':
    case 'Stored':
    case 'Halved':
      return;
    case 'Delayed': {
      const { why, status, errorType, documents, delayMs } = event;
      return logger.warn('Elasticsearch does not take records for now', { why, status, errorType, documents, delayMs });
    }
    case 'Reduced': {
      const { document, tier, why, status, errorType } = event;
      return logger.error('Elasticsearch refused a record as it was, and was sent less of it', {
        ...document,
        tier,
        why,
        status,
        errorType,
      });
    }
    case 'Conflict':
      return logger.error("Somebody else's document has the id of a record", { ...event.document });
    case 'DeadLetter':
      return logger.error('A record cannot be stored in Elasticsearch and is kept in a file', {
        ...event.document,
        why: event.why,
      });
    case 'DeadLetterFailed':
      return logger.error('The file of records that cannot be stored cannot be written', { error: event.error });
    default:
      return event satisfies never;
  }
}
