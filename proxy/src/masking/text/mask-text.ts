import type { Finder, Finding } from './find.ts';

export interface MaskedText {
  readonly text: string;
  /** How many findings of each name were replaced. */
  readonly counts: ReadonlyMap<string, number>;
}

/** What stands in the place of a value that something of this name found. */
export type Replace = (name: string, value: string) => string;

/** How often a masked text is searched again: what stood in the way of a finding may have been masked. */
const MAX_ROUNDS = 4;

const NOTHING_MASKED: ReadonlyMap<string, number> = new Map();

/**
 * Replaces what is found. What was masked before is never found, and a text is searched again until nothing is: so
 * masking twice is masking once.
 */
export function maskText(text: string, finder: Finder, replace: Replace): MaskedText {
  let masked = text;
  let counts: Map<string, number> | undefined;
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const found = finder(masked);
    if (found.length === 0) break;
    counts ??= new Map();
    countFindings(counts, found);
    masked = withReplacements(masked, found, replace);
  }
  return { text: masked, counts: counts ?? NOTHING_MASKED };
}

/** A text with its findings, which are in order and apart, replaced. */
export function withReplacements(text: string, found: readonly Finding[], replace: Replace): string {
  let result = '';
  let from = 0;
  for (const { start, end, name } of found) {
    result += text.slice(from, start) + replace(name, text.slice(start, end));
    from = end;
  }
  return result + text.slice(from);
}

export function countFindings(counts: Map<string, number>, found: readonly Finding[]): void {
  for (const { name } of found) counts.set(name, (counts.get(name) ?? 0) + 1);
}

/** Adds counts up. */
export function addCounts(counts: Map<string, number>, more: ReadonlyMap<string, number>): void {
  for (const [name, count] of more) counts.set(name, (counts.get(name) ?? 0) + count);
}
