import type { Edits, LiteralValue, TextValue } from '../document.ts';

/** Bytes that stand in the place of others. */
export interface Splice {
  readonly start: number;
  readonly end: number;
  readonly bytes: Buffer;
}

/** The source with the splices made, which do not overlap; all else byte for byte. Without any, the source itself. */
export function splice(source: Buffer, splices: readonly Splice[]): Buffer {
  if (splices.length === 0) return source;
  const inOrder = splices.toSorted((a, b) => a.start - b.start);
  const parts: Buffer[] = [];
  let copied = 0;
  for (const { start, end, bytes } of inOrder) {
    parts.push(source.subarray(copied, start), bytes);
    copied = end;
  }
  parts.push(source.subarray(copied));
  return Buffer.concat(parts);
}

/**
 * The source with edits made where their values stand.
 * @param splicesOf what an edit of a value comes to; undefined where the value is none of this source's.
 */
export function spliceEdits(
  source: Buffer,
  edits: Edits,
  splicesOf: (value: TextValue | LiteralValue, text: string) => readonly Splice[] | undefined,
): Buffer {
  const splices: Splice[] = [];
  for (const [value, text] of edits) {
    const own = splicesOf(value, text);
    // Silence here would let through what somebody meant to be masked.
    if (own === undefined) throw new TypeError('An edit is of a value of another document');
    splices.push(...own);
  }
  return splice(source, splices);
}
