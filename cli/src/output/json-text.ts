import { visible } from './visible.ts';

const STRING = /"(?:[^"\\]|\\.)*"/y;
const SCALAR = /[^\s,:[\]{}"]+/y;
const INDENT = '    ';
/** A body may be a million lists in each other: it would be indented to terabytes. */
const DEEPEST = 40;

/**
 * JSON text with line breaks and indentation, as kubectl prints it. Not parsed and written again: numbers beyond 2^53 and
 * the order of keys stay as they were hashed. What a terminal would obey is escaped, which is the same value in JSON.
 */
export function indentJson(text: string, level = 0): string {
  const parts: string[] = [];
  let depth = level;
  let at = 0;
  const line = (): void => void parts.push('\n', INDENT.repeat(Math.min(Math.max(depth, 0), DEEPEST)));
  while (at < text.length) {
    const character = text[at] ?? '';
    if (character === '{' || character === '[') {
      const close = character === '{' ? '}' : ']';
      if (text[at + 1] === close) {
        parts.push(character, close);
        at += 2;
        continue;
      }
      parts.push(character);
      depth += 1;
      line();
    } else if (character === '}' || character === ']') {
      depth -= 1;
      line();
      parts.push(character);
    } else if (character === ',') {
      parts.push(character);
      line();
    } else if (character === ':') parts.push(': ');
    else {
      const token = tokenAt(text, at);
      parts.push(visible(token));
      at += Math.max(1, token.length);
      continue;
    }
    at += 1;
  }
  return parts.join('');
}

function tokenAt(text: string, at: number): string {
  const pattern = text[at] === '"' ? STRING : SCALAR;
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0] ?? '';
}
