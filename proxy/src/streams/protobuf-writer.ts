/** Fields of a protobuf message as gogo/protobuf writes them for Kubernetes: in order, empty ones included. */
export type Field = readonly [number: number, value: string | Buffer | number];

/** Enough of the encoding for what the gateway itself says: strings, messages, and integers from 0 on. */
export function message(fields: readonly Field[]): Buffer {
  return Buffer.concat(fields.flatMap(([number, value]) => encodeField(number, value)));
}

const VARINT = 0;
const LENGTH_DELIMITED = 2;

function encodeField(number: number, value: string | Buffer | number): Buffer[] {
  if (typeof value === 'number') return [varint(number * 8 + VARINT), varint(value)];
  const bytes = typeof value === 'string' ? Buffer.from(value, 'utf8') : value;
  return [varint(number * 8 + LENGTH_DELIMITED), varint(bytes.length), bytes];
}

/** A number from 0 on as protobuf writes it. */
export function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 127) {
    bytes.push((rest % 128) + 128);
    rest = Math.floor(rest / 128);
  }
  return Buffer.from([...bytes, rest]);
}
