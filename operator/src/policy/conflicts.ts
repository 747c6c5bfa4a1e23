import type { BundlePolicy } from '@chaperone/crds/bundle/bundle';
import { comparedRules, verbSet, type ComparedRule } from './compared-rule.ts';
import type { Conflict } from './conflict-report.ts';
import { evasionsOf, type Evasion } from './evasions.ts';
import {
  isBlanketDeny,
  reaches,
  resourceMeet,
  scopeCovers,
  scopesMeet,
  shadows,
  subjectsCover,
  subjectsOverlap,
  thingName,
  urlCovers,
  type Thing,
} from './rule-relations.ts';
import { lengthOf, newRulePostings, type RuleLists, type RulePostings } from './rule-postings.ts';

/** What was found, under the name of each policy that should look at it. */
export interface Conflicts {
  readonly byPolicy: ReadonlyMap<string, readonly Conflict[]>;
  /** False where the rules have so much in common that comparing them was given up: more may be wrong than was found. */
  readonly complete: boolean;
}

/** Comparisons of two rules; about five seconds' worth. A thousand ordinary policies take a hundredth of them. */
const MAX_COMPARISONS = 30_000_000;
/** Rules that are named for one rule and one reason. */
const MAX_NAMED = 3;
/** Things that are named of two rules. */
const MAX_THINGS = 6;
/** Calls of which it is remembered which rules reach them. */
const MAX_MEMO = 512;

/**
 * Compares all rules of all policies that say anything at `now` (milliseconds since the epoch).
 *
 * - **Shadowed**: one other rule of the same or a stronger action matches whenever this one does, for as long as it stands.
 *   Several rules that cover it only together are not found.
 * - **Contradictory**: an Allow rule names a verb and a resource, and a Deny rule of another policy with a subject in common
 *   denies just that wherever the Allow rule holds. Told under both policies. What an Allow rule has only by a wildcard may
 *   be denied, as may part of what it allows: that is how rules are layered. So is a Deny of everything (a kill switch), or
 *   one that ends sooner.
 * - **Evadable**: a Deny or RequireApproval rule guards a call, and an Allow rule allows another of the same effect
 *   (`evasions.ts`) to a common subject in a common namespace, which no rule guards.
 *
 * Policies in DryRun can be shadowed and are never a reason. Subjects are compared as they are written; only
 * `system:authenticated` is known to have the others as members.
 *
 * A generator, so that the caller can let other work run between the steps.
 */
export function* findConflicts(
  policies: readonly BundlePolicy[],
  now: number,
  maxComparisons: number = MAX_COMPARISONS,
): Generator<undefined, Conflicts, undefined> {
  const rules = comparedRules(policies, now);
  const of = (action: ComparedRule['action']): RulePostings =>
    newRulePostings(rules.filter((rule) => rule.action === action));
  const search: Search = {
    deny: of('Deny'),
    hold: of('RequireApproval'),
    allow: of('Allow'),
    memos: new Map(),
    comparisons: 0,
    found: new Map(),
  };
  yield undefined;
  for (const rule of rules) {
    if (search.comparisons > maxComparisons) {
      break;
    }
    findShadow(search, rule, findContradictions(search, rule));
    findEvasions(search, rule);
    yield undefined;
  }
  return { byPolicy: search.found, complete: search.comparisons <= maxComparisons };
}

interface Search {
  readonly deny: RulePostings;
  readonly hold: RulePostings;
  readonly allow: RulePostings;
  /** By index and call: the rules that reach it. */
  readonly memos: Map<RulePostings, Map<string, readonly ComparedRule[]>>;
  comparisons: number;
  readonly found: Map<string, Conflict[]>;
}

function report({ found }: Search, policy: string, conflict: Conflict): void {
  const before = found.get(policy);
  if (before === undefined) {
    found.set(policy, [conflict]);
  } else {
    before.push(conflict);
  }
}

/** The first rule, in the order of the bundle, that is as wanted: whichever lists it is found in, it is the same one. */
function first(search: Search, lists: RuleLists, isWanted: (rule: ComparedRule) => boolean): ComparedRule | undefined {
  let best: ComparedRule | undefined;
  for (const list of lists) {
    for (const rule of list) {
      if (best !== undefined && rule.position >= best.position) {
        break;
      }
      search.comparisons += 1;
      if (isWanted(rule)) {
        best = rule;
        break;
      }
    }
  }
  return best;
}

