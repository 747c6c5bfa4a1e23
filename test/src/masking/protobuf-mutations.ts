import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import * as fc from 'fast-check';

const MAGIC = 4;
const SMALL_BYTES = [0, 1, 2, 8, 0x0a, 0x12, 0x1a, 0x22, 0x7f, 0x80, 0xff] as const;

/** Bodies with a few bytes changed, removed, put in or doubled; the same for the same seed. */
export function brokenBytes(of: readonly Buffer[], count: number, seed: number): Buffer[] {
  const mutation = fc.record({
    body: fc.constantFrom(...of),
    changes: fc.array(
      fc.record({
        at: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        kind: fc.constantFrom('flip', 'set', 'remove', 'insert', 'double'),
        byte: fc.oneof(fc.nat(255), fc.constantFrom(...SMALL_BYTES)),
        length: fc.integer({ min: 1, max: 12 }),
      }),
      { minLength: 1, maxLength: 3 },
    ),
  });
  return fc.sample(mutation, { numRuns: count, seed }).map(({ body, changes }) => {
    let broken = body;
    for (const { at, kind, byte, length } of changes) {
      const start = Math.floor(at * broken.length);
      const rest = broken.subarray(start);
      const put = {
        flip: [Buffer.from([(rest[0] ?? 0) ^ (1 << (byte % 8))]), rest.subarray(1)],
        set: [Buffer.from([byte]), rest.subarray(1)],
        remove: [rest.subarray(length)],
        insert: [Buffer.from([byte]), rest],
        double: [rest.subarray(0, length), rest],
      }[kind];
      broken = Buffer.concat([broken.subarray(0, start), ...put]);
    }
    return broken;
  });
}

/**
 * Bodies that are well-formed protobuf, in which a field, at any depth, comes twice, is missing, stands elsewhere, has
 * another number or another value; the lengths around it are right. The same for the same seed.
 */
export function brokenFields(of: readonly Buffer[], count: number, seed: number): Buffer[] {
  const mutation = fc.record({
    body: fc.constantFrom(...of),
    choices: fc.array(fc.nat(10_000), { minLength: 24, maxLength: 24 }),
  });
  return fc.sample(mutation, { numRuns: count, seed }).map(({ body, choices }) => {
    const left = [...choices];
    const choose = (below: number): number => (left.pop() ?? 0) % Math.max(1, below);
    return Buffer.concat([body.subarray(0, MAGIC), brokenMessage(body.subarray(MAGIC), choose, 0)]);
  });
}

type Choose = (below: number) => number;

interface WireField {
  readonly number: number;
  readonly wire: WireType;
  /** Of a length-delimited field its content, else the value as it is written. */
  readonly value: Uint8Array;
}

function brokenMessage(bytes: Uint8Array, choose: Choose, depth: number): Uint8Array {
  const fields = fieldsOf(bytes);
  const at = choose(fields?.length ?? 0);
  const field = fields?.[at];
  if (fields === undefined || field === undefined) return bytes;
  const deeper = field.wire === WireType.LengthDelimited && (fieldsOf(field.value)?.length ?? 0) > 0;
  if (deeper && (depth < 2 || choose(3) > 0)) {
    return written(fields.with(at, { ...field, value: brokenMessage(field.value, choose, depth + 1) }));
  }
  return written(brokenAt(fields, at, field, choose));
}

function brokenAt(fields: readonly WireField[], at: number, field: WireField, choose: Choose): WireField[] {
  const otherNumber = { ...field, number: 1 + choose(20) };
  const other = { ...field, value: otherValue(field.wire, choose) };
  const varint = { number: field.number, wire: WireType.Varint, value: otherValue(WireType.Varint, choose) };
  const broken = [
    fields.toSpliced(at, 0, field),
    fields.toSpliced(at, 1),
    [field, ...fields.toSpliced(at, 1)],
    fields.with(at, otherNumber),
    fields.with(at, other),
    fields.with(at, varint),
    [...fields, other],
  ];
  return broken[choose(broken.length)] ?? [];
}

function otherValue(wire: WireType, choose: Choose): Uint8Array {
  const texts = ['', 'a', '{}', '{"a":1}', 'k8s\0', '10', '\x08\x01', '\x0a\x01x', '\x0a\x01x\x12\x01y', '\x12\x01y'];
  const varints = [
    [0],
    [1],
    [2],
    [0x80, 0],
    [0xff, 0xff, 0xff, 0xff, 0x0f],
    [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1],
  ];
  if (wire === WireType.LengthDelimited) return Buffer.from(texts[choose(texts.length)] ?? '', 'latin1');
  if (wire === WireType.Varint) return Buffer.from(varints[choose(varints.length)] ?? []);
  return Buffer.alloc(wire === WireType.Bit64 ? 8 : 4, choose(256));
}

/** The fields of a message; undefined where the bytes are none. */
function fieldsOf(bytes: Uint8Array): WireField[] | undefined {
  const reader = new BinaryReader(bytes);
  const fields: WireField[] = [];
  try {
    while (reader.pos < reader.len) {
      const [number, wire] = reader.tag();
      const value = wire === WireType.LengthDelimited ? reader.bytes() : reader.skip(wire, number);
      fields.push({ number, wire, value });
    }
  } catch {
    return undefined;
  }
  return fields;
}

function written(fields: readonly WireField[]): Uint8Array {
  const writer = new BinaryWriter();
  for (const { number, wire, value } of fields) {
    writer.tag(number, wire);
    if (wire === WireType.LengthDelimited) writer.bytes(value);
    else writer.raw(value);
  }
  return writer.finish();
}
