import { promisify } from 'node:util';
import { constants, gunzip } from 'node:zlib';
import { decodeBody, decodeWatchEvent } from '../masking/codec/decode-body.ts';
import { boundedJsonText } from '../masking/codec/json-text.ts';
import { essence } from '../masking/codec/media-type.ts';
import { UndecodableBody, type BodyDocument, type Edits, type Value } from '../masking/document.ts';
import type { CallValues } from '../masking/engine/call-values.ts';
import { textAt, memberOf } from '../masking/engine/document-reading.ts';
import type { Masker } from '../masking/engine/masker.ts';
import { BODY, OBJECT, shapeOfType, type Shape } from '../masking/engine/shape.ts';
import { JsonListSplitter } from '../masking/stream/json-list-splitter.ts';
import { newWatchSplitter } from '../masking/stream/new-splitter.ts';
import { SPLITTER_BOUNDS } from '../masking/stream/splitter.ts';
import { addCounts } from '../masking/text/mask-text.ts';
import { newTextStream } from '../masking/text/stream-text.ts';
import type { BodyFacts, BodyOmission } from './record/audit-event.ts';
import type { RecordedBodies } from './record/call-record.ts';
import type { BodyCapture } from './body-capture.ts';

/** What of one body goes into a record. */
export interface RecordedBody {
  /** JSON, masked: the value of `requestObject` or `responseObject`. */
  readonly object?: string;
  readonly facts: BodyFacts;
  readonly counts: ReadonlyMap<string, number>;
  /** Whether all of its values could be read. */
  readonly decoded: boolean;
  /** Of an object, what says which it is; of a Status, what it says. */
  readonly reference?: RecordedBodies['object'];
  readonly status?: RecordedBodies['status'];
}

export interface RecordBodyOptions {
  readonly capture: BodyCapture;
  readonly contentType: string | undefined;
  readonly contentEncoding: string | undefined;
  /** Of the answer to a watch: events, one after the other. */
  readonly isWatch: boolean;
  readonly masker: Masker;
  /** Of the call: what the bodies before held is found again in this one, and what this one holds is added. */
  readonly values: CallValues;
  /** Of an answer: whether the body of its request could be read. */
  readonly requestDecoded: boolean;
  /** Of the text that is kept. */
  readonly maximumBytes: number;
}

const NOTHING: ReadonlyMap<string, number> = new Map();

/** Masks what was captured of a body, for a record. What cannot be decoded is told of by size and digest alone. */
export async function recordBody(options: RecordBodyOptions): Promise<RecordedBody> {
  const { capture, contentType, contentEncoding } = options;
  const mediaType = essence(contentType);
  const facts: BodyFacts = { bytes: capture.bytes, mediaType };
  if (capture.bytes === 0) return { facts, counts: NOTHING, decoded: true };
  try {
    const bytes = contentEncoding === 'gzip' ? await inflated(capture) : capture.kept();
    const recorded = maskedBody(bytes, options);
    return { ...recorded, facts: { ...facts, ...recorded.facts, ...digest(capture, recorded) } };
  } catch (error) {
    if (!(error instanceof UndecodableBody)) throw error;
    const omitted: BodyOmission = capture.isWhole ? 'Undecodable' : 'Truncated';
    return { facts: { ...facts, omitted, sha256: capture.sha256() }, counts: NOTHING, decoded: false };
  }
}

type Masked = Omit<RecordedBody, 'facts'> & { readonly facts: Pick<BodyFacts, 'text' | 'omitted'> };

/** A digest of what was masked would let a short secret be guessed. */
const digest = (capture: BodyCapture, { counts, facts }: Masked): Pick<BodyFacts, 'sha256'> =>
  counts.size === 0 && (capture.isWhole || facts.omitted === 'Binary') ? { sha256: capture.sha256() } : {};

const inflate = promisify(gunzip);

/** What gzip holds, as far as it is there. Bounded: a bomb is no body that anybody needs to read. */
async function inflated(capture: BodyCapture): Promise<Buffer> {
  try {
    return await inflate(capture.kept(), {
      maxOutputLength: SPLITTER_BOUNDS.objectBytes,
      ...(capture.isWhole ? {} : { finishFlush: constants.Z_SYNC_FLUSH }),
    });
  } catch (cause) {
    throw new UndecodableBody('The gzip is damaged, or holds more than its bound', { cause });
  }
}

const DOCUMENTS =
  /^application\/(?:json|yaml|cbor|vnd\.kubernetes\.protobuf|json-patch\+json|merge-patch\+json|strategic-merge-patch\+json|apply-patch\+yaml|apply-patch\+cbor)$/;

function maskedBody(bytes: Buffer, options: RecordBodyOptions): Masked {
  const mediaType = essence(options.contentType);
  if (options.isWatch) return maskedEvents(bytes, options);
  if (!DOCUMENTS.test(mediaType)) return maskedText(bytes, options);
  if (options.capture.isWhole) {
    const document = decodeBody(bytes, options.contentType);
    const masked = maskedDocument(document, shapeOfType(mediaType), options);
    return { ...masked, ...readingOf(document.root, masked.edits) };
  }
  return maskedList(bytes, options);
}

