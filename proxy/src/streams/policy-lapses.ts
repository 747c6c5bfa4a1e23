import type { CompiledBundle } from '../policy/compiled-bundle.ts';

const remembered = new WeakMap<CompiledBundle, readonly number[]>();

/** The first moment after `since` at which a policy of the bundle stops to count; Infinity where none does. */
export function nextLapse(bundle: CompiledBundle, since: number): number {
  return lapsesOf(bundle).find((moment) => moment > since) ?? Infinity;
}

function lapsesOf(bundle: CompiledBundle): readonly number[] {
  const known = remembered.get(bundle);
  if (known !== undefined) return known;
  const moments = new Set(bundle.rules.map(({ policy }) => policy.expiresAt).filter(Number.isFinite));
  const lapses = [...moments].toSorted((left, right) => left - right);
  remembered.set(bundle, lapses);
  return lapses;
}
