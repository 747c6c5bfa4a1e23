import type { LiteralValue, ObjectValue, TextValue, Value } from '../document.ts';

/** The value of a member, if the value is an object that has it. */
export function memberOf(value: Value | undefined, key: string): Value | undefined {
  if (value?.kind !== 'object') return undefined;
  for (const member of value.members) if (member.key.text === key) return member.value;
  return undefined;
}

/** The value at a path of keys. */
export function valueAt(value: Value | undefined, ...keys: readonly string[]): Value | undefined {
  let at = value;
  for (const key of keys) at = memberOf(at, key);
  return at;
}

/** The text at a path of keys; undefined where there is none. */
export function textAt(value: Value | undefined, ...keys: readonly string[]): string | undefined {
  const at = valueAt(value, ...keys);
  return at?.kind === 'text' ? at.text : undefined;
}

export type LeafValue = TextValue | LiteralValue;

export const isContainer = (value: Value): value is Exclude<Value, LeafValue> =>
  value.kind === 'object' || value.kind === 'list';

/**
 * The kind that an object says it is; undefined where it says none, or nothing beside it. This is asked of every object of
 * a body.
 */
export function kindOf(value: ObjectValue): string | undefined {
  if (value.members.length < 2) return undefined;
  for (const { key, value: at } of value.members) if (at.kind === 'text' && key.text === 'kind') return at.text;
  return undefined;
}
