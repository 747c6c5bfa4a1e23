import { UndecodableBody } from '../../document.ts';
import { CODEC_BOUNDS, type CodecBounds } from '../codec-bounds.ts';
import { Decoding, type DecodingOptions } from './decoding.ts';
import { messageOf } from './descriptors.ts';
import { readEnvelope, type TypeHint } from './envelope.ts';
import { readMembers } from './message-reader.ts';
import { Frame } from './place.ts';
import { ProtobufDocument } from './protobuf-document.ts';

export interface ProtobufOptions {
  readonly bounds?: CodecBounds;
  /**
   * What to do where a field with content is in no descriptor: `Refuse`, unless it says otherwise, because a newer API
   * may hold there what must be masked; with `Keep` its bytes pass unseen, and the document counts them.
   */
  readonly unknownFields?: 'Refuse' | 'Keep';
}

/** The length of a frame of a watch, big-endian, before its message (apimachinery, util/framer). */
const FRAME_HEADER = 4;

/**
 * Reads a body of `application/vnd.kubernetes.protobuf`: the magic bytes, the envelope, the object, as the JSON that it
 * would have. Fields that the writer left out are left out; items of lists have no apiVersion and kind.
 * @throws UndecodableBody
 */
export function decodeProtobuf(bytes: Buffer, hint: TypeHint, options: ProtobufOptions = {}): ProtobufDocument {
  const decoding = new Decoding(bytes, settled(options));
  const frame = new Frame(undefined, 0, 0, bytes.length);
  return new ProtobufDocument(decoding, frame, readEnvelope(decoding, frame, hint, readMembers));
}

/**
 * Reads one frame of a watch (`application/vnd.kubernetes.protobuf;stream=watch`), its length included: a WatchEvent
 * without an envelope, whose object has one.
 * @throws UndecodableBody
 */
export function decodeProtobufWatchFrame(bytes: Buffer, options: ProtobufOptions = {}): ProtobufDocument {
  if (bytes.length < FRAME_HEADER || bytes.readUInt32BE(0) !== bytes.length - FRAME_HEADER)
    throw new UndecodableBody('A frame of a watch has another length than it says', { offset: 0 });
  const message = messageOf('v1', 'WatchEvent');
  if (message === undefined) throw new TypeError('the descriptors hold no WatchEvent');
  const decoding = new Decoding(bytes, settled(options));
  const frame = new Frame(undefined, 0, FRAME_HEADER, bytes.length);
  return new ProtobufDocument(decoding, frame, decoding.message(frame, message, readMembers));
}

function settled({ bounds = CODEC_BOUNDS, unknownFields = 'Refuse' }: ProtobufOptions): DecodingOptions {
  return { bounds, unknownFields };
}
