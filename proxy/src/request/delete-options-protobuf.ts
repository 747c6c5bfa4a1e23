import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';
import type { JsonMapping, JsonValue } from '@chaperone/crds/expression/value';
import { exactNumber } from './call-options.ts';

/** What Kubernetes puts before a protobuf message: `k8s` and a NUL. */
const MAGIC = Buffer.from('k8s\0', 'latin1');

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

type Value = JsonValue | Uint8Array;

/** How one field is read, and its name; `fields` for a message within. */
interface Field {
  readonly name: string;
  readonly wire: WireType;
  readonly repeated?: true;
  read(reader: BinaryReader): Value;
}

type Message = ReadonlyMap<number, Field>;

const text = (name: string): Field => ({
  name,
  wire: WireType.LengthDelimited,
  read: (reader) => utf8.decode(reader.bytes()),
});
const bytes = (name: string): Field => ({ name, wire: WireType.LengthDelimited, read: (reader) => reader.bytes() });
const boolean = (name: string): Field => ({ name, wire: WireType.Varint, read: (reader) => reader.bool() });
const integer = (name: string): Field => ({
  name,
  wire: WireType.Varint,
  read: (reader) => exactNumber(BigInt(reader.int64())),
});

/** runtime.Unknown; its type and encodings are the API server's to check, which takes `raw` in any case. */
const UNKNOWN: Message = new Map([[2, bytes('raw')]]);

const PRECONDITIONS: Message = new Map([
  [1, text('uid')],
  [2, text('resourceVersion')],
]);

const DELETE_OPTIONS: Message = new Map<number, Field>([
  [1, integer('gracePeriodSeconds')],
  [2, { ...bytes('preconditions'), read: (reader) => readJson(PRECONDITIONS, reader.bytes()) }],
  [3, boolean('orphanDependents')],
  [4, text('propagationPolicy')],
  [5, { ...text('dryRun'), repeated: true }],
  [6, boolean('ignoreStoreReadErrorWithClusterBreakingPotential')],
]);

/**
 * DeleteOptions in Kubernetes' protobuf (meta/v1 generated.proto): the magic bytes, and runtime.Unknown with the message
 * in it.
 *
 * @throws Error where a field is of another wire type, is repeated without being a list, or does not end: what two
 *   readers could take for different things.
 */
export function readDeleteOptionsProtobuf(body: Uint8Array): JsonMapping {
  if (!MAGIC.equals(body.subarray(0, MAGIC.length))) throw new Error('not Kubernetes protobuf');
  const raw = readFields(UNKNOWN, body.subarray(MAGIC.length)).get('raw');
  return raw instanceof Uint8Array ? readJson(DELETE_OPTIONS, raw) : {};
}

function readJson(message: Message, data: Uint8Array): JsonMapping {
  const json: Record<string, JsonValue> = {};
  for (const [name, value] of readFields(message, data)) {
    if (value instanceof Uint8Array) throw new Error('bytes in place of a value');
    json[name] = value;
  }
  return json;
}

function readFields(message: Message, data: Uint8Array): ReadonlyMap<string, Value> {
  const reader = new BinaryReader(data);
  const values = new Map<string, Value>();
  const lists = new Map<string, JsonValue[]>();
  while (reader.pos < reader.len) {
    const [number, wire] = reader.tag();
    const field = message.get(number);
    if (wire === WireType.StartGroup || wire === WireType.EndGroup) throw new Error('groups are not read');
    if (field === undefined) {
      reader.skip(wire, number);
      continue;
    }
    if (wire !== field.wire) throw new Error('another wire type');
    const value = field.read(reader);
    if (field.repeated === true && !(value instanceof Uint8Array)) {
      const list = lists.get(field.name) ?? [];
      list.push(value);
      lists.set(field.name, list);
      values.set(field.name, list);
    } else if (values.has(field.name)) throw new Error('a field is repeated');
    else values.set(field.name, value);
  }
  return values;
}
