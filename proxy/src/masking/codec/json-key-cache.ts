const SLOTS = 2048;
const LONGEST = 48;

/**
 * The keys of Kubernetes are few and come again and again: found here they cost neither a call into native code nor
 * memory. Each slot holds the last key that fell into it, so that hostile keys can only make it useless.
 */
export class JsonKeyCache {
  readonly #texts: string[] = Array.from({ length: SLOTS }, () => '');

  /** The text of ASCII bytes [start, end), or undefined where they are too long or not ASCII. */
  text(source: Buffer, start: number, end: number): string | undefined {
    const length = end - start;
    if (length > LONGEST || length === 0) return undefined;
    let hash = length;
    for (let at = start; at < end; at += 1) {
      const byte = source[at] ?? 0;
      if (byte > 0x7e) return undefined;
      hash = (Math.imul(hash, 31) + byte) | 0;
    }
    const slot = (hash ^ (hash >>> 11)) & (SLOTS - 1);
    const held = this.#texts[slot] ?? '';
    if (held.length === length && equalsAscii(held, source, start)) return held;
    const text = source.toString('latin1', start, end);
    this.#texts[slot] = text;
    return text;
  }
}

function equalsAscii(text: string, source: Buffer, start: number): boolean {
  for (let at = 0; at < text.length; at += 1) {
    if (text.charCodeAt(at) !== source[start + at]) return false;
  }
  return true;
}
