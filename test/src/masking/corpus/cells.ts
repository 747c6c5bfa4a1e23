import { ERRORS } from './errors.ts';
import { ENCODINGS, type Encoding } from './encodings.ts';
import { KINDS } from './kinds.ts';
import { LISTS } from './lists.ts';
import { encodingsOf, OPERATIONS } from './operations.ts';
import { PLACES } from './places.ts';
import type { Seed } from './seeds.ts';
import type { Stage } from './stage.ts';
import { TOKENS } from './tokens.ts';

/** One thing to be driven: of what, how, in which encoding ('' where there is none). */
export interface Cell {
  readonly kind: string;
  readonly operation: string;
  readonly encoding: Encoding | '';
  readonly drive: (stage: Stage) => Promise<readonly Seed[]>;
}

/** All that is not one of the regular cells, in every encoding that it names. */
export interface SpecialCell {
  readonly kind: string;
  readonly operation: string;
  readonly encodings?: readonly Encoding[];
  readonly drive: (stage: Stage, encoding: Encoding) => Promise<readonly Seed[]>;
}

const SPECIAL: readonly SpecialCell[] = [...LISTS, ...TOKENS, ...ERRORS, ...PLACES];

export const CELLS: readonly Cell[] = [
  ...KINDS.flatMap((kind) =>
    OPERATIONS.flatMap((operation) =>
      encodingsOf(operation, kind).map((encoding): Cell => ({
        kind: kind.name,
        operation: operation.name,
        encoding,
        drive: (stage) => operation.drive(stage, kind, encoding),
      })),
    ),
  ),
  ...SPECIAL.flatMap(({ kind, operation, encodings, drive }) =>
    (encodings ?? ENCODINGS.slice(0, 1)).map((encoding): Cell => ({
      kind,
      operation,
      encoding: encodings === undefined ? '' : encoding,
      drive: (stage) => drive(stage, encoding),
    })),
  ),
];
