import { RE2JS } from 're2js';
import { MAX_PATTERN_LENGTH, MAX_PATTERN_PROGRAM } from './limits.ts';

/** A half-open range of UTF-16 indices. */
export interface TextRange {
  readonly start: number;
  readonly end: number;
}

/** A compiled RE2 pattern: no look-around, no back references, time linear in the text. */
export interface Pattern {
  readonly source: string;
  /** Instructions of the compiled program: time per character grows with it. */
  readonly size: number;
  readonly groupNames: readonly string[];
  /** Whether the pattern matches anywhere in the text, as CEL's `matches` does. */
  test(text: string): boolean;
  /**
   * Matches from left to right that do not overlap. With `group`, the range of that named group; matches in which the
   * group took no part are left out. Each step is linear in the text that is left, so all of them together may be
   * quadratic (`x.*y|x` on a row of x): a caller with untrusted text bounds how many it takes.
   */
  matches(text: string, group?: string): Generator<TextRange, void, void>;
}

export type PatternResult =
  | { readonly kind: 'pattern'; readonly pattern: Pattern }
  | { readonly kind: 'invalid'; readonly message: string };

/**
 * Compiles a pattern of a policy or of a MaskingRule. Never throws: what RE2 refuses, and what is longer or larger
 * than the bounds, is answered with a message for the author.
 */
export function compileRegex(source: string): PatternResult {
  if (source.length > MAX_PATTERN_LENGTH) {
    return { kind: 'invalid', message: `must be at most ${MAX_PATTERN_LENGTH} characters long` };
  }
  let program: RE2JS;
  try {
    program = RE2JS.compile(source);
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    return { kind: 'invalid', message: `not a valid RE2 pattern: ${detail.replace(/^error parsing regexp: /u, '')}` };
  }
  const size = program.programSize();
  if (size > MAX_PATTERN_PROGRAM) {
    return {
      kind: 'invalid',
      message: `compiles to ${size} instructions, more than ${MAX_PATTERN_PROGRAM}: repeat less`,
    };
  }
  return { kind: 'pattern', pattern: newPattern(source, program, size) };
}

function newPattern(source: string, program: RE2JS, size: number): Pattern {
  return {
    source,
    size,
    groupNames: Object.keys(program.namedGroups()),
    test: (text) => program.test(text),
    *matches(text, group) {
      const matcher = program.matcher(text);
      let previous = -1;
      while (matcher.find()) {
        // Go reports no empty match where the one before it ended; RE2JS does.
        const isRepeated = matcher.end() === matcher.start() && matcher.start() === previous;
        previous = matcher.end();
        const start = matcher.start(group ?? 0);
        if (start >= 0 && !isRepeated) yield { start, end: matcher.end(group ?? 0) };
      }
    },
  };
}

/**
 * Patterns by source, for as long as some compiled expression holds them: a literal pattern is compiled once with its
 * expression, and a policy that goes away takes its patterns along.
 */
export class PatternTable {
  readonly #patterns = new Map<string, WeakRef<Pattern>>();
  readonly #registry = new FinalizationRegistry<string>((source) => {
    if (this.#patterns.get(source)?.deref() === undefined) this.#patterns.delete(source);
  });

  /** Compiles a literal pattern; the caller keeps the result for as long as it may be looked up. */
  intern(source: string): PatternResult {
    const known = this.known(source);
    if (known !== undefined) return { kind: 'pattern', pattern: known };
    const result = compileRegex(source);
    if (result.kind === 'pattern') {
      this.#patterns.set(source, new WeakRef(result.pattern));
      this.#registry.register(result.pattern, source);
    }
    return result;
  }

  known(source: string): Pattern | undefined {
    return this.#patterns.get(source)?.deref();
  }

  /** A pattern that is only known at evaluation is compiled for that call, so that a caller's data never fills memory. */
  find(source: string): PatternResult {
    const known = this.known(source);
    return known === undefined ? compileRegex(source) : { kind: 'pattern', pattern: known };
  }
}
