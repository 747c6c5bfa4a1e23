import type { RequestAttributes } from '../../request/request-attributes.ts';
import { decodeBody, decodeWatchEvent } from '../codec/decode-body.ts';
import { essence } from '../codec/media-type.ts';
import { UndecodableBody, type BodyDocument } from '../document.ts';
import { CallValues } from '../engine/call-values.ts';
import { memberOf } from '../engine/document-reading.ts';
import type { Masker } from '../engine/masker.ts';
import { BODY, OBJECT, type Shape } from '../engine/shape.ts';
import { JsonListSplitter } from '../stream/json-list-splitter.ts';
import { newWatchSplitter } from '../stream/new-splitter.ts';
import { SPLITTER_BOUNDS, type Piece, type Splitter } from '../stream/splitter.ts';
import { WholeSplitter } from '../stream/whole-splitter.ts';
import { addCounts } from '../text/mask-text.ts';
import { newTextStream } from '../text/stream-text.ts';

/** An answer on its way to the client, masked. Holds one object at a time. */
export interface MaskedAnswer {
  /**
   * What may go to the client now.
   * @throws UndecodableBody: nothing more of the answer may go there.
   */
  push(chunk: Buffer): Buffer;
  /** What only the end completes. @throws UndecodableBody */
  end(): Buffer;
  readonly counts: ReadonlyMap<string, number>;
}

export interface MaskedAnswerOptions {
  /** For the target Response. */
  readonly masker: Masker;
  readonly attributes: Pick<RequestAttributes, 'isResourceRequest' | 'verb' | 'subresource' | 'path' | 'method'>;
  readonly status: number;
  readonly contentType: string | undefined;
  readonly contentEncoding: string | undefined;
}

/** What every caller may read and no object of the cluster is in. */
const SCHEMAS = /^\/(?:$|apis?(?:\/|$)|openapi(?:\/|$)|openid\/|version(?:\/|$)|healthz|livez|readyz|\.well-known\/)/;
const TEXT_SUBRESOURCES: ReadonlySet<string> = new Set(['log', 'proxy']);

/**
 * What masks the answer to a call; undefined where nothing in it can be masked.
 * @throws UndecodableBody where it comes in a form that cannot be read.
 */
export function newMaskedAnswer(options: MaskedAnswerOptions): MaskedAnswer | undefined {
  const { attributes, status, contentType, contentEncoding = 'identity' } = options;
  if (isPlain(attributes, status)) return undefined;
  if (contentEncoding.toLowerCase() !== 'identity')
    throw new UndecodableBody('The answer is compressed, though nobody asked for that');
  const { isResourceRequest, verb, subresource } = attributes;
  const isJson = essence(contentType) === 'application/json';
  if (!isResourceRequest || (TEXT_SUBRESOURCES.has(subresource) && !(status >= 400 && isJson)))
    return maskedText(options.masker);
  if (status === 200 && verb === 'watch') return maskedPieces(options, newWatchSplitter(contentType), decodeWatchEvent);
  if (status === 200 && isJson && LISTING.has(verb))
    return new MaskedList(options, new JsonListSplitter(SPLITTER_BOUNDS));
  return maskedPieces(options, new WholeSplitter(SPLITTER_BOUNDS), decodeBody);
}

const LISTING: ReadonlySet<string> = new Set(['list', 'deletecollection']);

/** Without a body, or with one that is the same for everybody. */
const isPlain = ({ method, isResourceRequest, path }: MaskedAnswerOptions['attributes'], status: number): boolean =>
  method === 'HEAD' || status === 204 || status === 304 || (!isResourceRequest && SCHEMAS.test(path));

function maskedText(masker: Masker): MaskedAnswer {
  const stream = newTextStream(masker.text());
  return { push: (chunk) => stream.write(chunk), end: () => stream.flush(), counts: stream.counts };
}

