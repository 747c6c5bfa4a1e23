/**
 * Whether an expression reads a claim by name. For `used` a mention inside a string literal counts too: it may be
 * `claims['email']`, and the worst is a check too many. For `checked` only a selection outside of literals and comments
 * counts.
 *
 * Kubernetes asks the syntax tree, and only for selections (`hasSelectExp`).
 */
export function readsClaim(source: string, name: string, mode: 'used' | 'checked'): boolean {
  const text = mode === 'used' ? source : withoutLiterals(source);
  const selection = new RegExp(String.raw`\bclaims\s*\.\s*${name}(?![A-Za-z0-9_])`, 'u');
  if (selection.test(text)) return true;
  return mode === 'used' && new RegExp(String.raw`\bclaims\s*\[\s*[rR]?["']+${name}["']`, 'u').test(text);
}

/** Comments and string literals of CEL: those of three quotes, raw ones, plain ones. */
const LITERAL =
  /\/\/[^\n]*|[rR]?(?:"""[\s\S]*?"""|'''[\s\S]*?''')|[rR](?:"[^"\n]*"|'[^'\n]*')|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'/gu;

function withoutLiterals(source: string): string {
  return source.replaceAll(LITERAL, '""');
}
