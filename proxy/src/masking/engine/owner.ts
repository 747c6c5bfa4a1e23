import type { Value } from '../document.ts';
import { memberOf } from './document-reading.ts';
import type { FieldNodes } from './field-node.ts';

/** The object that a value stands in. */
export interface Owner {
  readonly object: Value;
  /** Undefined where it has none, or is no object. */
  readonly metadata: Value | undefined;
  /** Where the object itself is in the trees: a copy of it in an annotation is masked by the same ones. */
  readonly nodes: FieldNodes;
}

export const newOwner = (object: Value, nodes: FieldNodes): Owner => ({
  object,
  metadata: memberOf(object, 'metadata'),
  nodes,
});
