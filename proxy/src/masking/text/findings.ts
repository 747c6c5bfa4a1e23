import type { Span } from './detectors/detector.ts';
import { placeholderRanges } from './placeholder.ts';

/** A secret in a text, by UTF-16 offsets, and what found it: a detector, a pattern of a rule, or KNOWN_VALUE. */
export interface Finding extends Span {
  readonly name: string;
}

/** What findings of values that were seen before are called. */
export const KNOWN_VALUE = 'known-value';

/** Overlapping findings as one, with the name of the longest; of equally long ones the more telling name. */
export function united(found: readonly Finding[]): readonly Finding[] {
  const sorted = found.toSorted((a, b) => a.start - b.start || b.end - a.end || rank(a) - rank(b));
  const result: Finding[] = [];
  let longest = 0;
  for (const finding of sorted) {
    const previous = result.at(-1);
    const length = finding.end - finding.start;
    if (previous === undefined || finding.start >= previous.end) {
      result.push(finding);
      longest = length;
      continue;
    }
    const name = length > longest ? finding.name : previous.name;
    longest = Math.max(longest, length);
    result[result.length - 1] = { start: previous.start, end: Math.max(previous.end, finding.end), name };
  }
  return result;
}

/** `credential` only knows the name in front. */
function rank({ name }: Finding): number {
  return name === 'credential' || name === KNOWN_VALUE ? 1 : 0;
}

/** What is left of findings without placeholders: masking what is masked would lose the name of what hid it. */
export function outsidePlaceholders(found: readonly Finding[], text: string): readonly Finding[] {
  const ranges = found.length === 0 ? [] : placeholderRanges(text);
  if (ranges.length === 0) return found;
  const result: Finding[] = [];
  let next = 0;
  for (const { start, end, name } of found) {
    let from = start;
    while (next < ranges.length && (ranges[next]?.end ?? 0) <= start) next += 1;
    for (let index = next; index < ranges.length; index += 1) {
      const range = ranges[index];
      if (range === undefined || range.start >= end) break;
      if (range.start > from) result.push({ start: from, end: range.start, name });
      from = Math.max(from, range.end);
    }
    if (from < end) result.push({ start: from, end, name });
  }
  return result;
}