/** Objects that each stand for themselves: events of a watch, or a body as a whole. */
function maskedPieces(
  { masker, contentType }: MaskedAnswerOptions,
  splitter: Splitter,
  decode: (bytes: Buffer, contentType: string | undefined) => BodyDocument,
): MaskedAnswer {
  const counts = new Map<string, number>();
  const masked = (pieces: readonly Piece[]): Buffer =>
    joined(
      pieces.map(({ kind, bytes }) =>
        kind === 'between' ? bytes : maskObject(bytes, decode(bytes, contentType), { shape: BODY, masker, counts }),
      ),
    );
  return { push: (chunk) => masked(splitter.push(chunk)), end: () => masked(splitter.end()), counts };
}

/**
 * Objects of a list, and the list around them. What is not an object goes on as it came, so nothing in it may have to be
 * masked: that is known of all that stands before the first object when it is there, and of the rest at the end.
 */
class MaskedList implements MaskedAnswer {
  readonly counts = new Map<string, number>();
  readonly #options: MaskedAnswerOptions;
  readonly #splitter: JsonListSplitter;
  /** Held until the first object, or the end. */
  #beginning: Buffer[] | undefined = [];
  #held = 0;

  constructor(options: MaskedAnswerOptions, splitter: JsonListSplitter) {
    this.#options = options;
    this.#splitter = splitter;
  }

  push(chunk: Buffer): Buffer {
    return joined(this.#splitter.push(chunk).map((piece) => this.#masked(piece)));
  }

  end(): Buffer {
    const rest = this.#splitter.end().map((piece) => this.#masked(piece));
    const beginning = this.#beginning;
    if (beginning === undefined) {
      this.#checkEnvelope();
      return joined(rest);
    }
    // No list, or an empty one: it is all there, and what is in it can be masked.
    const { masker, contentType } = this.#options;
    const whole = joined(beginning);
    return maskObject(whole, decodeBody(whole, contentType), { shape: BODY, masker, counts: this.counts });
  }

  #masked(piece: Piece): Buffer {
    if (piece.kind === 'between') return this.#between(piece.bytes);
    const beginning = this.#beginning;
    if (beginning !== undefined) {
      this.#checkEnvelope();
      this.#beginning = undefined;
    }
    const { masker, contentType } = this.#options;
    const document = decodeBody(piece.bytes, contentType);
    const shape = this.#shapeOf(piece.path);
    const masked = maskObject(piece.bytes, document, { shape, masker, counts: this.counts });
    return joined([...(beginning ?? []), masked]);
  }

  #between(bytes: Buffer): Buffer {
    if (this.#beginning === undefined) return bytes;
    this.#beginning.push(bytes);
    this.#held += bytes.length;
    if (this.#held > SPLITTER_BOUNDS.objectBytes) throw new UndecodableBody('The list has too much before its items');
    return NOTHING;
  }

  #shapeOf(path: 'items' | 'rows' | undefined): Shape {
    if (path !== 'rows') return OBJECT;
    return { kind: 'row', columns: memberOf(this.#splitter.envelope().root, 'columnDefinitions') };
  }

  #checkEnvelope(): void {
    const { root } = this.#splitter.envelope();
    if (this.#options.masker.mask(root, BODY).edits.size > 0)
      throw new UndecodableBody('The list itself holds what is to be masked');
  }
}

interface ObjectMasking {
  readonly shape: Shape;
  readonly masker: Masker;
  readonly counts: Map<string, number>;
}

function maskObject(bytes: Buffer, document: BodyDocument, { shape, masker, counts }: ObjectMasking): Buffer {
  const masked = masker.mask(document.root, shape, { values: new CallValues() });
  if (masked.edits.size === 0) return bytes;
  addCounts(counts, masked.counts);
  return document.encode(masked.edits);
}

const NOTHING = Buffer.alloc(0);

function joined(parts: readonly Buffer[]): Buffer {
  const [only = NOTHING] = parts;
  return parts.length <= 1 ? only : Buffer.concat(parts);
}