function maskedDocument(
  { root }: BodyDocument,
  shape: Shape,
  { masker, values, requestDecoded, maximumBytes }: RecordBodyOptions,
): Masked & { readonly edits: Edits } {
  const { edits, counts } = masker.mask(root, shape, { values, requestDecoded });
  const { text, cutAt } = boundedJsonText(root, edits, maximumBytes);
  return { object: text, counts, edits, decoded: true, facts: cutAt === undefined ? {} : { omitted: 'Truncated' } };
}

/** The first objects of a list of which not all was kept. */
function maskedList(bytes: Buffer, options: RecordBodyOptions): Masked {
  if (essence(options.contentType) !== 'application/json')
    throw new UndecodableBody('Only JSON can be read without its end');
  const { masker, values, requestDecoded, maximumBytes } = options;
  const splitter = new JsonListSplitter(SPLITTER_BOUNDS);
  const counts = new Map<string, number>();
  const texts: string[] = [];
  let left = maximumBytes;
  let path: 'items' | 'rows' = 'items';
  for (const piece of splitter.push(bytes)) {
    if (piece.kind !== 'object' || left <= 0) continue;
    path = piece.path ?? path;
    const { root } = decodeBody(piece.bytes, 'application/json');
    const shape: Shape =
      path === 'rows' ? { kind: 'row', columns: memberOf(splitter.envelope().root, 'columnDefinitions') } : OBJECT;
    const masked = masker.mask(root, shape, { values, requestDecoded });
    addCounts(counts, masked.counts);
    const { text } = boundedJsonText(root, masked.edits, left);
    left -= text.length;
    texts.push(text);
  }
  if (texts.length === 0) throw new UndecodableBody('Not one object of the body is whole');
  const envelope = splitter.envelope();
  const head = maskedDocument(envelope, BODY, options);
  addCounts(counts, head.counts);
  const { object = '{}' } = head;
  const list = `${object.slice(0, -1)}${object === '{}' ? '' : ','}"${path}":[${texts.join(',')}]}`;
  return { object: list, counts, decoded: false, facts: { omitted: 'Truncated' } };
}

/** Events of a watch, a line each. */
function maskedEvents(bytes: Buffer, options: RecordBodyOptions): Masked {
  const { contentType, masker, values, requestDecoded, maximumBytes, capture } = options;
  const splitter = newWatchSplitter(contentType);
  const counts = new Map<string, number>();
  const lines: string[] = [];
  let left = maximumBytes;
  let cut = !capture.isWhole;
  for (const piece of splitter.push(bytes)) {
    if (piece.kind !== 'object') continue;
    const { root } = decodeWatchEvent(piece.bytes, contentType);
    const { edits, counts: found } = masker.mask(root, BODY, { values, requestDecoded });
    addCounts(counts, found);
    const { text, cutAt } = boundedJsonText(root, edits, Math.max(left, 0));
    if (left <= 0 || cutAt !== undefined) {
      cut = true;
      break;
    }
    left -= text.length + 1;
    lines.push(text);
  }
  return { counts, decoded: true, facts: { text: lines.join('\n'), ...(cut ? { omitted: 'Truncated' } : {}) } };
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Logs, answers of backends, metrics: text without fields. */
function maskedText(bytes: Buffer, { masker, values, maximumBytes, capture }: RecordBodyOptions): Masked {
  const kept = bytes.subarray(0, maximumBytes);
  const isCut = kept.length < bytes.length || !capture.isWhole;
  const stream = newTextStream(masker.text(values));
  const whole = stream.write(kept);
  // Of a text that was cut the end is left out: half of a token looks like none.
  const masked = isCut ? whole : Buffer.concat([whole, stream.flush()]);
  try {
    const text = utf8.decode(masked);
    return { counts: stream.counts, decoded: true, facts: { text, ...(isCut ? { omitted: 'Truncated' } : {}) } };
  } catch {
    return { counts: NOTHING, decoded: false, facts: { omitted: 'Binary' } };
  }
}

function readingOf(root: Value, edits: Edits): Pick<RecordedBody, 'reference' | 'status'> {
  const text = (value: Value | undefined, key: string): string | undefined => {
    const member = memberOf(value, key);
    return member?.kind === 'text' ? (edits.get(member) ?? member.text) : undefined;
  };
  if (textAt(root, 'kind') === 'Status' && textAt(root, 'apiVersion') === 'v1') {
    return { status: { status: text(root, 'status'), reason: text(root, 'reason'), message: text(root, 'message') } };
  }
  const metadata = memberOf(root, 'metadata');
  const reference = Object.fromEntries(
    ['name', 'uid', 'resourceVersion'].flatMap((key) => {
      const value = text(metadata, key);
      return value === undefined || value === '' ? [] : [[key, value]];
    }),
  );
  return Object.keys(reference).length === 0 ? {} : { reference };
}
