/**
 * How a text looks inside the base64 of something longer. Its bits begin at one of three offsets in a group, and the
 * characters at its ends hold bits of its neighbours: what is the same whatever the neighbours are is the core.
 */

/** The core for each of the three alignments, in the standard alphabet. Empty where nothing is left of it. */
export function base64Cores(bytes: Uint8Array): readonly string[] {
  return [0, 1, 2].map((offset) => {
    const padded = Buffer.concat([Buffer.alloc(offset), bytes])
      .toString('base64')
      .replace(/=+$/, '');
    const first = Math.ceil((offset * 8) / 6);
    const last = Math.floor(((offset + bytes.length) * 8) / 6);
    return padded.slice(first, last);
  });
}

/** From the standard alphabet to that of URLs (RFC 4648, 5). */
export function toUrlAlphabet(text: string): string {
  return text.replaceAll('+', '-').replaceAll('/', '_');
}
