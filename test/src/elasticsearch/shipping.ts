import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@chaperone/crds/client/clock';
import { elasticsearchOptions } from '@chaperone/proxy/audit/elasticsearch/options';
import type { Shipper } from '@chaperone/proxy/audit/elasticsearch/shipper';
import type { ShipperEvent } from '@chaperone/proxy/audit/elasticsearch/shipper-event';
import type { SourceEntry } from '@chaperone/proxy/audit/elasticsearch/source-entry';
import { startShipper } from '@chaperone/proxy/audit/elasticsearch/start-shipper';

export interface Shipping {
  readonly shipper: Shipper;
  readonly events: readonly ShipperEvent[];
  /** Positions, in the order in which they were acknowledged. */
  readonly acknowledged: readonly number[];
  /** Faults of the connection's files. */
  readonly faults: readonly unknown[];
  told(type: ShipperEvent['type']): readonly ShipperEvent[];
  /** The lines of the dead letters' file. */
  deadLetters(): Promise<readonly string[]>;
}

export interface ShippingOptions {
  /** As in the configuration. */
  readonly settings: Record<string, unknown>;
  readonly entries: AsyncIterable<SourceEntry<number>> | Iterable<SourceEntry<number>>;
  readonly isOwn?: boolean;
}

/** Ships entries as the proxy would ship its log. */
export async function ship({ settings, entries, isOwn = true }: ShippingOptions): Promise<Shipping> {
  const directory = await mkdtemp(join(tmpdir(), 'chaperone-shipping-'));
  const deadLetterPath = join(directory, 'dead-letters', 'dead-letters.jsonl');
  const events: ShipperEvent[] = [];
  const acknowledged: number[] = [];
  const faults: unknown[] = [];
  async function* read(signal: AbortSignal): AsyncGenerator<SourceEntry<number>> {
    for await (const entry of entries) {
      if (signal.aborted) return;
      yield entry;
    }
  }
  const shipper = startShipper<number>({
    settings: elasticsearchOptions.parse(settings),
    source: { read, acknowledge: (position) => acknowledged.push(position) },
    isOwn: () => isOwn,
    deadLetterPath,
    clock: systemClock,
    random: Math.random,
    observe: (event) => events.push(event),
    failed: (error) => faults.push(error),
  });
  return {
    shipper,
    events,
    acknowledged,
    faults,
    told: (type) => events.filter((event) => event.type === type),
    async deadLetters() {
      const text = await readFile(deadLetterPath, 'utf8').catch(() => '');
      return text.split('\n').filter((line) => line !== '');
    },
  };
}