/** All rules that are as wanted, once each and in order. */
function all(search: Search, lists: RuleLists, isWanted: (rule: ComparedRule) => boolean): readonly ComparedRule[] {
  search.comparisons += lengthOf(lists);
  const found = lists.flatMap((list) => list.filter(isWanted));
  return lists.length <= 1 ? found : [...new Set(found)].toSorted((left, right) => left.position - right.position);
}

function findShadow(search: Search, rule: ComparedRule, contradicting: ReadonlySet<ComparedRule>): void {
  const indices = {
    Deny: [search.deny],
    RequireApproval: [search.deny, search.hold],
    Allow: [search.deny, search.hold, search.allow],
  }[rule.action];
  for (const index of indices) {
    const by = first(search, index.coverersOf(rule), (other) => shadows(other, rule));
    if (by !== undefined) {
      if (!contradicting.has(by)) {
        report(search, rule.name.policy, { reason: 'Shadowed', rule: rule.name, by: by.name, about: '' });
      }
      return;
    }
  }
}

/** Reports what contradicts an Allow rule, and returns the rules that do. */
function findContradictions(search: Search, allow: ComparedRule): ReadonlySet<ComparedRule> {
  if (allow.action !== 'Allow' || !allow.enforced || search.deny.size === 0) {
    return new Set();
  }
  const contradicts = (deny: ComparedRule): boolean =>
    deny.enforced &&
    deny.name.policy !== allow.name.policy &&
    (deny.verbs & allow.verbs) !== 0 &&
    deny.expiresAt >= allow.expiresAt &&
    scopeCovers(deny, allow) &&
    subjectsOverlap(deny, allow) &&
    !isBlanketDeny(deny);
  const contradicting = new Set<ComparedRule>();
  for (const deny of all(search, search.deny.reachingInto(allow), contradicts)) {
    const about = deniedThings(deny, allow);
    if (about.length > 0) {
      contradicting.add(deny);
      const conflict = { reason: 'Contradictory', rule: allow.name, by: deny.name, about: about.join(', ') } as const;
      report(search, allow.name.policy, conflict);
      report(search, deny.name.policy, conflict);
    }
    if (contradicting.size === MAX_NAMED) {
      break;
    }
  }
  return contradicting;
}

/** What an Allow rule names with verb and resource, or path, and a Deny rule denies. */
function deniedThings(deny: ComparedRule, allow: ComparedRule): readonly string[] {
  const verbs = allow.rule.verbs.filter((verb) => verb !== '*' && (deny.verbs & verbSet([verb])) !== 0);
  const things = thingsNamed(allow).flatMap((thing) =>
    verbs.filter((verb) => reaches(deny, verbSet([verb]), thing)).map((verb) => `${verb} of ${thingName(thing)}`),
  );
  const urls = allow.urls
    .filter((url) => deny.urls.some((other) => other !== '*' && urlCovers(other, url)))
    .flatMap((url) => verbs.map((verb) => `${verb} of ${url}`));
  return [...things, ...urls].slice(0, MAX_THINGS);
}

function note(found: Map<ComparedRule, Set<string>>, rule: ComparedRule, about: string): void {
  const things = found.get(rule) ?? new Set();
  found.set(rule, things);
  if (things.size < MAX_THINGS) {
    things.add(about);
  }
}

function thingsNamed({ apiGroups, resources }: ComparedRule): readonly Thing[] {
  return [...apiGroups]
    .filter((group) => group !== '*')
    .flatMap((group) =>
      [...resources].filter((resource) => !resource.startsWith('*')).map((resource) => ({ group, resource })),
    );
}

