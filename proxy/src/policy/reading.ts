import { isRecord } from '@chaperone/crds/client/kubernetes-object';
import { isClusterScoped } from '@chaperone/crds/validation/builtin-resources';
import { parseFieldSelector, requiredFieldValue } from '../request/field-selector.ts';
import { field, labelsFixedBy, labelsOf, nothingKnown, type LabelFacts } from './label-facts.ts';
import { ABSENT, UNKNOWN_OBJECT, type Knowledge, type PolicyAttributes, type PolicyInput } from './policy-input.ts';
import { NAMESPACE_OBJECT, NOTHING, OBJECT, OLD_OBJECT, PARENT_OBJECT, type Needs } from './truth.ts';

/** An object, and what to look up where it is pending. */
export interface Slot {
  readonly knowledge: Knowledge;
  readonly needs: Needs;
}

/** A name that a call is about, as far as it is known. Without needs it cannot be known. */
export type NameFact =
  | { readonly kind: 'known'; readonly name: string }
  | { readonly kind: 'unknown'; readonly needs: Needs };

/** Labels of an object, or what to look up to know them. Without needs they cannot be known. */
export interface LabelSource {
  readonly facts: LabelFacts | undefined;
  readonly needs: Needs;
}

/** Where the object is. `own`: it is a Namespace, which is in itself. `none`: any other cluster-scoped object. */
export type Place = 'namespaced' | 'own' | 'none' | 'unknown';

const COLLECTION_VERBS: ReadonlySet<string> = new Set(['list', 'watch', 'deletecollection']);
const CONNECT_SUBRESOURCES: ReadonlySet<string> = new Set(['exec', 'attach', 'portforward', 'proxy']);
/** What is sent to these is the whole object, so it has the object's own labels. */
const WHOLE_OBJECT_SUBRESOURCES: ReadonlySet<string> = new Set([
  '',
  'status',
  'finalize',
  'approval',
  'ephemeralcontainers',
  'resize',
]);

const UNKNOWN_NAME: NameFact = { kind: 'unknown', needs: NOTHING };
const UNKNOWN_LABELS: LabelSource = { facts: undefined, needs: NOTHING };

/**
 * One way in which a call can be read, with the verb that it is judged by. A PUT or an apply of an object that may or
 * may not exist has two readings; every other call has one.
 */
export class Reading {
  readonly verb: string;
  readonly input: PolicyInput;
  /** The new object. */
  readonly object: Slot;
  readonly oldObject: Slot;
  readonly namespaceObject: Slot;
  readonly place: Place;
  #name: NameFact | undefined;
  #labels: readonly LabelSource[] | undefined;

  constructor(verb: string, input: PolicyInput) {
    this.verb = verb;
    this.input = input;
    const { object, oldObject } = slotsOf(verb, input);
    this.object = object;
    this.oldObject = oldObject;
    this.place = placeOf(verb, input);
    this.namespaceObject = { knowledge: namespaceKnowledge(this.place, input), needs: NAMESPACE_OBJECT };
  }

  /** Whether the call is about any number of objects, whose names and labels nobody knows beforehand. */
  get isCollection(): boolean {
    return this.input.attributes.isResourceRequest && COLLECTION_VERBS.has(this.verb);
  }

  /**
   * Whether the API server has said that what the call is about does not exist, and the call does not make it: it will be
   * answered with 404. There are no labels then that a selector could select.
   */
  get isAboutNothing(): boolean {
    const { attributes, oldObject, parentObject } = this.input;
    if (!attributes.isResourceRequest || this.isCollection) return false;
    if (!isJudgedByOwnLabels(attributes)) return parentObject.kind === 'absent';
    return this.verb !== 'create' && oldObject.kind === 'absent';
  }

  get name(): NameFact {
    this.#name ??= nameOf(this);
    return this.#name;
  }

  get namespace(): NameFact {
    switch (this.place) {
      case 'namespaced':
        return { kind: 'known', name: this.input.attributes.namespace };
      case 'own':
        return this.name;
      case 'none':
        return { kind: 'known', name: '' };
      case 'unknown':
        return UNKNOWN_NAME;
      default:
        return this.place satisfies never;
    }
  }

  /** Of the old object and of the new one, as far as they exist; never empty. */
  get labels(): readonly LabelSource[] {
    this.#labels ??= labelSourcesOf(this);
    return this.#labels;
  }

  /** Of the Namespace that the call is in: for a Namespace object its own labels. */
  get namespaceLabels(): readonly LabelSource[] {
    if (this.place === 'own') return this.labels;
    // A Namespace that the watch has not seen may have been made a moment ago.
    return [labelSource(this.namespaceObject)];
  }
}

/** Every way in which the call can be read, as far as the old object is known; at most two. */
export function readingsOf(input: PolicyInput): readonly Reading[] {
  const { attributes, apply, oldObject } = input;
  const { judgedVerb: verb } = attributes;
  // The API server asks RBAC for `create` too in these cases, subresources included.
  const mayCreate = attributes.isResourceRequest && (verb === 'update' || (verb === 'patch' && apply));
  if (!mayCreate || oldObject.kind === 'known') return [new Reading(verb, input)];
  return oldObject.kind === 'absent'
    ? [new Reading('create', input)]
    : [new Reading(verb, input), new Reading('create', input)];
}

const slot = (knowledge: Knowledge, needs: Needs): Slot => ({ knowledge, needs });
const NO_OBJECT = slot(ABSENT, NOTHING);
const UNKNOWN_SLOT = slot(UNKNOWN_OBJECT, NOTHING);

