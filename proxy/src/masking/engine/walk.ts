import { UndecodableBody, type BodyDocument, type ObjectValue, type TextValue, type Value } from '../document.ts';
import { LAST_APPLIED } from './always-on.ts';
import type { CallValues } from './call-values.ts';
import { COMPRESSED, SECRET, stronger, type Cause } from './cause.ts';
import { isContainer, kindOf, type LeafValue } from './document-reading.ts';
import { looksCompressed, looksLikeObject, looksLikeSecretManifest } from './embedded.ts';
import {
  causeAt,
  causeBelow,
  causeOfShape,
  isBytes,
  NOWHERE,
  stepElement,
  stepKey,
  type FieldNodes,
} from './field-node.ts';
import { learnRelease } from './helm-release.ts';
import { decodedText, maskLeaf } from './mask-leaf.ts';
import { newOwner, type Owner } from './owner.ts';
import type { Plan } from './plan.ts';

interface Place {
  readonly value: Exclude<Value, LeafValue>;
  readonly nodes: FieldNodes;
  readonly cause: Cause | undefined;
  readonly owner: Owner;
}

/** JSON in a text, masked as the object that it is. */
export interface EmbeddedDocument {
  readonly text: TextValue;
  readonly document: BodyDocument;
  readonly walk: Walk;
}

export interface Cell {
  readonly text: TextValue;
  readonly masked: ReadonlySet<string>;
  readonly cause: Cause;
}

export interface Message {
  readonly text: TextValue;
  readonly cause: Cause | undefined;
}

/** Copies of objects in annotations of objects in annotations: nobody means that. */
const MAX_EMBEDDING = 3;

/** Of metadata, what stays readable however a known value reads: else nobody could tell what a record is about. */
const IDENTITY: ReadonlySet<string> = new Set(['name', 'namespace', 'generateName', 'uid', 'resourceVersion']);

/** Directives of a strategic merge patch that hold values of the field after the slash. */
const DIRECTIVE = /^\$(?:setElementOrder|deleteFromPrimitiveList)\//u;

/**
 * One walk over a document. It masks what stands at masked places at once and gathers all other texts, which are
 * searched afterwards: only then are all of the values known that must not occur in them. It does not recurse, as a body
 * may be nested as deep as the API server takes it.
 */
export class Walk {
  readonly edits = new Map<LeafValue, string>();
  readonly counts = new Map<string, number>();
  /** Texts in which findings are replaced. */
  readonly texts: TextValue[] = [];
  /** Texts of base64: what they stand for is searched. */
  readonly encodedTexts: TextValue[] = [];
  /** Texts that say what an object is: not searched for known values. */
  readonly identities: TextValue[] = [];
  /** Objects, of which the keys are searched. */
  readonly objects: ObjectValue[] = [];
  readonly embedded: EmbeddedDocument[] = [];
  /** Cells of Tables, which may show a value that was masked in their row. */
  readonly cells: Cell[] = [];
  /** Messages about objects of which something is masked, and why. */
  readonly messages: Message[] = [];
  /** What was masked, letter for letter; in a Table of the row alone. */
  masked = new Set<string>();
  readonly plan: Plan;
  readonly values: CallValues;
  readonly #depth: number;
  readonly #pending: Place[] = [];

  constructor(plan: Plan, values: CallValues, depth = 0) {
    this.plan = plan;
    this.values = values;
    this.#depth = depth;
  }

  /** Walks an object, whole or in part, which may say its kind or not. */
  object(value: Value, owner: Owner): void {
    const typed = this.#typed(value, owner.nodes, owner);
    this.at(value, typed.nodes, typed);
  }

  /** Walks a value at a place in an object; with a cause all of it is masked. */
  at(value: Value, nodes: FieldNodes, owner: Owner, cause?: Cause): void {
    this.#visit(value, nodes, cause, owner);
    this.#drain();
  }

  /** Walks the value of a key, of whose object nothing else is there. */
  member(key: string, value: Value, nodes: FieldNodes, owner: Owner): void {
    this.#member(key, value, nodes, owner);
    this.#drain();
  }

  /** Masks a leaf whole. */
  mask(leaf: LeafValue, cause: Cause, nodes: FieldNodes = NOWHERE): void {
    // A null holds nothing, and in a merge patch it says that a value goes away.
    if (leaf.kind === 'null') return;
    const { target, fingerprint } = this.plan;
    const bytes = isBytes(nodes) || (leaf.kind === 'text' && leaf.bytes);
    const replacement = maskLeaf(leaf, { cause, target, bytes }, fingerprint);
    this.count(cause.name, 1);
    if (leaf.kind === 'text' && replacement === leaf.text) return;
    this.edits.set(leaf, replacement);
    this.masked.add(leaf.text);
    const decoded = bytes ? decodedText(leaf.text) : undefined;
    if (decoded !== undefined) this.masked.add(decoded);
    this.values.add(decoded ?? leaf.text, cause);
    if (target === 'Audit' && leaf.kind === 'text' && looksCompressed(leaf.text)) learnRelease(leaf.text, this);
  }

  count(name: string, found: number): void {
    this.counts.set(name, (this.counts.get(name) ?? 0) + found);
  }

