/** What a label selector demands of one key. Values are sorted and distinct, as the API server keeps them. */
export interface LabelRequirement {
  readonly key: string;
  readonly operator: LabelOperator;
  readonly values: readonly string[];
}

export type LabelOperator = '=' | '==' | '!=' | 'in' | 'notin' | '>' | '<' | 'exists' | '!';

/**
 * A label selector as apimachinery's labels.Parse reads it; undefined where it is an error.
 *
 * Requirements are in the order given (Go sorts them by key; all must hold, so the order says nothing).
 */
export function parseLabelSelector(selector: string): readonly LabelRequirement[] | undefined {
  const tokens = new Tokens(selector);
  const requirements: LabelRequirement[] = [];
  if (tokens.atEnd()) return requirements;
  for (;;) {
    const requirement = parseRequirement(tokens);
    if (requirement === undefined || !isValid(requirement)) return undefined;
    requirements.push(requirement);
    if (tokens.atEnd()) return requirements;
    // A comma must be followed by another requirement: parseRequirement finds out.
    if (tokens.next() !== ',') return undefined;
  }
}

/** A word (key, value, `in`, `notin`) starts with none of the characters that make the other tokens. */
const TOKEN = /[ \t\r\n]*(==|!=|[=!<>(),]|[^ \t\r\n=!<>(),]+)/y;
const WORD = /^[^=!<>(),]/;

class Tokens {
  readonly #tokens: string[] = [];
  #position = 0;

  constructor(selector: string) {
    TOKEN.lastIndex = 0;
    for (let found = TOKEN.exec(selector); found !== null; found = TOKEN.exec(selector))
      this.#tokens.push(found[1] ?? '');
  }

  atEnd(): boolean {
    return this.#position >= this.#tokens.length;
  }

  peek(): string | undefined {
    return this.#tokens[this.#position];
  }

  /** Undefined at the end, and so is every further token. */
  next(): string | undefined {
    return this.#tokens[this.#position++];
  }

  nextWord(): string | undefined {
    const token = this.next();
    return token !== undefined && WORD.test(token) ? token : undefined;
  }
}

function parseRequirement(tokens: Tokens): LabelRequirement | undefined {
  const negated = tokens.peek() === '!';
  if (negated) tokens.next();
  const key = tokens.nextWord();
  if (key === undefined) return undefined;
  if (negated) return { key, operator: '!', values: [] };
  if (tokens.atEnd() || tokens.peek() === ',') return { key, operator: 'exists', values: [] };
  return parseRestriction(key, tokens);
}

function parseRestriction(key: string, tokens: Tokens): LabelRequirement | undefined {
  const operator = tokens.next();
  switch (operator) {
    case 'in':
    case 'notin': {
      const values = parseValueSet(tokens);
      return values === undefined ? undefined : { key, operator, values };
    }
    case '=':
    case '==':
    case '!=':
    case '<':
    case '>': {
      const value = parseExactValue(tokens);
      return value === undefined ? undefined : { key, operator, values: [value] };
    }
    case undefined:
    default:
      return undefined;
  }
}

/** Nothing before a comma or the end is the empty value. */
function parseExactValue(tokens: Tokens): string | undefined {
  return tokens.atEnd() || tokens.peek() === ',' ? '' : tokens.nextWord();
}

/** `(a,b)`; `()`, `(,a)` and `(a,)` hold the empty value. */
function parseValueSet(tokens: Tokens): string[] | undefined {
  if (tokens.next() !== '(') return undefined;
  const values = new Set<string>();
  for (;;) {
    const token = tokens.peek();
    if (token === ',' || token === ')') values.add('');
    else {
      const value = tokens.nextWord();
      if (value === undefined) return undefined;
      values.add(value);
    }
    const separator = tokens.next();
    if (separator === ')') return [...values].toSorted();
    if (separator !== ',') return undefined;
  }
}

const NAME = /^(?:[A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/;
const DNS_SUBDOMAIN = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/;
const NAME_LENGTH = 63;
const DNS_SUBDOMAIN_LENGTH = 253;
const INT64 = /^[0-9]+$/;

function isValid({ key, operator, values }: LabelRequirement): boolean {
  if (!isLabelKey(key) || !values.every(isLabelValue)) return false;
  if (operator !== '<' && operator !== '>') return true;
  return values.every((value) => INT64.test(value) && BigInt.asIntN(64, BigInt(value)) === BigInt(value));
}

function isLabelKey(key: string): boolean {
  const slash = key.indexOf('/');
  const name = key.slice(slash + 1);
  if (name.length > NAME_LENGTH || !NAME.test(name)) return false;
  const prefix = key.slice(0, Math.max(slash, 0));
  return slash < 0 || (prefix.length <= DNS_SUBDOMAIN_LENGTH && DNS_SUBDOMAIN.test(prefix));
}

const isLabelValue = (value: string): boolean => value === '' || (value.length <= NAME_LENGTH && NAME.test(value));
