import type { Value } from '../document.ts';
import { stronger, type Cause } from './cause.ts';
import { textAt } from './document-reading.ts';
import { causeAt, causeBelow, causeOfShape, type FieldNodes } from './field-node.ts';
import { isIndex, pointerKeys, stepPointer } from './json-pointer.ts';
import { newOwner, type Owner } from './owner.ts';
import type { Walk } from './walk.ts';

/** Walks a JSON Patch (RFC 6902): a list of operations on an object that stands at `nodes`. */
export function walkJsonPatch(walk: Walk, root: Value, nodes: FieldNodes): void {
  const owner = newOwner(root, nodes);
  // No patch, which the API server will say: its values may be anybody's.
  if (root.kind !== 'list') return walk.object(root, owner);
  for (const operation of root.items) walkOperation(walk, operation, owner);
}

function walkOperation(walk: Walk, operation: Value, owner: Owner): void {
  if (operation.kind !== 'object') return walk.object(operation, owner);
  for (const { key, value } of operation.members) {
    if (key.text === 'value') walkValue(walk, value, textAt(operation, 'path'), owner);
    else walk.at(value, [], owner);
  }
}

function walkValue(walk: Walk, value: Value, pointer: string | undefined, owner: Owner): void {
  const keys = pointer === undefined ? undefined : pointerKeys(pointer);
  // Nobody knows where such a value goes: if anything is masked, so is this.
  if (keys === undefined) return walk.at(value, owner.nodes, owner, causeBelow(owner.nodes));
  const last = keys.at(-1);
  if (last === undefined) return walk.object(value, newOwner(value, owner.nodes));
  const { nodes, cause } = placeOf(keys, owner.nodes);
  return cause === undefined ? walk.member(last, value, nodes, owner) : walk.at(value, nodes, owner, cause);
}

export interface PointedPlace {
  readonly nodes: FieldNodes;
  /** Why all that the pointer may point to is masked. */
  readonly cause: Cause | undefined;
}

/** Where a pointer goes. */
export function placeOf(keys: readonly string[], root: FieldNodes): PointedPlace {
  let nodes = root;
  let cause: Cause | undefined;
  for (const key of keys) {
    // A key where the path has elements: the API server refuses it, but it stands in the record.
    if (!isIndex(key)) cause = stronger(cause, causeOfShape(nodes, 'object'));
    nodes = stepPointer(nodes, key);
    cause = stronger(cause, causeAt(nodes));
  }
  return { nodes, cause };
}
