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
