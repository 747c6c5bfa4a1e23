import type { Replacement } from '@chaperone/crds/v1alpha1/maskingrule';

/** Why a value is masked, and with what. */
export interface Cause {
  /** The rule's, or that of what is always masked: placeholders and counts show it. */
  readonly name: string;
  readonly replacement: Replacement;
  /** Not by a rule, so no rule can weaken it. */
  readonly alwaysOn: boolean;
}

const alwaysOn = (name: string): Cause => ({ name, replacement: 'Redact', alwaysOn: true });

/** What is masked with no rule: under these names it is counted. */
export const SECRET = alwaysOn('secret');
export const TOKEN = alwaysOn('token');
export const COMPRESSED = alwaysOn('compressed');
export const EVENT = alwaysOn('secret-event');
export const MESSAGE = alwaysOn('secret-message');
export const ALWAYS_ON_CAUSES: readonly Cause[] = [SECRET, TOKEN, COMPRESSED, EVENT, MESSAGE];

/**
 * Of several causes for one value the one that decides: what is always masked before rules, Redact before Fingerprint
 * (who asks for redaction does not want equal values to be seen), then the first by name. So the order of rules is of no
 * consequence.
 */
export function stronger(left: Cause | undefined, right: Cause | undefined): Cause | undefined {
  if (left === undefined || right === undefined) return left ?? right;
  if (left.alwaysOn !== right.alwaysOn) return left.alwaysOn ? left : right;
  if (left.replacement !== right.replacement) return left.replacement === 'Redact' ? left : right;
  return right.name < left.name ? right : left;
}
