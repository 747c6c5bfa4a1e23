import { randomBytes, randomInt } from 'node:crypto';

/**
 * What a secret looks like. `Plain` and `Quoted` (with what encodings have to escape) are text, `Binary` is no UTF-8,
 * `Number` is an integer that JSON has, `Token` is what a detector recognises by itself.
 */
export type SeedShape = 'Plain' | 'Quoted' | 'Binary' | 'Number' | 'Token';

/** A secret that is to be found nowhere. */
export interface Seed {
  readonly shape: SeedShape;
  /** What goes into a body; of a binary one the base64. */
  readonly text: string;
  /** What is searched: drawn at random, and the same in every way in which text may be escaped. */
  readonly core: Buffer;
}

const LETTERS = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';
const CORE = 24;
/** As long as the shortest that nothing else is by chance, and small enough to be exact in every JSON reader. */
const DIGITS = 15;

const drawn = (alphabet: string, length: number): string =>
  Array.from({ length }, () => alphabet[randomInt(alphabet.length)]).join('');

/** Draws a seed. */
export function newSeed(shape: SeedShape): Seed {
  switch (shape) {
    case 'Plain': {
      const core = drawn(LETTERS, CORE);
      return { shape, text: core, core: Buffer.from(core) };
    }
    case 'Quoted': {
      const core = drawn(LETTERS, CORE);
      return { shape, text: `'é"<b>&\\ ${core}\n\tsnow ☃ 🔑: #`, core: Buffer.from(core) };
    }
    case 'Binary': {
      // Each byte begins what it does not go on with: no decoder takes two of them for a character.
      const core = Buffer.from(randomBytes(CORE).map((byte) => 0xc2 + (byte % 0x3d)));
      return { shape, text: core.toString('base64'), core };
    }
    case 'Number': {
      const core = `${randomInt(1, 9)}${drawn('0123456789', DIGITS - 1)}`;
      return { shape, text: core, core: Buffer.from(core) };
    }
    case 'Token': {
      const core = drawn(LETTERS, 36);
      return { shape, text: `ghp_${core}`, core: Buffer.from(core) };
    }
    default:
      return shape satisfies never;
  }
}

/** One that the API server drew: a token that it minted. The signature is what nobody can guess. */
export function mintedSeed(token: string): Seed {
  const signature = token.split('.').at(-1) ?? '';
  if (signature.length < CORE) throw new TypeError('what was minted is no signed token');
  return { shape: 'Token', text: token, core: Buffer.from(signature.slice(0, CORE)) };
}
