import { isDeepStrictEqual } from 'node:util';
import type { ShippedAdmission } from './shipped.ts';

/** A live object, as far as it is compared; undefined where there is none. */
export interface LiveAdmission {
  readonly metadata: { readonly uid: string; readonly generation?: number };
  readonly spec?: unknown;
}

export interface Comparison {
  /** `kind/name` of those that are not there, and of those whose spec is another. */
  readonly missing: readonly string[];
  readonly changed: readonly string[];
  /**
   * Which objects these are (a uid is never used again) and how often their specs were written. Where it is the same at two moments, none of them
   * was touched in between: a spec cannot change without its generation.
   */
  readonly fingerprint: string;
}

/**
 * Compares specs whole. Whatever is added may weaken them as well as what is taken away (a matchCondition, a
 * namespaceSelector, another validationAction), so nothing but equality will do; the shipped files have every default
 * of the API server written out for that.
 */
export function compareAdmission(
  shipped: readonly ShippedAdmission[],
  live: (one: ShippedAdmission) => LiveAdmission | undefined,
): Comparison {
  const pairs = shipped.map((one) => ({ one, name: `${one.kind}/${one.name}`, found: live(one) }));
  return {
    missing: pairs.filter(({ found }) => found === undefined).map(({ name }) => name),
    changed: pairs
      .filter(({ one, found }) => found !== undefined && !isDeepStrictEqual(plain(found.spec), plain(one.spec)))
      .map(({ name }) => name),
    fingerprint: pairs
      .map(({ name, found }) => `${name}=${found?.metadata.uid ?? ''}:${found?.metadata.generation ?? ''}`)
      .join(' '),
  };
}

/** The form that JSON gives it, whatever prototypes a parser left. */
const plain = (value: unknown): unknown => (value === undefined ? undefined : JSON.parse(JSON.stringify(value)));
