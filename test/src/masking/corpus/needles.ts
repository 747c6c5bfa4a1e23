import type { Seed } from './seeds.ts';

/** Bytes in which a seed would be recognised, and in which form that would be. */
export interface Needle {
  readonly bytes: Buffer;
  readonly form: string;
}

/** As short as a needle may be: nothing reads like this by chance. */
export const SHORTEST_NEEDLE = 12;

/**
 * All forms in which a seed is searched. Of a longer one each half by itself: one that was cut in two, by a frame, a
 * record or a line, still shows one of them.
 */
export function needlesOf({ core }: Pick<Seed, 'core'>): readonly Needle[] {
  const half = Math.floor(core.length / 2);
  const parts = half < SHORTEST_NEEDLE ? [core] : [core.subarray(0, half), core.subarray(half)];
  return parts.flatMap(formsOf).filter(({ bytes }) => bytes.length >= SHORTEST_NEEDLE);
}

function formsOf(part: Buffer): Needle[] {
  const hex = part.toString('hex');
  const latin1 = part.toString('latin1');
  const escaped = (digits: (code: number) => string, prefix: string): string =>
    [...part].map((code) => `${prefix}${digits(code)}`).join('');
  const texts: readonly (readonly [form: string, text: string])[] = [
    ['hex', hex],
    ['hex', hex.toUpperCase()],
    ['percent', escaped(hexOf(2), '%')],
    ['percent', escaped((code) => hexOf(2)(code).toUpperCase(), '%')],
    ['\\u', escaped(hexOf(4), '\\u')],
    ['\\u', escaped((code) => hexOf(4)(code).toUpperCase(), '\\u')],
    ['\\x', escaped(hexOf(2), '\\x')],
    // Bytes that somebody took for Latin-1, in UTF-8.
    ['raw', latin1],
  ];
  return [
    { form: 'raw', bytes: part },
    ...texts.map(([form, text]): Needle => ({ form, bytes: Buffer.from(text) })),
    ...[0, 1, 2].flatMap((before) => base64Of(part, before)),
  ];
}

const hexOf =
  (length: number) =>
  (code: number): string =>
    code.toString(16).padStart(length, '0');

const GROUP = 3;
const CHARACTERS = 4;

/** Base64 with so many bytes before it, without the characters that depend on what stands around it. */
function base64Of(part: Buffer, before: number): Needle[] {
  const skipped = (GROUP - before) % GROUP;
  const whole = part.subarray(skipped, part.length - ((part.length - skipped) % GROUP));
  const text = whole.toString('base64');
  // The bytes before the first whole group share characters with it only in their own group.
  const tail = Buffer.from(part.subarray(skipped + whole.length));
  const partial = Math.floor((tail.length * 8) / 6);
  const more = tail.toString('base64').slice(0, Math.min(partial, CHARACTERS - 1));
  const base64 = text + more;
  return [
    { form: 'base64', bytes: Buffer.from(base64) },
    { form: 'base64url', bytes: Buffer.from(base64.replaceAll('+', '-').replaceAll('/', '_')) },
  ];
}
