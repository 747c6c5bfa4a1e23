import { eventHash } from '../chain.ts';
import type { AuditRecord } from '../record/audit-event.ts';
import { CHECKPOINT_DATASET, checkpointDocument, registryDocument } from './checkpoint-document.ts';
import {
  DATASET,
  documentOf,
  type DocumentContext,
  type DocumentOptions,
  type ElasticsearchDocument,
} from './document.ts';
import { envelopeOf } from './envelope.ts';
import type { SourceEntry } from './source-entry.ts';

/** How much of an entry is sent: all of it, and ever less of what was refused. */
export const TIERS = ['Full', 'WithOriginal', 'WithoutOriginal'] as const;
export type Tier = (typeof TIERS)[number];

/** An entry as two lines of a bulk request, but for the moment at which it is sent. */
export interface EncodedEntry {
  readonly id: string;
  /** The action, and the document up to `event.ingested`. */
  readonly head: string;
  /** The rest of the document. */
  readonly tail: string;
  /** UTF-8 bytes of both lines, the moment among them. */
  readonly bytes: number;
}

/** Undefined for what is no entry that a document could be made of. Never throws. */
export type Encoder = (entry: SourceEntry<unknown>, tier: Tier) => EncodedEntry | undefined;

/** As long as any that `toISOString` gives in this millennium and seven after it. */
const NO_MOMENT = '0000-00-00T00:00:00.000Z';
const DOCUMENT_START = '{"event":{"ingested":"';

/** Writes a batch: the moment at which it is sent goes into each document. */
export function bulkBody(entries: readonly EncodedEntry[], ingested: string): Buffer {
  let size = 0;
  for (const { bytes } of entries) size += bytes;
  const body = Buffer.allocUnsafe(size);
  let at = 0;
  for (const { head, tail } of entries) {
    at += body.write(head, at, 'utf8');
    at += body.write(ingested, at, 'latin1');
    at += body.write(tail, at, 'utf8');
  }
  return body.subarray(0, at);
}

/** Makes documents of entries. */
export function newEncoder(context: DocumentContext): Encoder {
  const streamOf = (dataset: string): string => `logs-${dataset}-${context.namespace}`;
  const records = streamOf(DATASET);
  const checkpoints = streamOf(CHECKPOINT_DATASET);

  function evidence(text: string, toDocument: typeof checkpointDocument): EncodedEntry | undefined {
    try {
      const { id, document } = toDocument(text, NO_MOMENT, context);
      return encoded(checkpoints, id, document);
    } catch {
      return undefined;
    }
  }

  function full(record: AuditRecord, options: DocumentOptions): ElasticsearchDocument | undefined {
    try {
      return documentOf(record, options);
    } catch {
      // A record of another version, say: its envelope is sent.
      return undefined;
    }
  }

  return (entry, tier) => {
    if (entry.kind !== 'Record') {
      const asDocument = entry.kind === 'Checkpoint' ? checkpointDocument : registryDocument;
      return tier === 'Full' ? evidence(entry.text, asDocument) : undefined;
    }
    const { writer, sequence, previousChain, chain, original } = entry;
    const integrity = { writer, sequence, previousChain, chain, hash: eventHash(original) };
    const options = { ...context, original, integrity, ingested: NO_MOMENT };
    const record = recordOf(original);
    const document =
      (tier === 'Full' && record !== undefined ? full(record, options) : undefined) ??
      envelopeOf(record, tier === 'WithoutOriginal' ? 'WithoutOriginal' : 'WithOriginal', options);
    return encoded(records, `${writer}:${sequence}`, document);
  };
}

function encoded(index: string, id: string, document: ElasticsearchDocument): EncodedEntry {
  const text = JSON.stringify(document);
  if (!text.startsWith(DOCUMENT_START)) throw new TypeError('a document begins with the moment at which it is sent');
  const head = `{"create":{"_index":${JSON.stringify(index)},"_id":${JSON.stringify(id)}}}\n${DOCUMENT_START}`;
  const tail = `${text.slice(DOCUMENT_START.length + NO_MOMENT.length)}\n`;
  return { id, head, tail, bytes: Buffer.byteLength(head) + NO_MOMENT.length + Buffer.byteLength(tail) };
}

/** What this process wrote itself, or another version of it: its shape is known by its kind. */
function recordOf(original: string): AuditRecord | undefined {
  let value: unknown;
  try {
    value = JSON.parse(original);
  } catch {
    return undefined;
  }
  return isRecord(value) ? value : undefined;
}

function isRecord(value: unknown): value is AuditRecord {
  if (typeof value !== 'object' || value === null || !('kind' in value) || !('chaperone' in value)) return false;
  if (value.kind === 'Event') return 'user' in value && 'sourceIPs' in value && 'annotations' in value;
  return value.kind === 'GatewayEvent' && 'type' in value && 'time' in value;
}
