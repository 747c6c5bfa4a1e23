import type { Pattern } from '@chaperone/crds/expression/regex';
import { newAnchorScan } from './anchors.ts';
import type { Detector, DetectorKind } from './detectors/detector.ts';
import { detectorsOf } from './detectors/registry.ts';
import { base64Text } from './encoded-text.ts';
import { type Finding, KNOWN_VALUE, outsidePlaceholders, united } from './findings.ts';
import type { KnownValues } from './known-values.ts';
import { patternSpans } from './pattern-search.ts';

export type { DetectorKind, Finding };

/** Findings in order, which neither overlap nor touch a placeholder. */
export type Finder = (text: string) => readonly Finding[];

export interface NamedPattern {
  /** As it stands in placeholders: the rule's name and the pattern's, `rule/pattern`. */
  readonly name: string;
  readonly pattern: Pattern;
}

export interface FinderOptions {
  /** Detectors of these kinds, beside those of no kind, which are always on. */
  readonly detectors: 'all' | readonly DetectorKind[];
  /** False leaves those of no kind out: what a caller receives changes only by what a rule asks for. */
  readonly alwaysOn?: boolean;
  readonly patterns: readonly NamedPattern[];
  /** Asked anew for each text, so that values may be added between texts. */
  readonly known?: KnownValues;
}

/** Base64 of base64, as the data of a Secret in a Helm release. */
const MAX_LEVELS = 2;

/**
 * Finds secrets in text: in one pass over the anchors of all detectors, by the patterns of rules, and by equality with
 * known values. A text that is base64 as a whole is also searched decoded, and is a finding as a whole if something is
 * found in it. Findings that overlap become one, named after the longest, so that no end of one is left standing.
 */
export function newFinder({ detectors, alwaysOn = true, patterns, known }: FinderOptions): Finder {
  const findBuiltIn = builtInFinderOf(detectors, alwaysOn);
  const findHere = (text: string): readonly Finding[] => {
    const found = findBuiltIn(text);
    for (const { name, pattern } of patterns) {
      for (const span of patternSpans(pattern, text)) found.push({ ...span, name });
    }
    for (const span of known?.find(text) ?? []) found.push({ ...span, name: KNOWN_VALUE });
    return found;
  };
  return (text) => {
    const found = findHere(text);
    const name = nameInside(text, findHere);
    const all = name === undefined ? found : [...found, { start: 0, end: text.length, name }];
    return all.length === 0 ? all : outsidePlaceholders(united(all), text);
  };
}

/** What is found in the text that a text is base64 of. */
function nameInside(text: string, find: Finder): string | undefined {
  let inner = base64Text(text);
  for (let level = 0; level < MAX_LEVELS && inner !== undefined; level += 1) {
    const [first] = outsidePlaceholders(united(find(inner)), inner);
    if (first !== undefined) return first.name;
    inner = base64Text(inner);
  }
  return undefined;
}

/** Made once for each choice of kinds, of which there are few: a finder for each call costs nothing. */
const builtInFinders = new Map<string, (text: string) => Finding[]>();

function builtInFinderOf(kinds: 'all' | readonly DetectorKind[], alwaysOn: boolean): (text: string) => Finding[] {
  const key = `${alwaysOn} ${kinds === 'all' ? 'all' : [...new Set(kinds)].sort().join(' ')}`;
  const made =
    builtInFinders.get(key) ?? builtInFinder(detectorsOf(kinds).filter(({ kind }) => alwaysOn || kind !== undefined));
  builtInFinders.set(key, made);
  return made;
}

/** What these detectors find, in no order; several may find the same. */
export function builtInFinder(detectors: readonly Detector[]): (text: string) => Finding[] {
  const literals = [...new Set(detectors.flatMap(({ anchors }) => anchors))];
  const interested = literals.map((literal) => {
    return [...detectors.entries()].filter(([, { anchors }]) => anchors.includes(literal)).map(([number]) => number);
  });
  const anchorScan = newAnchorScan(literals);
  const shortest = Math.min(...literals.map(({ length }) => length));
  return (text) => {
    const found: Finding[] = [];
    if (text.length < shortest) return found;
    // Where each detector's last finding ends: inside it the detector is not asked again, or a long value made of anchors
    // would be read once for each of them.
    let ends: Int32Array | undefined;
    anchorScan.scan(text, (at, literal) => {
      for (const number of interested[literal] ?? []) {
        const detector = detectors[number];
        if (detector === undefined || (ends?.[number] ?? 0) > at) continue;
        const span = detector.match(text, at);
        if (span === undefined || span.end <= span.start) continue;
        ends ??= new Int32Array(detectors.length);
        ends[number] = span.end;
        found.push({ start: span.start, end: span.end, name: detector.name });
      }
    });
    return found;
  };
}
