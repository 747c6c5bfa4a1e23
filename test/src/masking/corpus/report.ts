import type { DrivenCell } from './drive.ts';
import { ENCODINGS } from './encodings.ts';
import type { Finding } from './search.ts';
import type { SearchedPlaces } from './haystack.ts';

export interface CorpusRun extends SearchedPlaces {
  readonly driven: readonly DrivenCell[];
}

/** A table of all cells: seeds that were driven, and found; in the control run, which masks nothing, all have to be. */
export function reportOf({ product, control }: { readonly product: CorpusRun; readonly control: CorpusRun }): string {
  const rows = [...Map.groupBy(product.driven, rowOf).keys()];
  const columns = [...ENCODINGS, ''] as const;
  const found = { product: seedsOf(product.findings), control: seedsOf(control.findings) };
  const cellOf = (run: CorpusRun, seen: ReadonlySet<unknown>, row: string, column: string): string => {
    const seeds = run.driven.filter((driven) => rowOf(driven) === row && driven.cell.encoding === column);
    const driven = seeds.flatMap((each) => each.seeds);
    return seeds.length === 0 ? '' : `${driven.length}/${driven.filter((seed) => seen.has(seed)).length}`;
  };
  const body = rows.map((row) => [
    row,
    ...columns.map((column) => {
      const [own, other] = [cellOf(product, found.product, row, column), cellOf(control, found.control, row, column)];
      return own === '' ? '' : `${own} (${other})`;
    }),
  ]);
  const head = ['seeds driven/found (without masking)', ...ENCODINGS, 'other'];
  const widths = head.map((title, at) => Math.max(title.length, ...body.map((row) => row[at]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    `| ${row.map((text, at) => text.padEnd(widths[at] ?? 0)).join(' | ')} |\n`;
  const places = `${product.places.length} places of ${Math.round(bytesOf(product) / 1_024)} KiB searched, and ${control.places.length} of ${Math.round(bytesOf(control) / 1_024)} KiB without masking\n`;
  return `${line(head)}${line(widths.map((width) => '-'.repeat(width)))}${body.map(line).join('')}${places}`;
}

const rowOf = ({ cell }: DrivenCell): string => `${cell.kind}: ${cell.operation}`;
const seedsOf = (findings: readonly Finding[]): ReadonlySet<unknown> => new Set(findings.map(({ seed }) => seed));
const bytesOf = ({ places }: CorpusRun): number => places.reduce((sum, { bytes }) => sum + bytes, 0);
