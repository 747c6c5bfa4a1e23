import { message, type Field } from '@chaperone/proxy/streams/protobuf-writer';
import type { LiteralValue, TextValue, Value } from '@chaperone/proxy/masking/document';

const MAGIC = Buffer.from('k8s\0', 'latin1');

/** An object in its envelope, as Kubernetes writes it; `more` are further fields of the envelope. */
export function inEnvelope(
  apiVersion: string,
  kind: string,
  raw: Buffer,
  more: readonly Field[] = [
    [3, ''],
    [4, ''],
  ],
): Buffer {
  const type = message([
    [1, apiVersion],
    [2, kind],
  ]);
  return Buffer.concat([MAGIC, message([[1, type], [2, raw], ...more])]);
}

/** A Secret named `name` with these data, whose values are bytes. */
export function secretBody(data: Readonly<Record<string, string>>, more: readonly Field[] = []): Buffer {
  const entries = Object.entries(data).map(([key, value]): Field => [2, mapEntry(key, Buffer.from(value))]);
  return inEnvelope('v1', 'Secret', message([[1, message([[1, 'name']])], ...entries, ...more]));
}

export function mapEntry(key: string, value: string | Buffer): Buffer {
  return message([
    [1, key],
    [2, value],
  ]);
}

/** A frame of a watch. */
export function watchFrame(type: string, object: Buffer): Buffer {
  const event = message([
    [1, type],
    [2, message([[1, object]])],
  ]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(event.length);
  return Buffer.concat([length, event]);
}

/** The value at a path of keys and indices; fails where there is none. */
export function valueAt(root: Value, ...path: readonly (string | number)[]): Value {
  let value: Value | undefined = root;
  for (const step of path) {
    if (value?.kind === 'object') value = value.members.find(({ key }) => key.text === step)?.value;
    else value = value?.kind === 'list' ? value.items[Number(step)] : undefined;
  }
  if (value === undefined) throw new TypeError(`nothing at ${path.join('.')}`);
  return value;
}

/** The same, where it can be edited. */
export function leafAt(root: Value, ...path: readonly (string | number)[]): TextValue | LiteralValue {
  const value = valueAt(root, ...path);
  if (value.kind === 'object' || value.kind === 'list') throw new TypeError(`${path.join('.')} is no leaf`);
  return value;
}

/** Texts and literals, keys included, in the order of the bytes. */
export function leavesOf(value: Value): (TextValue | LiteralValue)[] {
  if (value.kind === 'object') return value.members.flatMap((member) => [member.key, ...leavesOf(member.value)]);
  if (value.kind === 'list') return value.items.flatMap(leavesOf);
  return [value];
}
