/** The engines that validation asks; the ones of `expression/` fit. They are parameters so that this folder has no engine. */

/** Parses and type-checks a CEL expression of a policy. Never throws. */
export type ExpressionCompiler = (source: string) =>
  | { readonly kind: 'compiled' }
  | {
      readonly kind: 'invalid';
      readonly findings: readonly { readonly message: string; readonly line: number; readonly column: number }[];
    };

/** Compiles a regular expression in RE2 syntax. Never throws. */
export type RegexCompiler = (
  source: string,
) =>
  | { readonly kind: 'pattern'; readonly pattern: { test(text: string): boolean } }
  | { readonly kind: 'invalid'; readonly message: string };
