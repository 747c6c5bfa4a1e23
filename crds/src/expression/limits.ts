/**
 * Bounds of one expression. They are refused at compile time, so that a policy author reads the message; the budget
 * bounds what an accepted expression may do with a caller's data.
 */

/** Characters of one expression. */
export const MAX_EXPRESSION_LENGTH = 4096;

/** Nodes of the syntax tree after macros are expanded; `all` and its kin add about ten each. */
export const MAX_NODES = 2000;

/** Depth of the syntax tree after macros are expanded. Planning and evaluating recurse this deep. */
export const MAX_DEPTH = 200;

/** Comprehensions inside each other's bodies. Each one multiplies the work by the size of a caller's list. */
export const MAX_COMPREHENSION_NESTING = 3;

/** Characters of one regular expression, in expressions and in MaskingRules. */
export const MAX_PATTERN_LENGTH = 1024;

/** Instructions of one compiled regular expression; `(a|b){1000}` is short to write and long to run. */
export const MAX_PATTERN_PROGRAM = 5000;

/**
 * Work of one evaluation, in steps. A step is about one visited node, one list element, or 64 characters of text; the
 * slowest steps measured take about a microsecond.
 */
export const EVALUATION_BUDGET = 100_000;
