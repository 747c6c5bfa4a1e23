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

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The text that base64 holds; undefined where it is no base64 (as Go reads it) or no UTF-8. */
export function decodedText(text: string): string | undefined {
  // Go's decoder skips line breaks.
  const compact = text.includes('\n') || text.includes('\r') ? text.replaceAll(/[\r\n]/gu, '') : text;
  const bytes = decodedBytes(compact);
  if (bytes === undefined) return undefined;
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined;
  }
}

/**
 * Node's decoder passes over what is no base64, so that less comes out than the length promises, and takes the alphabet of
 * URLs, too. To look at each character of a large value by a pattern takes ten times as long.
 */
function decodedBytes(text: string): Buffer | undefined {
  if (text.length % 4 !== 0 || text.includes('-') || text.includes('_')) return undefined;
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  const bytes = Buffer.from(text, 'base64');
  return bytes.length === Math.floor(((text.length - padding) * 3) / 4) ? bytes : undefined;
}
