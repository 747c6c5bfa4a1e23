/**
 * What of the call still has to be looked up before something can be said for certain; a set of bits.
 */
export type Needs = number;

export const NOTHING: Needs = 0;
export const OBJECT: Needs = 1;
export const OLD_OBJECT: Needs = 2;
export const PARENT_OBJECT: Needs = 4;
export const NAMESPACE_OBJECT: Needs = 8;

/**
 * How something that a rule asks stands. `unknown` cannot be found out for this call: it matches Deny and
 * RequireApproval and does not match Allow. `pending` can be, by looking up what it `needs`.
 */
export interface Truth {
  readonly kind: 'true' | 'false' | 'unknown' | 'pending';
  readonly needs: Needs;
}

export const TRUE: Truth = { kind: 'true', needs: NOTHING };
export const FALSE: Truth = { kind: 'false', needs: NOTHING };
export const UNKNOWN: Truth = { kind: 'unknown', needs: NOTHING };

/** One value for each set of needs, so that judging a call allocates none. */
const PENDING: readonly Truth[] = Array.from({ length: 16 }, (_, needs) => ({ kind: 'pending', needs }));

export const truthOf = (value: boolean): Truth => (value ? TRUE : FALSE);

/** Not to be had yet; unknown where there is nothing to look up. */
export const pending = (needs: Needs): Truth => (needs === NOTHING ? UNKNOWN : (PENDING[needs] ?? UNKNOWN));

/** All must hold. What is unknown settles it for an Allow rule, so it comes before what is pending. */
export function all(truths: readonly Truth[]): Truth {
  return strongest(truths, 'false', TRUE);
}

/** One suffices. What is unknown settles it for a Deny rule, so it comes before what is pending. */
export function any(truths: readonly Truth[]): Truth {
  return strongest(truths, 'true', FALSE);
}

function strongest(truths: readonly Truth[], decisive: 'true' | 'false', otherwise: Truth): Truth {
  let needs = NOTHING;
  let result = otherwise;
  for (const truth of truths) {
    if (truth.kind === decisive) return truth;
    if (truth.kind === 'unknown') result = UNKNOWN;
    needs |= truth.needs;
  }
  return needs === NOTHING || result.kind === 'unknown' ? result : pending(needs);
}