function findEvasions(search: Search, guard: ComparedRule): void {
  if (guard.action === 'Allow' || !guard.enforced || search.allow.size === 0) {
    return;
  }
  const isPossible = (allow: ComparedRule): boolean =>
    allow.enforced && scopesMeet(guard, allow, false) && subjectsOverlap(guard, allow);
  let near: RuleLists | undefined;
  const ways = new Map<ComparedRule, Set<string>>();
  for (const evasion of evasionsOf(guard)) {
    const allowing = reachers(search, search.allow, evasion);
    if (allowing.length === 0) {
      continue;
    }
    const open = (allow: ComparedRule): Thing | undefined => openThing(search, { guard, allow, evasion });
    near ??= search.allow.meeting(guard);
    const lists = allowing.length < lengthOf(near) ? [allowing] : near;
    const by = first(search, lists, (allow) => isPossible(allow) && open(allow) !== undefined);
    const thing = by === undefined ? undefined : open(by);
    if (by !== undefined && thing !== undefined) {
      note(ways, by, `${evasion.verb} of ${thingName(thing)}`);
    }
  }
  for (const [allow, about] of [...ways].slice(0, MAX_NAMED)) {
    report(search, guard.name.policy, {
      reason: 'Evadable',
      rule: guard.name,
      by: allow.name,
      about: [...about].join(', '),
    });
  }
}

/** The enforced rules of an index that reach a call, or for a pattern may reach a part of it. Few calls are asked for, often. */
function reachers(search: Search, index: RulePostings, call: Pick<Evasion, 'verb' | 'thing'>): readonly ComparedRule[] {
  const { verb, thing } = call;
  const memo = search.memos.get(index) ?? new Map<string, readonly ComparedRule[]>();
  search.memos.set(index, memo);
  const key = `${verb} ${thing.group} ${thing.resource}`;
  const known = memo.get(key);
  if (known !== undefined) {
    return known;
  }
  const verbs = verbSet([verb]);
  const isPattern = thing.group === '*' || thing.resource.startsWith('*');
  const found = all(
    search,
    index.about(thing),
    (rule) => rule.enforced && (rule.verbs & verbs) !== 0 && (isPattern || reaches(rule, verbs, thing)),
  );
  if (memo.size >= MAX_MEMO) {
    memo.clear();
  }
  memo.set(key, found);
  return found;
}

interface Attempt {
  readonly guard: ComparedRule;
  readonly allow: ComparedRule;
  readonly evasion: Evasion;
}

/** What of the evasion's thing the rule allows while no rule guards it; undefined where there is no such thing. */
function openThing(search: Search, attempt: Attempt): Thing | undefined {
  const { guard, allow, evasion } = attempt;
  const verb = verbSet([evasion.verb]);
  if ((allow.verbs & verb) === 0 || !scopesMeet(guard, allow, evasion.sameName)) {
    return undefined;
  }
  if (reaches(allow, verb, evasion.thing)) {
    return isGuarded(search, attempt, evasion.thing) ? undefined : evasion.thing;
  }
  // The guard is about a pattern, and the rule may allow a part of what that stands for.
  for (const group of allow.apiGroups) {
    for (const resource of allow.resources) {
      const thing = meetOf(evasion.thing, { group, resource });
      if (thing !== undefined && reaches(allow, verb, thing) && !isGuarded(search, attempt, thing)) {
        return thing;
      }
    }
  }
  return undefined;
}

function meetOf(one: Thing, other: Thing): Thing | undefined {
  const group = resourceMeet(one.group, other.group);
  const resource = resourceMeet(one.resource, other.resource);
  return group === undefined || resource === undefined ? undefined : { group, resource };
}

/** Does a Deny or RequireApproval rule match the evasion wherever and by whomever it could be used against the guard? */
function isGuarded(search: Search, { guard, allow, evasion }: Attempt, thing: Thing): boolean {
  const guards = (other: ComparedRule): boolean =>
    (scopeCovers(other, allow) || scopeCovers(other, guard)) &&
    (subjectsCover(other, allow) || subjectsCover(other, guard));
  const { verb } = evasion;
  const verbs = verbSet([verb]);
  return [search.deny, search.hold].some((index) => {
    const reaching = reachers(search, index, { verb, thing });
    if (reaching.length === 0) {
      return false;
    }
    const near = index.guarding(allow, guard);
    return lengthOf(near) < reaching.length
      ? first(search, near, (other) => other.enforced && reaches(other, verbs, thing) && guards(other)) !== undefined
      : first(search, [reaching], (other) => reaches(other, verbs, thing) && guards(other)) !== undefined;
  });
}
