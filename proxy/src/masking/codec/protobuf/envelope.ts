import { UndecodableBody, type Member, type TextValue, type Value } from '../../document.ts';
import type { Decoding, ReadMembers, Visit } from './decoding.ts';
import { messageOf } from './descriptors.ts';
import { notAs, ownMessage } from './message.ts';
import { FixedText, type Frame } from './place.ts';
import { LENGTH_DELIMITED } from './wire-reader.ts';

/** What Kubernetes puts before a message: `k8s` and a NUL (apimachinery, runtime/serializer/protobuf). */
const MAGIC = [0x6b, 0x38, 0x73, 0x00] as const;

const UNKNOWN = ownMessage('runtime.Unknown', '1b=typeMeta 2b=raw 3s=contentEncoding 4s=contentType');
const TYPE_META = ownMessage('runtime.TypeMeta', '1s=apiVersion 2s=kind');

/** The one content type, besides none, under which `raw` is what it is read as. */
const PROTOBUF = 'application/vnd.kubernetes.protobuf';

const API_VERSION = new FixedText('apiVersion', 'The name of a field is a number in protobuf');
const KIND = new FixedText('kind', 'The name of a field is a number in protobuf');

/** What the body is where its envelope does not say: what is served at the path, as the API server takes it. */
export interface TypeHint {
  readonly apiVersion?: string;
  readonly kind?: string;
}

export function hasMagic(bytes: Buffer, frame: Frame): boolean {
  return frame.end - frame.start >= MAGIC.length && MAGIC.every((byte, index) => bytes[frame.start + index] === byte);
}

/**
 * The object in the envelope that fills the frame: the magic bytes and runtime.Unknown.
 * @throws UndecodableBody also where the kind has no descriptor
 */
export function readEnvelope(decoding: Decoding, frame: Frame, hint: TypeHint, readMembers: ReadMembers): Value {
  if (!hasMagic(decoding.bytes, frame))
    throw new UndecodableBody('The protobuf is not in the envelope of Kubernetes', { offset: frame.start });
  const { typeMeta, raw } = readParts(decoding, frame);
  const { apiVersion, kind } = readTypeMeta(decoding, typeMeta, hint);
  const message = messageOf(apiVersion.text, kind.text);
  if (message === undefined)
    throw new UndecodableBody('A kind that has no protobuf descriptor', { offset: frame.start });
  const members: Member[] = [
    { key: API_VERSION, value: apiVersion },
    { key: KIND, value: kind },
  ];
  if (raw !== undefined) readMembers(decoding, message, raw, members);
  decoding.reader.position = frame.end;
  return decoding.object(members);
}

function readParts(decoding: Decoding, frame: Frame): { typeMeta: Frame | undefined; raw: Frame | undefined } {
  const { reader } = decoding;
  let typeMeta: Frame | undefined;
  let raw: Frame | undefined;
  const visit: Visit = (field, wire) => {
    if (wire !== LENGTH_DELIMITED) throw notAs(UNKNOWN, field, 'has another wire type', reader.position);
    const part = decoding.frame(frame);
    reader.position = part.end;
    if (field.number === 1) typeMeta = part;
    else if (field.number === 2) raw = part;
    else {
      const text = reader.text(part.start, part.end);
      // The API server reads `raw` as protobuf whatever these say: another reader may not.
      if (text !== '' && (field.number === 3 || text !== PROTOBUF))
        throw notAs(UNKNOWN, field, 'says that the object is something else', part.start);
    }
  };
  decoding.fields(UNKNOWN, frame, visit, frame.start + MAGIC.length);
  return { typeMeta, raw };
}

function readTypeMeta(
  decoding: Decoding,
  frame: Frame | undefined,
  hint: TypeHint,
): { readonly apiVersion: TextValue; readonly kind: TextValue } {
  let apiVersion: TextValue | undefined;
  let kind: TextValue | undefined;
  if (frame !== undefined) {
    decoding.fields(TYPE_META, frame, (field, wire) => {
      if (wire !== LENGTH_DELIMITED) throw notAs(TYPE_META, field, 'has another wire type', decoding.reader.position);
      if (field.number === 1) apiVersion = decoding.placed(frame, 'text');
      else kind = decoding.placed(frame, 'text');
    });
  }
  return { apiVersion: orHint(apiVersion, hint.apiVersion), kind: orHint(kind, hint.kind) };
}

function orHint(said: TextValue | undefined, hint: string | undefined): TextValue {
  if (said !== undefined && said.text !== '') return said;
  if (hint === undefined) throw new UndecodableBody('The envelope does not say what kind it holds');
  return new FixedText(hint, 'The body does not say its kind');
}
