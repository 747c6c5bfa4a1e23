import type { Pattern } from '@chaperone/crds/expression/regex';
import type { Span } from './detectors/detector.ts';

/** Longer texts are searched in windows of this size: all matches in one text may take time quadratic in its length. */
export const PATTERN_WINDOW = 8 * 1024;
/** What two windows share, so that a match of up to this length is found wherever it stands. */
export const PATTERN_OVERLAP = 1024;
/** What all matches in a window may cost, in times the window's length; the rest of the window is then masked unread. */
const WORK_PER_CHARACTER = 96;

/** Where a pattern of a rule matches. Empty matches are left out: there is nothing to mask. */
export function patternSpans(pattern: Pattern, text: string): readonly Span[] {
  const spans: Span[] = [];
  for (let from = 0; from < text.length; from += PATTERN_WINDOW - PATTERN_OVERLAP) {
    const window = text.slice(from, from + PATTERN_WINDOW);
    if (pattern.test(window)) addSpans(pattern, window, from, spans);
    if (from + PATTERN_WINDOW >= text.length) break;
  }
  return spans;
}

function addSpans(pattern: Pattern, window: string, from: number, spans: Span[]): void {
  let work = window.length * WORK_PER_CHARACTER;
  for (const { start, end } of pattern.matches(window)) {
    if (end > start) spans.push({ start: from + start, end: from + end });
    work -= window.length - start;
    if (work < 0) {
      spans.push({ start: from + end, end: from + window.length });
      return;
    }
  }
}
