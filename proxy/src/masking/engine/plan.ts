import type { BodyDocument } from '../document.ts';
import type { Finder } from '../text/find.ts';
import type { KnownValues } from '../text/known-values.ts';
import type { KindTrees } from './always-on.ts';
import type { FieldNode } from './field-node.ts';
import type { Fingerprint, Target } from './mask-leaf.ts';

/** What is masked in the bodies of calls about one resource, for one target: compiled once for a set of rules. */
export interface Plan {
  readonly target: Target;
  readonly resource: ResourceFacts;
  /** By the kind that an object says, or its resource implies. */
  readonly kinds: KindTrees;
  /**
   * The fields of rules for an object in a namespace. Undefined is an object that does not say one: no rule can be left
   * out. No tree where no rule has fields.
   */
  fieldsIn(namespace: string | undefined): FieldNode | undefined;
  readonly texts: TextPlan;
  readonly fingerprint: Fingerprint;
  /** Reads JSON that stands in a text. Throws UndecodableBody. */
  readonly parse: (text: string) => BodyDocument;
}

export interface ResourceFacts {
  readonly apiGroup: string;
  readonly resource: string;
  readonly subresource: string;
}

/** How free text is searched. */
export interface TextPlan {
  /** Finds what detectors and rules find, and known values beside. */
  finder(known: KnownValues | undefined): Finder;
  /** What stands in the place of a finding. */
  readonly replace: (name: string, value: string) => string;
  /** Keys that are shorter hold no finding, known values apart. */
  readonly minKeyLength: number;
  /** Whether there is anything to look for beside known values. */
  readonly searches: boolean;
}
