/** Something in a string literal that CEL does not allow, and where it starts in the source. */
export interface EscapeProblem {
  readonly message: string;
  readonly offset: number;
}

/** CEL's escapes after the backslash; `\u` of a surrogate and what is above U+10FFFF are told apart below. */
const ESCAPE = /^(?:[abfnrtv\\?"'`]|[xX][0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-3][0-7]{2})/u;

/**
 * Finds escapes that CEL refuses and the parser lets through as two characters: `'\8'`, `'\400'`, `'\d'`. A policy
 * author who forgets to double a backslash would otherwise get a pattern that the API server never accepts.
 */
export function findInvalidEscape(source: string): EscapeProblem | undefined {
  for (const literal of source.matchAll(LITERALS)) {
    const { prefix = '', body = '' } = literal.groups ?? {};
    if (literal.groups?.['comment'] !== undefined || /r/iu.test(prefix)) continue;
    const start = literal.index + prefix.length;
    for (let at = body.indexOf('\\'); at >= 0; at = body.indexOf('\\', at + 2)) {
      const rest = body.slice(at + 1, at + 10);
      if (!ESCAPE.test(rest) || !isCharacter(rest)) {
        return {
          message: `\\${rest.slice(0, 1)} is not an escape; write \\\\ for a backslash, or r'...'`,
          offset: start + at,
        };
      }
    }
  }
  return undefined;
}

/** Comments and string literals; the body keeps its quotes, which are no escapes. */
const LITERALS =
  /(?<comment>\/\/[^\n]*)|(?<prefix>\b[rRbB]{1,2})?(?<body>"""(?:[^\\]|\\[^])*?"""|'''(?:[^\\]|\\[^])*?'''|"(?:[^"\\\n]|\\[^])*"|'(?:[^'\\\n]|\\[^])*')/gu;

function isCharacter(escape: string): boolean {
  if (!/^[uU]/u.test(escape)) return true;
  const code = Number.parseInt(escape.slice(1, escape.startsWith('u') ? 5 : 9), 16);
  return code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);
}
