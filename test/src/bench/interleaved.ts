import { median } from './statistics.ts';

/** What is compared: the same measurement on both paths, one after the other, so that both meet the same machine. */
export interface Compared {
  readonly direct: number;
  readonly gateway: number;
}

const RUNS = 5;

/** Runs both in turns and takes the median of each figure. */
export async function interleaved<Figure extends string>(
  measure: (path: 'direct' | 'gateway') => Promise<Readonly<Record<Figure, number>>>,
  runs = RUNS,
): Promise<Record<Figure, Compared>> {
  const samples: { direct: Record<Figure, number>[]; gateway: Record<Figure, number>[] } = { direct: [], gateway: [] };
  for (let run = 0; run < runs; run++) {
    // Whoever comes first has the colder machine.
    const order = run % 2 === 0 ? (['direct', 'gateway'] as const) : (['gateway', 'direct'] as const);
    for (const path of order) samples[path].push(await measure(path));
  }
  const figures: Partial<Record<Figure, Compared>> = {};
  for (const figure of figuresOf(samples.direct[0])) {
    figures[figure] = {
      direct: median(samples.direct.map((sample) => sample[figure])),
      gateway: median(samples.gateway.map((sample) => sample[figure])),
    };
  }
  return complete(figures, samples.direct[0]);
}

function figuresOf<Figure extends string>(sample: Readonly<Record<Figure, number>> | undefined): Figure[] {
  const names: Figure[] = [];
  for (const name in sample) names.push(name);
  return names;
}

function complete<Figure extends string>(
  figures: Partial<Record<Figure, Compared>>,
  sample: Readonly<Record<Figure, number>> | undefined,
): Record<Figure, Compared> {
  const isComplete = (value: Partial<Record<Figure, Compared>>): value is Record<Figure, Compared> =>
    figuresOf(sample).every((name) => value[name] !== undefined);
  if (!isComplete(figures)) throw new Error('a figure was not measured');
  return figures;
}
