import type { FieldPath, FieldPathSegment } from '@chaperone/crds/validation/fieldpath';
import { stronger, type Cause } from './cause.ts';

/**
 * A place in an object, as a node of the tree of all paths that some set of rules names. Several rules share one tree,
 * so that an object is walked once, however many they are.
 */
export class FieldNode {
  /** Set where a path ends: all that is here and below is masked. */
  cause: Cause | undefined;
  /** The strongest cause here or anywhere below. */
  below: Cause | undefined;
  /** The strongest of the paths that go on with a key, and of those that go on with an element. */
  belowKeys: Cause | undefined;
  belowElements: Cause | undefined;
  /** Text here is base64 in JSON, as the type of the field is bytes: what replaces it has to be base64, too. */
  bytes = false;
  readonly keys = new Map<string, FieldNode>();
  everyKey: FieldNode | undefined;
  /** Keys that {@link everyKey} does not stand for. */
  except: ReadonlySet<string> | undefined;
  everyElement: FieldNode | undefined;
  /** Reached by `.*`: beside what the path means there may well be values of other shapes. */
  readonly wildcard: boolean;

  constructor(wildcard = false) {
    this.wildcard = wildcard;
  }
}

/** Where a walk is in several trees, or in one tree by several ways, at once. */
export type FieldNodes = readonly FieldNode[];

export const NOWHERE: FieldNodes = [];

/** Adds a path to a tree. Returns the node at its end. */
export function addPath(root: FieldNode, path: FieldPath, cause?: Cause): FieldNode {
  let node = root;
  for (const segment of path) {
    node.below = stronger(node.below, cause);
    if (segment.kind === 'everyElement') node.belowElements = stronger(node.belowElements, cause);
    else node.belowKeys = stronger(node.belowKeys, cause);
    node = childFor(node, segment);
  }
  node.below = stronger(node.below, cause);
  node.cause = stronger(node.cause, cause);
  return node;
}

function childFor(node: FieldNode, segment: FieldPathSegment): FieldNode {
  if (segment.kind === 'everyKey') return (node.everyKey ??= new FieldNode(true));
  if (segment.kind === 'everyElement') return (node.everyElement ??= new FieldNode());
  const known = node.keys.get(segment.key);
  if (known !== undefined) return known;
  const child = new FieldNode();
  node.keys.set(segment.key, child);
  return child;
}

/** The places of a member. */
export function stepKey(nodes: FieldNodes, key: string): FieldNodes {
  let found: FieldNode[] | undefined;
  for (const node of nodes) {
    const child = node.keys.get(key);
    if (child !== undefined) found = push(found, child);
    if (node.everyKey !== undefined && node.except?.has(key) !== true) found = push(found, node.everyKey);
  }
  return found ?? NOWHERE;
}

/** The places of the elements of a list. */
export function stepElement(nodes: FieldNodes): FieldNodes {
  let found: FieldNode[] | undefined;
  for (const { everyElement } of nodes) if (everyElement !== undefined) found = push(found, everyElement);
  return found ?? NOWHERE;
}

function push(list: FieldNode[] | undefined, node: FieldNode): FieldNode[] {
  if (list === undefined) return [node];
  list.push(node);
  return list;
}

/** Why all that is here is masked. */
export function causeAt(nodes: FieldNodes): Cause | undefined {
  let cause: Cause | undefined;
  for (const node of nodes) cause = stronger(cause, node.cause);
  return cause;
}

/** Why something here or below may be masked. */
export function causeBelow(nodes: FieldNodes): Cause | undefined {
  let cause: Cause | undefined;
  for (const node of nodes) cause = stronger(cause, node.below);
  return cause;
}

export const isBytes = (nodes: FieldNodes): boolean => nodes.some(({ bytes }) => bytes);

/**
 * Why a value is masked although no path ends here: it has another shape than the path says (a list where members are
 * named, an object where elements are, text in the place of either). The API server will refuse such a body, but its
 * values would stand in the record.
 */
export function causeOfShape(nodes: FieldNodes, shape: 'object' | 'list' | 'leaf'): Cause | undefined {
  let cause: Cause | undefined;
  for (const node of nodes) cause = stronger(cause, causeOfNode(node, shape));
  return cause;
}

function causeOfNode(node: FieldNode, shape: 'object' | 'list' | 'leaf'): Cause | undefined {
  switch (shape) {
    case 'object':
      return node.belowElements;
    case 'list':
      return node.belowKeys;
    case 'leaf':
      return node.wildcard ? undefined : node.below;
    default:
      return shape satisfies never;
  }
}
