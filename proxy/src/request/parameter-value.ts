import { firstValue, type Query } from './query.ts';

/**
 * Go's strings.EqualFold compares under Unicode's simple case folding, as the flags `iu` do: `falſe` (U+017F) is false.
 */
const FALSE = /^(?:0|false)$/iu;

/**
 * A boolean as apimachinery converts it (runtime.Convert_Slice_string_To_bool): an absent parameter is false, and of
 * the values only `0` and `false` in any case are. `tty`, `tty=` and `tty=no` are all true.
 */
export function parseBool(value: string | undefined): boolean {
  return value !== undefined && !FALSE.test(value);
}

/** 19 digits that count hold every int64; BigInt never sees more, however long the value is. */
const INTEGER = /^([+-]?)0*([0-9]{1,19})$/;

/** An int64 as strconv.ParseInt(value, 10, 64) reads it; undefined where that is an error. */
export function parseInt64(value: string): bigint | undefined {
  const [, sign, digits] = INTEGER.exec(value) ?? [];
  if (digits === undefined) return undefined;
  const integer = sign === '-' ? -BigInt(digits) : BigInt(digits);
  return BigInt.asIntN(64, integer) === integer ? integer : undefined;
}

/** The first value of a key, as a boolean. */
export function boolParameter(query: Query, key: string): boolean {
  return parseBool(firstValue(query, key));
}
