import { stringify } from 'yaml';

export type Encoding = 'JSON' | 'YAML' | 'protobuf' | 'CBOR';
export const ENCODINGS: readonly Encoding[] = ['JSON', 'YAML', 'protobuf', 'CBOR'];

export const MEDIA_TYPES: Readonly<Record<Encoding, string>> = {
  JSON: 'application/json',
  YAML: 'application/yaml',
  protobuf: 'application/vnd.kubernetes.protobuf',
  CBOR: 'application/cbor',
};

export type Json = null | boolean | string | number | readonly Json[] | { readonly [key: string]: Json };
export type JsonObject = { readonly [key: string]: Json };

/** The members of what is an object. */
export function membersOf(value: Json | undefined): JsonObject {
  if (typeof value !== 'object' || value === null || isList(value)) throw new TypeError('no object');
  return value;
}

/** A body in an encoding that any object can be written in; protobuf and the bytes of CBOR only the API server knows. */
export function written(value: Json, encoding: 'JSON' | 'YAML' | 'CBOR'): Buffer {
  switch (encoding) {
    case 'JSON':
      return Buffer.from(JSON.stringify(value));
    case 'YAML':
      return Buffer.from(stringify(value));
    case 'CBOR':
      return Buffer.concat([SELF_DESCRIBED, cbor(value)]);
    default:
      return encoding satisfies never;
  }
}

/** RFC 8949, 3.4.6: by this the API server knows CBOR. */
const SELF_DESCRIBED = Buffer.from([0xd9, 0xd9, 0xf7]);
const MAJOR = { integer: 0, text: 3, array: 4, map: 5 } as const;
const SIMPLE = { false: 0xf4, true: 0xf5, null: 0xf6 } as const;

function cbor(value: Json): Buffer {
  if (value === null) return Buffer.from([SIMPLE.null]);
  if (typeof value === 'boolean') return Buffer.from([SIMPLE[value ? 'true' : 'false']]);
  if (typeof value === 'number') return head(MAJOR.integer, value);
  if (typeof value === 'string') return Buffer.concat([head(MAJOR.text, Buffer.byteLength(value)), Buffer.from(value)]);
  if (isList(value)) return Buffer.concat([head(MAJOR.array, value.length), ...value.map(cbor)]);
  const entries = Object.entries(value);
  return Buffer.concat([head(MAJOR.map, entries.length), ...entries.flatMap(([key, of]) => [cbor(key), cbor(of)])]);
}

const isList = (value: Json): value is readonly Json[] => Array.isArray(value);

/** The first byte with its argument in eight more: longer than need be, and as good. */
function head(major: number, argument: number): Buffer {
  const bytes = Buffer.alloc(9);
  bytes[0] = (major << 5) | 27;
  bytes.writeBigUInt64BE(BigInt(argument), 1);
  return bytes;
}
