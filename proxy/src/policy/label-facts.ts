import type { LabelSelector } from '@chaperone/crds/v1alpha1/generated/api';
import { isRecord } from '@chaperone/crds/client/kubernetes-object';
import type { JsonMapping } from '@chaperone/crds/expression/value';
import { parseLabelSelector } from '../request/label-selector.ts';
import { all, FALSE, TRUE, truthOf, UNKNOWN, type Truth } from './truth.ts';

/** What is known of one label: that it is not there, or that its value is among these. Undefined: nothing. */
type LabelFact = { readonly kind: 'absent' } | { readonly kind: 'oneOf'; readonly values: ReadonlySet<string> };

/** What is known of the labels of an object, or of every object that a call is about. */
export type LabelFacts = (key: string) => LabelFact | undefined;

interface Requirement {
  readonly key: string;
  readonly operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist';
  readonly values: ReadonlySet<string>;
}

export type CompiledSelector = readonly Requirement[];

export function compileSelector({ matchLabels = {}, matchExpressions = [] }: LabelSelector): CompiledSelector {
  return [
    ...Object.entries(matchLabels).map(([key, value]) => ({ key, operator: 'In' as const, values: new Set([value]) })),
    ...matchExpressions.map(({ key, operator, values = [] }) => ({ key, operator, values: new Set(values) })),
  ];
}

/** Does a selector select what has these labels? Unknown where the facts do not tell. */
export function selects(selector: CompiledSelector, facts: LabelFacts): Truth {
  return all(selector.map((requirement) => holds(requirement, facts(requirement.key))));
}

function holds({ operator, values }: Requirement, fact: LabelFact | undefined): Truth {
  if (fact === undefined) return UNKNOWN;
  const there = fact.kind === 'oneOf';
  switch (operator) {
    case 'Exists':
      return truthOf(there);
    case 'DoesNotExist':
      return truthOf(!there);
    case 'In':
      return there ? among(fact.values, values) : FALSE;
    case 'NotIn':
      // As in Kubernetes, a label that is not there is not among any values.
      return there ? negated(among(fact.values, values)) : TRUE;
    default:
      return operator satisfies never;
  }
}

function among(possible: ReadonlySet<string>, values: ReadonlySet<string>): Truth {
  if (possible.isSubsetOf(values)) return TRUE;
  return possible.isDisjointFrom(values) ? FALSE : UNKNOWN;
}

function negated(truth: Truth): Truth {
  if (truth.kind === 'unknown') return truth;
  return truthOf(truth.kind === 'false');
}

const ABSENT_LABEL: LabelFact = { kind: 'absent' };

/** The labels of one object. What is no label map of Kubernetes' making tells nothing. */
export function labelsOf(object: JsonMapping): LabelFacts {
  const metadata = field(object, 'metadata');
  if (!isRecord(metadata)) return nothingKnown;
  const labels = field(metadata, 'labels') ?? {};
  if (!isRecord(labels)) return nothingKnown;
  return (key) => {
    const value = field(labels, key);
    if (value === undefined) return ABSENT_LABEL;
    return typeof value === 'string' ? { kind: 'oneOf', values: new Set([value]) } : undefined;
  };
}

export const nothingKnown: LabelFacts = () => undefined;

/** Own fields alone: `constructor` and `__proto__` may be keys like any other. */
export const field = (object: Readonly<Record<string, unknown>>, key: string): unknown =>
  Object.hasOwn(object, key) ? object[key] : undefined;

/**
 * What the label selector of a list, watch or deletecollection fixes: every object that it is about has these labels.
 * Only what demands a value fixes one (`=`, `==`, `in`). Nothing where the selector does not parse, or demands what
 * contradicts itself: the API server refuses the one and returns nothing for the other, and neither is ours to predict.
 */
export function labelsFixedBy(labelSelector: string): LabelFacts {
  const requirements = labelSelector === '' ? [] : (parseLabelSelector(labelSelector) ?? []);
  const fixed = new Map<string, ReadonlySet<string>>();
  for (const { key, operator, values } of requirements) {
    if (operator !== '=' && operator !== '==' && operator !== 'in') continue;
    const demanded = new Set(values);
    fixed.set(key, fixed.get(key)?.intersection(demanded) ?? demanded);
  }
  if ([...fixed.values()].some(({ size }) => size === 0)) return nothingKnown;
  return (key) => {
    const values = fixed.get(key);
    return values === undefined ? undefined : { kind: 'oneOf', values };
  };
}
