/** One figure. */
export interface Line {
  readonly what: string;
  readonly direct?: string;
  readonly gateway: string;
  /** The figure to compare with the bound: a ratio, or what is added. */
  readonly compared?: string;
  readonly bound?: string;
  /** Undefined where there is no bound. */
  readonly met?: boolean;
}

/** A Markdown table. */
export function table(lines: readonly Line[]): string {
  const rows = lines.map(({ what, direct = '', gateway, compared = '', bound = '', met }) => [
    what,
    direct,
    gateway,
    compared,
    bound,
    met === undefined ? '' : met ? 'yes' : 'NO',
  ]);
  const head = ['what', 'direct', 'gateway', 'compared', 'bound', 'met'];
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |\n`;
  return `${line(head)}${line(widths.map((width) => '-'.repeat(width)))}${rows.map(line).join('')}`;
}
