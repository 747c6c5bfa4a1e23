import { EVERYBODY, type ComparedRule } from './compared-rule.ts';
import type { Thing } from './rule-relations.ts';

/**
 * Finds rules by subject, by what they are about, by namespace, name, labels and conditions, so that of thousands of rules
 * only those that have something in common are compared. Each answer holds all rules that are asked for and some others:
 * lists, each in the order of rules.
 */
export interface RulePostings {
  readonly size: number;
  /** Among these are all rules that cover `rule`. */
  coverersOf(rule: ComparedRule): RuleLists;
  /** Among these are all rules whose scope covers that of `rule` and that share a subject with it. */
  reachingInto(rule: ComparedRule): RuleLists;
  /** Among these are all rules that share a subject and a namespace with `rule`. */
  meeting(rule: ComparedRule): RuleLists;
  /** Among these are all rules that reach the thing. */
  about(thing: Thing): RuleLists;
  /** Among these are all rules that cover scope and subjects, each of the one or of the other rule. */
  guarding(one: ComparedRule, other: ComparedRule): RuleLists;
}

export type RuleLists = readonly (readonly ComparedRule[])[];

/** A rule with more keys than this in one dimension stands in a list that every question gets. */
const MAX_KEYS = 128;
/** Of a rule without a restriction. No namespace or name is empty. */
const ANY = '';

interface Dimension {
  readonly lists: Map<string, ComparedRule[]>;
  readonly wide: ComparedRule[];
}

export function newRulePostings(rules: readonly ComparedRule[]): RulePostings {
  const subjects = newDimension(rules, ({ subjects: keys }) => keys);
  const things = newDimension(rules, thingKeys);
  const namespaces = newDimension(rules, ({ namespaces: keys }) => keys ?? [ANY]);
  const names = newDimension(rules, ({ names: keys }) => keys ?? [ANY]);
  // One of several is enough: who covers a rule has no condition that the rule has not.
  const conditions = newDimension(rules, (rule) => [firstOf(rule.conditions)]);
  const selectors = newDimension(rules, (rule) => [selectorKey(rule.namespaceSelector, rule.objectSelector)]);

  type Query = () => RuleLists;
  const scopeQueries = (rule: ComparedRule): readonly Query[] => [
    () => look(namespaces, [firstOf(rule.namespaces), ANY]),
    () => look(names, [firstOf(rule.names), ANY]),
    () => look(conditions, [...rule.conditions, ANY]),
    () => look(selectors, selectorKeys(rule)),
  ];
  const sharing = (rule: ComparedRule): readonly Query[] =>
    rule.subjects.has(EVERYBODY) ? [] : [() => look(subjects, [...rule.subjects, EVERYBODY])];

  const namespaceQueries = ({ namespaces: keys }: ComparedRule): readonly Query[] =>
    keys === undefined ? [] : [() => look(namespaces, [...keys, ANY])];

  return {
    size: rules.length,
    coverersOf: (rule) =>
      shortest([
        () => look(subjects, [firstOf(rule.subjects), EVERYBODY]),
        ...scopeQueries(rule),
        () => look(things, firstThingKeys(rule)),
      ]),
    reachingInto: (rule) => shortest([...sharing(rule), ...scopeQueries(rule)]),
    meeting: (rule) => shortest([...sharing(rule), ...namespaceQueries(rule), () => [rules]]),
    about: (thing) => (isPattern(thing) ? [rules] : look(things, coveringKeys(thing))),
    guarding: (one, other) =>
      shortest([
        () => look(subjects, [firstOf(one.subjects), firstOf(other.subjects), EVERYBODY]),
        () => look(namespaces, [firstOf(one.namespaces), firstOf(other.namespaces), ANY]),
        () => look(names, [firstOf(one.names), firstOf(other.names), ANY]),
        () => look(conditions, [...one.conditions, ...other.conditions, ANY]),
      ]),
  };
}

/** Canonical JSON of the one holds no blank outside of quotes, so no two pairs share a key that are not alike. */
const selectorKey = (namespaceSelector: string, objectSelector: string): string =>
  `${namespaceSelector} ${objectSelector}`;

const selectorKeys = ({ namespaceSelector, objectSelector }: ComparedRule): readonly string[] => [
  selectorKey('', ''),
  selectorKey(namespaceSelector, ''),
  selectorKey('', objectSelector),
  selectorKey(namespaceSelector, objectSelector),
];

function newDimension(rules: readonly ComparedRule[], keysOf: (rule: ComparedRule) => Iterable<string>): Dimension {
  const lists = new Map<string, ComparedRule[]>();
  const wide: ComparedRule[] = [];
  for (const rule of rules) {
    const keys = [...keysOf(rule)];
    if (keys.length > MAX_KEYS) {
      wide.push(rule);
      continue;
    }
    for (const key of keys) {
      const list = lists.get(key);
      if (list === undefined) lists.set(key, [rule]);
      else list.push(rule);
    }
  }
  return { lists, wide };
}

function look({ lists, wide }: Dimension, keys: readonly string[]): RuleLists {
  const found: (readonly ComparedRule[])[] = wide.length === 0 ? [] : [wide];
  for (const [index, key] of keys.entries()) {
    const list = lists.get(key);
    if (list !== undefined && keys.indexOf(key) === index) {
      found.push(list);
    }
  }
  return found;
}

export const lengthOf = (lists: RuleLists): number => lists.reduce((sum, list) => sum + list.length, 0);

/** So few that looking for fewer takes longer. */
const FEW = 8;

function shortest(queries: readonly (() => RuleLists)[]): RuleLists {
  let best: RuleLists | undefined;
  let length = Infinity;
  for (const query of queries) {
    const answer = query();
    const size = lengthOf(answer);
    if (best === undefined || size < length) {
      best = answer;
      length = size;
    }
    if (length <= FEW) {
      break;
    }
  }
  return best ?? [];
}

function firstOf(keys: ReadonlySet<string> | undefined): string {
  const [first = ANY] = keys ?? [];
  return first;
}

/** Neither a group nor a resource can hold a blank, and no group begins with a slash. */
const thingKey = (group: string, resource: string): string => `${group} ${resource}`;

function thingKeys({ apiGroups, resources, urls }: ComparedRule): Set<string> {
  const keys = new Set(urls.map(urlKey));
  for (const group of apiGroups) {
    for (const resource of resources) {
      if (keys.size > MAX_KEYS) {
        return keys;
      }
      keys.add(thingKey(group, resource));
    }
  }
  return keys;
}

function firstThingKeys({ apiGroups, resources, urls }: ComparedRule): readonly string[] {
  const [url] = urls;
  if (url !== undefined) {
    return [urlKey(url), ANY_URL];
  }
  const [group = ''] = apiGroups;
  const [resource = ''] = resources;
  return coveringKeys({ group, resource });
}

const isPattern = ({ group, resource }: Thing): boolean => group === '*' || resource.startsWith('*');

/** The keys of all patterns that stand for the thing. */
function coveringKeys({ group, resource }: Thing): readonly string[] {
  const slash = resource.indexOf('/');
  const patterns = slash < 0 ? [resource, '*'] : [resource, `*${resource.slice(slash)}`, '*'];
  return patterns.flatMap((pattern) => [thingKey(group, pattern), thingKey('*', pattern)]);
}

const ANY_URL = '/ *';

/** Paths are found by their first segment, if that is written out. */
function urlKey(url: string): string {
  const segment = url.split('/')[1] ?? '';
  return url === '*' || segment.endsWith('*') ? ANY_URL : `/ ${segment}`;
}
