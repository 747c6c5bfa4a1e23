import type { BundleMaskingRule, BundlePolicy, CompiledObject } from '@chaperone/crds/bundle/bundle';
import { entryText } from '@chaperone/crds/bundle/encode';
import type { FieldError } from '@chaperone/crds/validation/field-error';
import type { Candidate } from './compile-cache.ts';

/**
 * What was decided about the present generation of one object. `inForce` is the earlier generation that stays in the
 * bundle in its place; absent where none was ever accepted.
 */
export type Verdict =
  | { readonly kind: 'accepted'; readonly generation: number }
  | {
      readonly kind: 'refused';
      readonly generation: number;
      readonly findings: readonly FieldError[];
      readonly inForce: number | undefined;
    }
  | {
      readonly kind: 'tooLarge';
      readonly generation: number;
      /** Bytes of this object, and what all may take. */
      readonly bytes: number;
      readonly limit: number;
      readonly inForce: number | undefined;
    };

/** The entries of a bundle by the uid of their objects. */
export interface EntriesByUid {
  readonly policies: ReadonlyMap<string, BundlePolicy>;
  readonly maskingRules: ReadonlyMap<string, BundleMaskingRule>;
}

export interface AcceptedSetInput {
  readonly policies: readonly Candidate<BundlePolicy>[];
  readonly maskingRules: readonly Candidate<BundleMaskingRule>[];
  /** What is in force now: where a last accepted generation comes from. */
  readonly inForce: EntriesByUid;
  /** Bytes of canonical JSON that all entries together may take. */
  readonly maxBytes: number;
}

/** What the next bundle holds, and what is to be said of each object. */
export interface AcceptedSet {
  readonly policies: readonly BundlePolicy[];
  readonly maskingRules: readonly BundleMaskingRule[];
  readonly verdicts: ReadonlyMap<string, Verdict>;
  /** Bytes of canonical JSON of all entries. */
  readonly bytes: number;
}

/**
 * Decides which generation of each object the next bundle holds: the present one where it compiles and there is room,
 * else the one that is in force. Objects that are gone leave no entry, also where an object of the same name came since.
 *
 * Room is given first to what is in force, then to changes in the order of their arrival: so a rule set that outgrows
 * its bound never pushes out a rule that somebody relies on.
 */
export function chooseAcceptedSet({ policies, maskingRules, inForce, maxBytes }: AcceptedSetInput): AcceptedSet {
  const slots: Slot[] = [
    ...policies.map((candidate) => newSlot(candidate, inForce.policies.get(candidate.uid))),
    ...maskingRules.map((candidate) => newSlot(candidate, inForce.maskingRules.get(candidate.uid))),
  ];
  let bytes = slots.reduce((sum, slot) => sum + sizeOf(slot.inForce), 0);
  const verdicts = new Map<string, Verdict>();
  const chosen = new Set<string>();
  // What shrinks comes first: it makes room for the rest.
  const byGrowth = slots.toSorted(
    (left, right) =>
      Number(growthOf(left) > 0) - Number(growthOf(right) > 0) || left.candidate.arrival - right.candidate.arrival,
  );
  for (const slot of byGrowth) {
    const { candidate } = slot;
    const { generation, uid } = candidate;
    const earlier = slot.inForce?.generation;
    if (candidate.result.kind === 'refused') {
      verdicts.set(uid, { kind: 'refused', generation, findings: candidate.result.findings, inForce: earlier });
    } else if (growthOf(slot) > 0 && bytes + growthOf(slot) > maxBytes) {
      const size = sizeOf(candidate.result.entry);
      verdicts.set(uid, { kind: 'tooLarge', generation, bytes: size, limit: maxBytes, inForce: earlier });
    } else {
      bytes += growthOf(slot);
      verdicts.set(uid, { kind: 'accepted', generation });
      chosen.add(uid);
    }
  }
  return {
    policies: entriesOf(policies, inForce.policies, chosen),
    maskingRules: entriesOf(maskingRules, inForce.maskingRules, chosen),
    verdicts,
    bytes,
  };
}

interface Slot {
  readonly candidate: Candidate<CompiledObject>;
  readonly inForce: CompiledObject | undefined;
}

const newSlot = (candidate: Candidate<CompiledObject>, inForce: CompiledObject | undefined): Slot => ({
  candidate,
  inForce,
});

/** Bytes that the present generation takes beyond what is in force: 0 where it is in force already. */
function growthOf({ candidate, inForce }: Slot): number {
  return candidate.result.kind === 'accepted' ? sizeOf(candidate.result.entry) - sizeOf(inForce) : 0;
}

function entriesOf<Entry extends CompiledObject>(
  candidates: readonly Candidate<Entry>[],
  inForce: ReadonlyMap<string, Entry>,
  chosen: ReadonlySet<string>,
): readonly Entry[] {
  return candidates.flatMap(({ uid, result }) => {
    const entry = chosen.has(uid) && result.kind === 'accepted' ? result.entry : inForce.get(uid);
    return entry === undefined ? [] : [entry];
  });
}

/** Entries never change, and each is asked for with every change of any other. */
const sizes = new WeakMap<CompiledObject, number>();

function sizeOf(entry: CompiledObject | undefined): number {
  if (entry === undefined) {
    return 0;
  }
  const known = sizes.get(entry) ?? Buffer.byteLength(entryText(entry));
  sizes.set(entry, known);
  return known;
}

export function entriesByUid({
  policies,
  maskingRules,
}: {
  readonly policies: readonly BundlePolicy[];
  readonly maskingRules: readonly BundleMaskingRule[];
}): EntriesByUid {
  return {
    policies: new Map(policies.map((entry) => [entry.uid, entry])),
    maskingRules: new Map(maskingRules.map((entry) => [entry.uid, entry])),
  };
}

/** Of two records of what is in force, for each object the later generation. */
export function laterEntries(left: EntriesByUid, right: EntriesByUid): EntriesByUid {
  return {
    policies: laterOf(left.policies, right.policies),
    maskingRules: laterOf(left.maskingRules, right.maskingRules),
  };
}

function laterOf<Entry extends CompiledObject>(
  left: ReadonlyMap<string, Entry>,
  right: ReadonlyMap<string, Entry>,
): ReadonlyMap<string, Entry> {
  const later = new Map(left);
  for (const [uid, entry] of right) {
    if ((later.get(uid)?.generation ?? -1) < entry.generation) {
      later.set(uid, entry);
    }
  }
  return later;
}
