import { UndecodableBody, type BodyDocument } from '../document.ts';
import { decodeCbor } from './cbor-document.ts';
import { CODEC_BOUNDS, type CodecBounds } from './codec-bounds.ts';
import { decodeForm } from './form-document.ts';
import { decodeJson } from './json-document.ts';
import { essence, isUnicode } from './media-type.ts';
import { decodeProtobuf, decodeProtobufWatchFrame } from './protobuf/decode-protobuf.ts';
import type { TypeHint } from './protobuf/envelope.ts';
import { decodeYaml } from './yaml-document.ts';

/**
 * Reads a body by its media type: the one place that knows which codec speaks which. The patches
 * (`json-patch+json`, `merge-patch+json`, `strategic-merge-patch+json`, `apply-patch+yaml`, `apply-patch+cbor`) are
 * documents like any other.
 * @param hint what a body of protobuf is that does not say it itself.
 * @throws UndecodableBody, also where nothing here speaks the type.
 */
export function decodeBody(
  bytes: Buffer,
  contentType: string | undefined,
  hint: TypeHint = {},
  bounds: CodecBounds = CODEC_BOUNDS,
): BodyDocument {
  if (!isUnicode(contentType)) throw new UndecodableBody('The body says that its text is not UTF-8');
  const type = essence(contentType);
  const suffix = type.includes('+') ? type.slice(type.lastIndexOf('+') + 1) : '';
  if (type === 'application/vnd.kubernetes.protobuf') return decodeProtobuf(bytes, hint, { bounds });
  if (type === 'application/x-www-form-urlencoded') return decodeForm(bytes, bounds);
  if (type === 'application/json' || suffix === 'json') return decodeJson(bytes, bounds);
  if (type === 'application/yaml' || suffix === 'yaml') return decodeYaml(bytes, bounds);
  if (type === 'application/cbor' || suffix === 'cbor') return decodeCbor(bytes, bounds);
  throw new UndecodableBody('Nothing here reads this media type');
}

/**
 * Reads one event of a watch, as a splitter cuts it out of the stream.
 * @throws UndecodableBody, also where watches are not spoken in that type.
 */
export function decodeWatchEvent(
  bytes: Buffer,
  contentType: string | undefined,
  bounds: CodecBounds = CODEC_BOUNDS,
): BodyDocument {
  switch (essence(contentType)) {
    case 'application/json':
      return decodeJson(bytes, bounds);
    case 'application/cbor-seq':
      return decodeCbor(bytes, bounds);
    case 'application/vnd.kubernetes.protobuf':
      return decodeProtobufWatchFrame(bytes, { bounds });
    default:
      throw new UndecodableBody('Watches are not spoken in this media type');
  }
}