/** What a verb leaves of the two objects, whatever the caller of the engine passed for them. */
function slotsOf(verb: string, input: PolicyInput): { readonly object: Slot; readonly oldObject: Slot } {
  const { isResourceRequest, subresource } = input.attributes;
  if (!isResourceRequest || COLLECTION_VERBS.has(verb) || CONNECT_SUBRESOURCES.has(subresource))
    return { object: UNKNOWN_SLOT, oldObject: UNKNOWN_SLOT };
  const object = slot(input.object, OBJECT);
  const oldObject = slot(input.oldObject, OLD_OBJECT);
  switch (verb) {
    case 'get':
      // What is read stays as it is. Where it does not exist there is nothing to judge, and none to know.
      return input.oldObject.kind === 'absent'
        ? { object: UNKNOWN_SLOT, oldObject: UNKNOWN_SLOT }
        : { object: oldObject, oldObject };
    case 'delete':
      return { object: NO_OBJECT, oldObject };
    case 'create':
      return { object, oldObject: subresource === '' || isUpdate(input) ? NO_OBJECT : oldObject };
    default:
      return { object, oldObject };
  }
}

const isUpdate = ({ attributes }: PolicyInput): boolean => attributes.judgedVerb !== 'create';

const isNamespaces = ({ apiGroup, resource }: PolicyAttributes): boolean =>
  apiGroup === '' && resource === 'namespaces';

function placeOf(verb: string, input: PolicyInput): Place {
  const { attributes } = input;
  const { isResourceRequest, apiGroup, resource, namespace } = attributes;
  if (!isResourceRequest) return 'none';
  if (isNamespaces(attributes)) return 'own';
  const clusterScoped =
    isClusterScoped(apiGroup, resource) ?? (input.scope === undefined ? undefined : input.scope === 'Cluster');
  // Contradictory; RequestInfo also gives a namespace to `namespaces/NAME` of any other group.
  if (namespace !== '') return clusterScoped === true || resource === 'namespaces' ? 'unknown' : 'namespaced';
  if (clusterScoped !== undefined) return clusterScoped ? 'none' : 'unknown';
  // Only these are served across namespaces; every other call without a namespace is about a cluster-scoped object.
  return COLLECTION_VERBS.has(verb) ? 'unknown' : 'none';
}

function namespaceKnowledge(place: Place, { namespaceObject }: PolicyInput): Knowledge {
  switch (place) {
    case 'none':
      return ABSENT;
    case 'unknown':
      return UNKNOWN_OBJECT;
    case 'namespaced':
    case 'own':
      return namespaceObject;
    default:
      return place satisfies never;
  }
}

function nameOf({ verb, input, object, isCollection }: Reading): NameFact {
  const { attributes } = input;
  if (attributes.name !== '') return { kind: 'known', name: attributes.name };
  if (!attributes.isResourceRequest) return { kind: 'known', name: '' };
  // RequestInfo reads the field selector of list and watch, and forgets that of deletecollection.
  if (isCollection) return nameFact(nameFixedBy(attributes.fieldSelector), NOTHING);
  if (verb !== 'create') return UNKNOWN_NAME;
  const { knowledge, needs } = object;
  if (knowledge.kind === 'pending') return { kind: 'unknown', needs };
  return knowledge.kind === 'known' ? nameFact(givenName(knowledge.value), NOTHING) : UNKNOWN_NAME;
}

const nameFact = (name: string | undefined, needs: Needs): NameFact =>
  name === undefined ? { kind: 'unknown', needs } : { kind: 'known', name };

function nameFixedBy(fieldSelector: string): string | undefined {
  const terms = fieldSelector === '' ? undefined : parseFieldSelector(fieldSelector);
  const name = terms && requiredFieldValue(terms, 'metadata.name');
  return name === '' ? undefined : name;
}

/** A dry run answers with another generated name than the call itself will get. */
function givenName(object: Readonly<Record<string, unknown>>): string | undefined {
  const metadata = field(object, 'metadata');
  if (!isRecord(metadata)) return undefined;
  const name = field(metadata, 'name');
  const generated = (field(metadata, 'generateName') ?? '') !== '';
  return typeof name === 'string' && name !== '' && !generated ? name : undefined;
}

/** Else by those of the object that the subresource belongs to. */
const isJudgedByOwnLabels = ({ subresource }: PolicyAttributes): boolean =>
  !CONNECT_SUBRESOURCES.has(subresource) && WHOLE_OBJECT_SUBRESOURCES.has(subresource);

function labelSourcesOf(reading: Reading): readonly LabelSource[] {
  const { input, object, oldObject, isCollection } = reading;
  const { attributes } = input;
  if (!attributes.isResourceRequest) return [UNKNOWN_LABELS];
  if (isCollection) return [{ facts: labelsFixedBy(attributes.labelSelector), needs: NOTHING }];
  if (!isJudgedByOwnLabels(attributes)) return [labelSource(slot(input.parentObject, PARENT_OBJECT))];
  const existing = [object, oldObject].filter(({ knowledge }) => knowledge.kind !== 'absent');
  if (existing.length === 0) return [UNKNOWN_LABELS];
  return existing.map((one) => {
    const watched = reading.place === 'own' && one === oldObject && one.knowledge.kind !== 'known';
    return watched && input.namespaceObject.kind === 'known'
      ? labelSource(slot(input.namespaceObject, NAMESPACE_OBJECT))
      : labelSource(one);
  });
}

function labelSource({ knowledge, needs }: Slot): LabelSource {
  switch (knowledge.kind) {
    case 'known':
      return { facts: labelsOf(knowledge.value), needs: NOTHING };
    case 'pending':
      return { facts: undefined, needs };
    case 'absent':
    case 'unknown':
      return { facts: nothingKnown, needs: NOTHING };
    default:
      return knowledge satisfies never;
  }
}
