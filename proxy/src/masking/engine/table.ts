import type { ObjectValue, Value } from '../document.ts';
import { EVENT, stronger, type Cause } from './cause.ts';
import { memberOf, textAt } from './document-reading.ts';
import { causeAt, causeBelow, NOWHERE, stepElement, stepKey, type FieldNodes } from './field-node.ts';
import { newOwner } from './owner.ts';
import { pathsOfColumn } from './table-columns.ts';
import type { Walk } from './walk.ts';

export type WalkObject = (walk: Walk, object: Value) => void;
export type NodesOf = (object: Value | undefined) => FieldNodes;

export interface RowWalk {
  readonly walk: Walk;
  readonly walkObject: WalkObject;
  readonly nodesOf: NodesOf;
}

/** Walks a meta.k8s.io Table: what `kubectl get` prints. */
export function walkTable(how: RowWalk, root: ObjectValue): void {
  const columns = memberOf(root, 'columnDefinitions');
  // Whoever sends an object may call it a Table.
  const nodes = how.nodesOf(root);
  const owner = newOwner(root, nodes);
  for (const { key, value } of root.members) {
    if (key.text !== 'rows' || value.kind !== 'list') how.walk.member(key.text, value, stepKey(nodes, key.text), owner);
    else for (const row of value.items) walkRow(how, row, columns);
  }
}

/**
 * Walks a row: its object, if there is one, and its cells. A cell does not say which field it shows, so where something
 * of the resource is masked, a cell is masked unless it is known to show something else.
 */
export function walkRow({ walk, walkObject, nodesOf }: RowWalk, row: Value, columns: Value | undefined): void {
  const owner = newOwner(row, NOWHERE);
  if (row.kind !== 'object') return walk.at(row, NOWHERE, owner);
  const object = memberOf(row, 'object');
  const nodes = nodesOf(object);
  walk.masked = new Set();
  if (object !== undefined) walkObject(walk, object);
  const cells = new Cells(walk, columns, nodes, memberOf(row, 'cells'));
  for (const { key, value } of row.members) {
    if (value === object) continue;
    if (key.text === 'cells' && value.kind === 'list') {
      for (const [index, cell] of value.items.entries()) cells.walk(cell, index);
    } else walk.member(key.text, value, NOWHERE, owner);
  }
  return undefined;
}

/** Ages as printers write them. */
const AGE = /^(?:(?:[0-9]+[smhdy]){1,3}|<unknown>|<invalid>|<none>)$/u;
const AGES: ReadonlySet<string> = new Set(['Age', 'Created At', 'Last Seen', 'First Seen']);

class Cells {
  readonly #walk: Walk;
  readonly #columns: readonly Value[];
  readonly #nodes: FieldNodes;
  readonly #below: Cause | undefined;
  readonly #isAboutSecret: boolean;

  constructor(walk: Walk, columns: Value | undefined, nodes: FieldNodes, cells: Value | undefined) {
    this.#walk = walk;
    this.#columns = columns?.kind === 'list' ? columns.items : [];
    this.#nodes = nodes;
    this.#below = causeBelow(nodes);
    const at = this.#columns.findIndex((column) => textAt(column, 'name') === 'Object');
    const about = cells?.kind === 'list' ? cells.items[at] : undefined;
    this.#isAboutSecret = about?.kind === 'text' && about.text.startsWith('secret/');
  }

  walk(cell: Value, index: number): void {
    const walk = this.#walk;
    const column = this.#columns[index];
    const name = textAt(column, 'name') ?? '';
    if (cell.kind === 'text' && isHarmless(cell.text, column, name)) {
      walk.identities.push(cell);
      return;
    }
    const cause = this.#causeOf(name);
    const owner = newOwner(cell, NOWHERE);
    if (cause !== undefined) walk.at(cell, NOWHERE, owner, cause);
    else if (this.#below === undefined || cell.kind !== 'text') walk.at(cell, NOWHERE, owner);
    else walk.cells.push({ text: cell, masked: walk.masked, cause: this.#below });
  }

  #causeOf(column: string): Cause | undefined {
    const { target, resource } = this.#walk.plan;
    if (this.#isAboutSecret && column === 'Message' && target === 'Audit' && resource.resource === 'events')
      return EVENT;
    if (this.#below === undefined) return undefined;
    const paths = pathsOfColumn(resource.apiGroup, resource.resource, column);
    if (paths === undefined) return this.#below;
    let cause: Cause | undefined;
    for (const path of paths) cause = stronger(cause, causeAlong(this.#nodes, path));
    return cause;
  }
}

/** Names are in the call's own record; an age is one, whatever is behind it. */
function isHarmless(cell: string, column: Value | undefined, name: string): boolean {
  return textAt(column, 'format') === 'name' || (AGES.has(name) && AGE.test(cell));
}

/** Why a column that shows a field, or something made of it, is masked. */
function causeAlong(root: FieldNodes, path: readonly string[]): Cause | undefined {
  let nodes = root;
  let cause: Cause | undefined;
  for (const key of path) {
    const named = stepKey(nodes, key);
    nodes = [...named, ...stepElement(named)];
    cause = stronger(cause, causeAt(nodes));
  }
  return stronger(cause, causeBelow(nodes));
}
