import { DETECTORS } from '../text/detectors/registry.ts';
import { newFinder, type DetectorKind, type Finder, type NamedPattern } from '../text/find.ts';
import { KNOWN_VALUE } from '../text/findings.ts';
import type { KnownValues } from '../text/known-values.ts';
import { redacted } from '../text/placeholder.ts';
import { stronger, type Cause } from './cause.ts';
import type { CompiledRule } from './compile-masking.ts';
import type { Fingerprint, Target } from './mask-leaf.ts';
import type { TextPlan } from './plan.ts';

/** No detector finds anything in shorter keys. */
const MIN_KEY_LENGTH = 16;

const KINDS: ReadonlyMap<string, DetectorKind | undefined> = new Map(DETECTORS.map(({ name, kind }) => [name, kind]));

const FINDS_NOTHING: Finder = () => [];

/** How free text is searched for some rules: in records by all detectors, in answers by what the rules name. */
export function newTextPlan(target: Target, rules: readonly CompiledRule[], fingerprint: Fingerprint): TextPlan {
  const patterns: NamedPattern[] = rules.flatMap((rule) => rule.patterns);
  const kinds = [...new Set(rules.flatMap((rule) => rule.detectors))];
  const detectors = target === 'Audit' ? 'all' : kinds;
  const searches = target === 'Audit' || patterns.length > 0 || kinds.length > 0;
  const causes = causesOf(rules);
  const base = searches ? newFinder({ detectors, patterns }) : FINDS_NOTHING;
  // A call's values are asked for in many documents: every event of a watch is one.
  const finders = new WeakMap<KnownValues, Finder>();
  const withKnown = (known: KnownValues): Finder => {
    const made = finders.get(known) ?? (searches ? newFinder({ detectors, patterns, known }) : knownFinder(known));
    finders.set(known, made);
    return made;
  };
  return {
    finder: (known) => (known === undefined ? base : withKnown(known)),
    replace: (name, value) => {
      const cause = causes.get(name) ?? causes.get(KINDS.get(name) ?? '');
      return cause?.replacement === 'Fingerprint' ? fingerprint(name, value) : redacted(name);
    },
    minKeyLength: patterns.length > 0 ? 0 : MIN_KEY_LENGTH,
    searches,
  };
}

/** What no rule names is redacted; so is what one rule redacts and another would fingerprint. */
function causesOf(rules: readonly CompiledRule[]): ReadonlyMap<string, Cause> {
  const causes = new Map<string, Cause>();
  for (const { cause, patterns, detectors } of rules) {
    for (const name of [...patterns.map((pattern) => pattern.name), ...detectors]) {
      causes.set(name, stronger(causes.get(name), cause) ?? cause);
    }
  }
  return causes;
}

const knownFinder =
  (known: KnownValues): Finder =>
  (text) =>
    known.find(text).map((span) => ({ ...span, name: KNOWN_VALUE }));
