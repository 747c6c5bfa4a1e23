import { isPlaceholder, redacted } from '../text/placeholder.ts';
import { ALWAYS_ON_CAUSES, type Cause } from './cause.ts';
import type { LeafValue } from './document-reading.ts';

export type Target = 'Audit' | 'Response';

/** As `newFingerprints` makes it: a name and a value in, a placeholder out. */
export type Fingerprint = (name: string, value: string) => string;

export interface LeafPlace {
  readonly cause: Cause;
  readonly target: Target;
  /** Whether clients decode base64 here. */
  readonly bytes: boolean;
}

/**
 * What stands in the place of a masked value. In records always the plain placeholder; in answers its base64 where clients
 * decode base64. What is there already is written again, so that masking twice is masking once.
 */
export function maskLeaf(leaf: LeafValue, place: LeafPlace, fingerprint: Fingerprint): string {
  const placeholder = placeholderFor(leaf, place, fingerprint);
  return place.bytes && place.target === 'Response' ? Buffer.from(placeholder).toString('base64') : placeholder;
}

function placeholderFor(leaf: LeafValue, { cause, bytes }: LeafPlace, fingerprint: Fingerprint): string {
  const value = (bytes ? decodedText(leaf.text) : undefined) ?? leaf.text;
  // What it was always masked for may not be to be seen any more: its kind may be masked, too.
  if (!cause.alwaysOn && ALWAYS_ON.has(value)) return value;
  if (cause.replacement === 'Redact') return redacted(cause.name);
  // A rule's own fingerprint stays what it is; any other placeholder is a value like any other.
  return value.startsWith(`[MASKED:${cause.name}:`) && isPlaceholder(value) ? value : fingerprint(cause.name, value);
}

const ALWAYS_ON: ReadonlySet<string> = new Set(ALWAYS_ON_CAUSES.map(({ name }) => redacted(name)));

const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/u;
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The text that base64 holds; undefined where it is no base64 (as Go reads it) or no UTF-8. */
export function decodedText(text: string): string | undefined {
  // Go's decoder skips line breaks.
  const compact = text.replaceAll(/[\r\n]/gu, '');
  if (compact.length % 4 !== 0 || !BASE64.test(compact)) return undefined;
  try {
    return decoder.decode(Buffer.from(compact, 'base64'));
  } catch {
    return undefined;
  }
}
