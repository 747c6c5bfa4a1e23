import type { Detector as DetectorKind } from '@chaperone/crds/v1alpha1/maskingrule';

export type { DetectorKind };

/** A half-open range of UTF-16 indices. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/**
 * Recognises one kind of secret. It is asked only where one of its anchors stands, so a text without any costs one look
 * at about every second character.
 */
export interface Detector {
  /** What placeholders and records call it. */
  readonly name: string;
  /** How MaskingRules ask for it. Undefined: not by rules; always on. */
  readonly kind: DetectorKind | undefined;
  /** One line for the documentation. */
  readonly description: string;
  /** For the documentation, cut short so that no scanner takes it for real. */
  readonly example: string;
  /** Literals in lower case, at least three characters: every secret of this kind has one in it or in front of it. */
  readonly anchors: readonly string[];
  /**
   * The secret at the anchor that stands at `at`, whatever the case it is written in. Looks at a bounded part of the text
   * that does not grow with the text: a detector that reads far for each anchor is quadratic on a row of anchors.
   */
  match(text: string, at: number): Span | undefined;
}

/** Runs a sticky pattern at a position. */
export function matchAt(sticky: RegExp, text: string, at: number): RegExpExecArray | null {
  sticky.lastIndex = at;
  return sticky.exec(text);
}

/** Where the one group stands with which a sticky pattern ends. */
export function lastGroupAt(sticky: RegExp, text: string, at: number): Span | undefined {
  const found = matchAt(sticky, text, at);
  if (found === null) return undefined;
  const end = at + found[0].length;
  return { start: end - (found[1] ?? '').length, end };
}