  #drain(): void {
    for (let place = this.#pending.pop(); place !== undefined; place = this.#pending.pop()) {
      if (place.value.kind === 'object') this.#members(place.value, place);
      else this.#elements(place.value.items, place);
    }
  }

  #visit(value: Value, nodes: FieldNodes, inherited: Cause | undefined, owner: Owner): void {
    const cause = nodes.length === 0 ? inherited : causeOf(value, nodes, inherited);
    if (isContainer(value)) this.#pending.push({ value, nodes, cause, owner });
    else if (cause !== undefined) this.mask(value, cause, nodes);
    else if (value.kind === 'text') this.#free(value, nodes, owner);
  }

  #elements(items: readonly Value[], { nodes, cause, owner }: Place): void {
    const next = nodes.length === 0 ? NOWHERE : stepElement(nodes);
    for (const item of items) this.#visit(item, next, cause, owner);
  }

  #members(object: ObjectValue, place: Place): void {
    this.objects.push(object);
    const { cause } = place;
    // Under a cause the kind is masked, too: it would be another the next time.
    const isSettled = cause !== undefined || place.owner.object === object;
    const owner = isSettled ? place.owner : this.#typed(object, place.nodes, place.owner);
    const nodes = owner === place.owner ? place.nodes : owner.nodes;
    const isOwner = owner.object === object;
    const isMetadata = owner.metadata === object;
    for (const { key, value } of object.members) {
      if (cause !== undefined) this.#visit(value, stepKey(nodes, key.text), cause, owner);
      else if (value.kind === 'text' && isIdentity(key.text, isOwner, isMetadata)) this.identities.push(value);
      else this.#member(key.text, value, stepField(nodes, key.text), owner);
    }
  }

  #member(key: string, value: Value, nodes: FieldNodes, owner: Owner): void {
    if (key === LAST_APPLIED && value.kind === 'text') this.#lastApplied(value, nodes, owner);
    else this.#visit(value, nodes, undefined, owner);
  }

  /** The owner that an object is by its own word, or the one that it stands in. */
  #typed(value: Value, nodes: FieldNodes, owner: Owner): Owner {
    const kind = value.kind === 'object' ? kindOf(value) : undefined;
    const tree = kind === undefined ? undefined : this.plan.kinds.ofKind(kind);
    if (tree === undefined || nodes.includes(tree)) return owner;
    return newOwner(value, [...nodes, tree]);
  }

  #lastApplied(text: TextValue, nodes: FieldNodes, owner: Owner): void {
    const cause = causeAt(nodes);
    if (cause !== undefined) return this.mask(text, cause, nodes);
    if (this.#embed(text, owner)) return undefined;
    // A copy that cannot be read of an object that holds something to be masked.
    const below = causeBelow(owner.nodes);
    return below === undefined ? this.#free(text, nodes, owner) : this.mask(text, below, nodes);
  }

  #free(text: TextValue, nodes: FieldNodes, owner: Owner): void {
    const { target, texts } = this.plan;
    if (text.bytes || isBytes(nodes)) return this.#freeBytes(text, nodes);
    if (target === 'Audit' && looksCompressed(text.text)) return this.mask(text, COMPRESSED);
    if (looksLikeObject(text.text) && this.#embed(text, owner)) return undefined;
    if (target === 'Audit' && looksLikeSecretManifest(text.text)) return this.mask(text, SECRET);
    if (texts.searches || target === 'Audit') this.texts.push(text);
    return undefined;
  }

  #freeBytes(text: TextValue, nodes: FieldNodes): void {
    if (this.plan.target === 'Audit') {
      if (looksCompressed(text.text)) return this.mask(text, COMPRESSED, nodes);
      const decoded = decodedText(text.text);
      if (decoded !== undefined && looksLikeSecretManifest(decoded)) return this.mask(text, SECRET, nodes);
    }
    this.encodedTexts.push(text);
    return undefined;
  }

  /** Walks the JSON object in a text; false where there is none. */
  #embed(text: TextValue, owner: Owner): boolean {
    if (this.#depth >= MAX_EMBEDDING) return false;
    const document = parsed(text.text, this.plan);
    if (document?.root.kind !== 'object' && document?.root.kind !== 'list') return false;
    const walk = new Walk(this.plan, this.values, this.#depth + 1);
    walk.masked = this.masked;
    const objects = document.root.kind === 'list' ? document.root.items : [document.root];
    for (const object of objects) walk.object(object, newOwner(object, owner.nodes));
    this.embedded.push({ text, document, walk });
    return true;
  }
}

function stepField(nodes: FieldNodes, key: string): FieldNodes {
  if (nodes.length === 0) return NOWHERE;
  return stepKey(nodes, key.startsWith('$') ? key.replace(DIRECTIVE, '') : key);
}

function causeOf(value: Value, nodes: FieldNodes, inherited: Cause | undefined): Cause | undefined {
  const shape = isContainer(value) ? value.kind : 'leaf';
  return stronger(stronger(inherited, causeAt(nodes)), causeOfShape(nodes, shape));
}

function isIdentity(key: string, isOwner: boolean, isMetadata: boolean): boolean {
  if (isOwner) return key === 'apiVersion' || key === 'kind';
  return isMetadata && IDENTITY.has(key);
}

function parsed(text: string, plan: Plan): BodyDocument | undefined {
  try {
    return plan.parse(text);
  } catch (error) {
    if (error instanceof UndecodableBody) return undefined;
    throw error;
  }
}
