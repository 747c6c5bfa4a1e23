/** What a plain scalar means, as JSON; undefined: a text. */
export interface PlainMeaning {
  readonly kind: 'number' | 'boolean' | 'null';
  readonly text: string;
  readonly isFloat?: true;
}

const WORDS = new Map<string, PlainMeaning>();
for (const [text, words] of [
  ['true', 'y Y yes Yes YES true True TRUE on On ON'],
  ['false', 'n N no No NO false False FALSE off Off OFF'],
] as const) {
  for (const word of words.split(' ')) WORDS.set(word, { kind: 'boolean', text });
}
for (const word of ['', '~', 'null', 'Null', 'NULL']) WORDS.set(word, { kind: 'null', text: 'null' });

const INFINITE = /^[-+]?\.(?:inf|Inf|INF)$|^\.(?:nan|NaN|NAN)$/;
const TIMESTAMP_BEGINNING = /^[0-9]{4}-/;
const SIGNED = /^([-+]?)(.*)$/;
const INTEGER: readonly (readonly [RegExp, string])[] = [
  [/^0[xX]([0-9A-Fa-f]+)$/, '0x'],
  [/^0[oO]?([0-7]+)$/, '0o'],
  [/^0[bB]([01]+)$/, '0b'],
  [/^(0|[1-9][0-9]*)$/, ''],
];
const FLOAT = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/;

const SMALLEST = -(2n ** 63n);
const LARGEST = 2n ** 64n - 1n;

/**
 * Resolves a scalar without quotes as an API server does: sigs.k8s.io/yaml on go-yaml v2, which is YAML 1.1 (`yes` is a
 * boolean, 0777 is octal, 1_000 has an underscore) without base 60 and with 0o777. 'unsayable' is what has no JSON:
 * infinities, NaN, and a fraction with underscores, of which go-yaml makes what nobody else does.
 */
export function plainMeaning(text: string): PlainMeaning | 'unsayable' | undefined {
  const word = WORDS.get(text);
  if (word !== undefined) return word;
  if (INFINITE.test(text)) return 'unsayable';
  const first = text.charAt(0);
  if (first === '.') {
    if (/^\.[0-9].*_/.test(text)) return 'unsayable';
    return FLOAT.test(text) ? float(text) : undefined;
  }
  if (!/[-+0-9]/.test(first) || TIMESTAMP_BEGINNING.test(text)) return undefined;
  const digits = text.replaceAll('_', '');
  return integer(digits) ?? (FLOAT.test(digits) ? float(digits) : undefined);
}

function integer(text: string): PlainMeaning | undefined {
  const [, sign = '', magnitude = ''] = SIGNED.exec(text) ?? [];
  for (const [pattern, prefix] of INTEGER) {
    const [, digits] = pattern.exec(magnitude) ?? [];
    if (digits === undefined) continue;
    const unsigned = BigInt(prefix + digits);
    const value = sign === '-' ? -unsigned : unsigned;
    // go-yaml reads unsigned integers without a sign only; larger ones become floats or texts, as floats can say them.
    if (value < SMALLEST || value > LARGEST || (sign !== '' && value >= 2n ** 63n)) return undefined;
    return { kind: 'number', text: String(value) };
  }
  return undefined;
}

/** Undefined where it is beyond a float of 64 bits: a text then. */
function float(text: string): PlainMeaning | undefined {
  const value = Number(text);
  if (!Number.isFinite(value)) return undefined;
  return { kind: 'number', text: Object.is(value, -0) ? '-0' : String(value), isFloat: true };
}
