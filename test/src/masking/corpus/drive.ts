import type { Cell } from './cells.ts';
import type { Finding } from './search.ts';
import type { Seed } from './seeds.ts';
import type { Stage } from './stage.ts';

/** A cell that has been driven. */
export interface DrivenCell {
  readonly cell: Cell;
  readonly seeds: readonly Seed[];
  /** Why it was not driven as it has to be. */
  readonly failure?: string;
}

/** Some at a time: most of a cell is waiting for servers. */
const AT_ONCE = 8;

/** Drives all cells. A cell that fails is told of, and the others go on. */
export async function driveCells(cells: readonly Cell[], stage: Stage): Promise<readonly DrivenCell[]> {
  const waiting = [...cells.entries()];
  const driven: DrivenCell[] = [];
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [index, cell] = next;
      driven[index] = await driveCell(cell, stage);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return driven;
}

async function driveCell(cell: Cell, stage: Stage): Promise<DrivenCell> {
  try {
    return { cell, seeds: await cell.drive(stage) };
  } catch (error) {
    return { cell, seeds: [], failure: String(error) };
  }
}

const title = ({ kind, operation, encoding }: Cell): string =>
  `${kind}: ${operation}${encoding === '' ? '' : `, ${encoding}`}`;

/** What was found of which cell, one line each. */
export function leaksOf(driven: readonly DrivenCell[], findings: readonly Finding[]): string[] {
  const bySeed = Map.groupBy(findings, ({ seed }) => seed);
  return driven.flatMap(({ cell, seeds }) =>
    seeds.flatMap((seed) => {
      const [first] = bySeed.get(seed) ?? [];
      if (first === undefined) return [];
      return [`${title(cell)}: a ${seed.shape} seed as ${first.form} at ${first.offset} of ${first.place}`];
    }),
  );
}

/** Seeds that were not found, one line each. */
export function missesOf(driven: readonly DrivenCell[], findings: readonly Finding[]): string[] {
  const found = new Set(findings.map(({ seed }) => seed));
  return driven.flatMap(({ cell, seeds }) =>
    seeds.filter((seed) => !found.has(seed)).map((seed) => `${title(cell)}: a ${seed.shape} seed`),
  );
}

export const failuresOf = (driven: readonly DrivenCell[]): string[] =>
  driven.flatMap(({ cell, seeds, failure }) => {
    if (failure !== undefined) return [`${title(cell)}: ${failure}`];
    return seeds.length === 0 ? [`${title(cell)}: no seed`] : [];
  });
