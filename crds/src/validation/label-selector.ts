import type { LabelSelector, LabelSelectorRequirement } from '../v1alpha1/generated/api.ts';
import { invalid, required, type FieldError } from './field-error.ts';
import { child, entry, item } from './path.ts';

const NAME = /^[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?$/u;
const PREFIX = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/u;

/** Is this a label key by the API server's rules: an optional DNS subdomain and `/`, then a name of at most 63? */
export function isLabelKey(key: string): boolean {
  const slash = key.indexOf('/');
  const prefix = slash === -1 ? undefined : key.slice(0, slash);
  const name = key.slice(slash + 1);
  return (
    name.length <= 63 && NAME.test(name) && (prefix === undefined || (prefix.length <= 253 && PREFIX.test(prefix)))
  );
}

/** What no object can satisfy, and keys that no object can have, would make a rule that never matches. */
export function validateLabelSelector(selector: LabelSelector, path: string): FieldError[] {
  const labels = Object.entries(selector.matchLabels ?? {});
  const expressions = selector.matchExpressions ?? [];
  if (labels.length === 0 && expressions.length === 0) {
    return [
      invalid(path, '{}', 'an empty selector selects everything; add matchLabels or matchExpressions, or remove it'),
    ];
  }
  return [
    ...labels
      .filter(([key]) => !isLabelKey(key))
      .map(([key]) => invalid(entry(child(path, 'matchLabels'), key), key, 'is not a label key, so no object has it')),
    ...expressions.flatMap((expression, index) =>
      validateRequirement(expression, item(child(path, 'matchExpressions'), index)),
    ),
    ...contradictions(selector, path),
  ];
}

function validateRequirement({ key, operator, values }: LabelSelectorRequirement, path: string): FieldError[] {
  const errors: FieldError[] = [];
  if (!isLabelKey(key)) {
    errors.push(invalid(child(path, 'key'), key, 'is not a label key, so no object has it'));
  }
  const hasValues = values !== undefined && values.length > 0;
  switch (operator) {
    case 'In':
    case 'NotIn':
      if (!hasValues) errors.push(required(child(path, 'values'), `${operator} needs at least one value`));
      break;
    case 'Exists':
    case 'DoesNotExist':
      if (hasValues) errors.push(invalid(child(path, 'values'), values.join(','), `${operator} takes no values`));
      break;
  }
  return errors;
}

/** What all requirements on one key leave over. */
interface Possible {
  /** Undefined: any value. */
  values: Set<string> | undefined;
  excluded: Set<string>;
  mustExist: boolean;
  mustNotExist: boolean;
}

function contradictions(selector: LabelSelector, path: string): FieldError[] {
  const keys = new Map<string, Possible>();
  const possible = (key: string): Possible => {
    const known = keys.get(key) ?? { values: undefined, excluded: new Set(), mustExist: false, mustNotExist: false };
    keys.set(key, known);
    return known;
  };
  for (const [key, value] of Object.entries(selector.matchLabels ?? {})) {
    restrict(possible(key), { key, operator: 'In', values: [value] });
  }
  for (const requirement of selector.matchExpressions ?? []) {
    restrict(possible(requirement.key), requirement);
  }
  return [...keys]
    .filter(([, left]) => isImpossible(left))
    .map(([key]) => invalid(path, key, 'what is required of this label contradicts itself, so no object is selected'));
}

function restrict(left: Possible, { operator, values = [] }: LabelSelectorRequirement): void {
  switch (operator) {
    case 'In': {
      const allowed = new Set(values);
      left.mustExist = true;
      left.values = left.values === undefined ? allowed : left.values.intersection(allowed);
      break;
    }
    case 'NotIn':
      for (const value of values) left.excluded.add(value);
      break;
    case 'Exists':
      left.mustExist = true;
      break;
    case 'DoesNotExist':
      left.mustNotExist = true;
      break;
  }
}

function isImpossible({ values, excluded, mustExist, mustNotExist }: Possible): boolean {
  return (mustExist && mustNotExist) || (values !== undefined && values.isSubsetOf(excluded));
}
