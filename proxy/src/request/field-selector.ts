/** One requirement of a field selector. */
export interface FieldTerm {
  readonly field: string;
  readonly operator: '=' | '!=';
  readonly value: string;
}

/**
 * A field selector as apimachinery's fields.ParseSelector reads it: terms joined by commas, in the order of their
 * bytes, `\` before `\`, `,` and `=` in values. Undefined where it is an error.
 */
export function parseFieldSelector(selector: string): readonly FieldTerm[] | undefined {
  const terms: FieldTerm[] = [];
  for (const text of splitTerms(selector).toSorted(compareBytes)) {
    if (text === '') continue;
    const term = parseTerm(text);
    if (term === undefined) return undefined;
    // The identity transformation drops a term without a field and without a value.
    if (term.field !== '' || term.value !== '') terms.push(term);
  }
  return terms;
}

/** The value that a selector demands of a field; of several, the first in the order of the terms' bytes. */
export function requiredFieldValue(terms: readonly FieldTerm[], field: string): string | undefined {
  return terms.find((term) => term.operator === '=' && term.field === field)?.value;
}

function splitTerms(selector: string): string[] {
  if (!selector.includes('\\')) return selector.split(',');
  const terms: string[] = [];
  let start = 0;
  for (let at = 0; at < selector.length; at++) {
    if (selector[at] === '\\') at++;
    else if (selector[at] === ',') {
      terms.push(selector.slice(start, at));
      start = at + 1;
    }
  }
  return [...terms, selector.slice(start)];
}

/** The first of `!=`, `==`, `=` splits a term; a `!` that no `=` follows belongs to the field. */
const OPERATOR = /!=|==|=/;

function parseTerm(text: string): FieldTerm | undefined {
  const found = OPERATOR.exec(text);
  if (found === null) return undefined;
  const value = unescapeValue(text.slice(found.index + found[0].length));
  if (value === undefined) return undefined;
  return { field: text.slice(0, found.index), operator: found[0] === '!=' ? '!=' : '=', value };
}

const VALUE = /^(?:[^\\,=]|\\[\\,=])*$/;

function unescapeValue(text: string): string | undefined {
  if (!VALUE.test(text)) return undefined;
  return text.includes('\\') ? text.replace(/\\(.)/g, '$1') : text;
}

/** Go orders strings by their UTF-8 bytes; JavaScript by UTF-16 units, which differs beyond U+FFFF. */
function compareBytes(left: string, right: string): number {
  const length = Math.min(left.length, right.length);
  for (let at = 0; at < length; at++) {
    const difference = byteRank(left.charCodeAt(at)) - byteRank(right.charCodeAt(at));
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}

/** Surrogates stand for what comes after all other units. */
const byteRank = (unit: number): number => (unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit);
