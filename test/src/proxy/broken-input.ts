import type { TokenRequest } from '@chaperone/e2e/issuer/issue-token';
import type { Part } from './attack-connection.ts';
import type { BrokenInputClass } from './attack-inventory.ts';
import { BAD_FRAMING } from './broken-input-framing.ts';
import { HEADER_FLOODS } from './broken-input-floods.ts';
import { OVERSIZED } from './broken-input-oversized.ts';
import { SLOW } from './broken-input-slow.ts';
import { TOKEN_FORGERIES } from './broken-input-tokens.ts';
import { TRUNCATED } from './broken-input-truncated.ts';
import { BAD_UTF8, WRONG_ENCODING } from './broken-input-encoding.ts';

/** What comes of it: the HTTP status of a Status, or a connection that ends without an answer. */
export type BrokenOutcome = number | 'closed';

/** What a forger has, and more: a good token, and the issuer's own keys. */
export interface TokenMaterial {
  readonly good: string;
  readonly mint: (request: Partial<TokenRequest>) => Promise<string>;
}

/** One kind of broken input. */
export interface BrokenInput {
  /** What is written; `TOKEN` in it stands for a good one. */
  readonly parts: readonly Part[];
  /** Makes a token of what there is, to take the good one's place. */
  readonly token?: (material: TokenMaterial) => Promise<string>;
  /** Several where it depends on how the bytes are cut into packets. */
  readonly outcome: BrokenOutcome | readonly BrokenOutcome[];
  /** The client ends its side after the last part. */
  readonly end?: true;
  /** Below TLS: the bytes are written to the bare connection. */
  readonly bare?: true;
  /** The connection stays open after the answer, as it does after any call. */
  readonly staysOpen?: true;
}

export type BrokenInputs = Readonly<Record<string, BrokenInput>>;

export const BROKEN_INPUTS: Readonly<Record<BrokenInputClass, BrokenInputs>> = {
  truncated: TRUNCATED,
  oversized: OVERSIZED,
  slow: SLOW,
  'wrong encoding': WRONG_ENCODING,
  'bad framing': BAD_FRAMING,
  'bad UTF-8': BAD_UTF8,
  'header floods': HEADER_FLOODS,
  'token forgeries': TOKEN_FORGERIES,
};
