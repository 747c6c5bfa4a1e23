import type { ListValue, ObjectValue, Value } from '../document.ts';
import { HELM_RELEASE_TREE, kindOfResource, SECRET_EVENT_TREE } from './always-on.ts';
import { memberOf, textAt } from './document-reading.ts';
import { NOWHERE, stepElement, stepKey, type FieldNode, type FieldNodes } from './field-node.ts';
import { walkJsonPatch } from './json-patch.ts';
import { newOwner } from './owner.ts';
import type { Plan } from './plan.ts';
import type { Shape } from './shape.ts';
import { walkStatus } from './status-message.ts';
import { walkRow, walkTable, type RowWalk } from './table.ts';
import type { Walk } from './walk.ts';

/** Walks a document of some shape. */
export function walkDocument(walk: Walk, root: Value, shape: Shape): void {
  switch (shape.kind) {
    case 'body':
      return walkBody(walk, root);
    case 'object':
      return walkObject(walk, root);
    case 'row':
      return walkRow(rowWalk(walk), root, shape.columns);
    case 'jsonPatch':
      return walkJsonPatch(walk, root, nodesOf(walk.plan, undefined));
  }
}

/** What is masked in an object of the call's resource. Undefined: in any, as far as can be known. */
export function nodesOf(plan: Plan, object: Value | undefined): FieldNodes {
  const nodes: FieldNode[] = [];
  const fields = plan.fieldsIn(textAt(object, 'metadata', 'namespace'));
  if (fields !== undefined) nodes.push(fields);
  const kind = kindOfResource(plan.resource);
  const tree = kind === undefined ? undefined : plan.kinds.ofKind(kind);
  if (tree !== undefined) nodes.push(tree);
  if (plan.target === 'Audit' && object !== undefined) {
    const { resource } = plan.resource;
    if (isAboutSecret(object, resource)) nodes.push(SECRET_EVENT_TREE);
    if (resource === 'configmaps' && isReleaseConfigMap(object)) nodes.push(HELM_RELEASE_TREE);
  }
  return nodes;
}

function walkObject(walk: Walk, object: Value, further: FieldNodes = NOWHERE): void {
  // Helm could neither upgrade nor roll back what it cannot read.
  if (walk.plan.target === 'Response' && walk.plan.resource.resource === 'secrets' && isReleaseSecret(object)) return;
  const nodes = nodesOf(walk.plan, object);
  walk.object(object, newOwner(object, further.length === 0 ? nodes : [...nodes, ...further]));
}

const rowWalk = (walk: Walk): RowWalk => ({ walk, walkObject, nodesOf: (object) => nodesOf(walk.plan, object) });

function walkBody(walk: Walk, root: Value): void {
  if (root.kind !== 'object') return walkObject(walk, root);
  const event = watchEventObject(root);
  if (event === undefined) return walkAnswer(walk, root);
  const nodes = nodesOf(walk.plan, root);
  const owner = newOwner(root, nodes);
  for (const { key, value } of root.members) {
    if (value === event && value.kind === 'object') walkAnswer(walk, value);
    else walk.member(key.text, value, stepKey(nodes, key.text), owner);
  }
  return undefined;
}

function walkAnswer(walk: Walk, root: ObjectValue): void {
  const kind = textAt(root, 'kind');
  if (kind === 'Status') return walkStatus(walk, root, nodesOf(walk.plan, undefined));
  if (kind === 'Table' || memberOf(root, 'columnDefinitions') !== undefined) return walkTable(rowWalk(walk), root);
  const items = memberOf(root, 'items');
  const isList = kind === undefined || kind.endsWith('List') || walk.plan.target === 'Audit';
  if (items?.kind === 'list' && isList) return walkList(walk, root, items);
  return walkObject(walk, root);
}

/** The object of a watch event, which has nothing beside it but its type. */
function watchEventObject(root: ObjectValue): Value | undefined {
  if (root.members.length !== 2 || textAt(root, 'type') === undefined) return undefined;
  return memberOf(root, 'object');
}

/** A list is no less an object: a custom resource may be called `…List`, and have `items` of its own. */
function walkList(walk: Walk, root: ObjectValue, items: ListValue): void {
  const nodes = nodesOf(walk.plan, root);
  const owner = newOwner(root, nodes);
  for (const { key, value } of root.members) {
    const next = stepKey(nodes, key.text);
    if (value !== items) walk.member(key.text, value, next, owner);
    else for (const item of items.items) walkObject(walk, item, [...stepElement(next)]);
  }
}

/** Whether an event is about a Secret: its message may quote what is in it. */
function isAboutSecret(object: Value, resource: string): boolean {
  if (resource !== 'events' && textAt(object, 'kind') !== 'Event') return false;
  return textAt(object, 'involvedObject', 'kind') === 'Secret' || textAt(object, 'regarding', 'kind') === 'Secret';
}

const HELM_TYPE = 'helm.sh/release.v1';
const HELM_NAME = 'sh.helm.release.v1.';

/**
 * Whether a Secret is one of Helm's releases. Its type says so, which cannot be changed; only where neither type nor
 * values are shown (metadata alone) the name counts.
 */
function isReleaseSecret(object: Value): boolean {
  const type = textAt(object, 'type');
  if (type !== undefined) return type === HELM_TYPE;
  return memberOf(object, 'data') === undefined && isReleaseName(object);
}

const isReleaseName = (object: Value): boolean => textAt(object, 'metadata', 'name')?.startsWith(HELM_NAME) === true;

const isReleaseConfigMap = (object: Value): boolean =>
  isReleaseName(object) || textAt(object, 'metadata', 'labels', 'owner') === 'helm';
