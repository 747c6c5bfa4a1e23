import { visible, visibleLines } from './visible.ts';

/** Text laid out as `kubectl describe` does: labels with values beside them, sections with what is indented below. */
export interface Page {
  /** Nothing is printed of a value that is not there. */
  field(label: string, value: string | number | undefined): void;
  section(label: string, content: (section: Page) => void): void;
  lines(text: string): void;
  text(): string;
}

type Part =
  | { readonly kind: 'Field'; readonly label: string; readonly value: string }
  | { readonly kind: 'Section'; readonly label: string; readonly text: string }
  | { readonly kind: 'Lines'; readonly text: string };

const INDENT = '  ';

export function newPage(): Page {
  const parts: Part[] = [];

  function textOf(part: Part, width: number): string {
    switch (part.kind) {
      case 'Field':
        return `${`${visible(part.label)}:`.padEnd(width)}${visible(part.value)}\n`;
      case 'Section':
        return `${visible(part.label)}:\n${indented(part.text)}`;
      case 'Lines':
        return `${visibleLines(part.text)}\n`;
      default:
        return part satisfies never;
    }
  }

  return {
    field(label, value) {
      if (value !== undefined && value !== '') parts.push({ kind: 'Field', label, value: String(value) });
    },
    section(label, content) {
      const page = newPage();
      content(page);
      const text = page.text();
      if (text !== '') parts.push({ kind: 'Section', label, text });
    },
    lines: (text) => void parts.push({ kind: 'Lines', text }),
    text() {
      const labels = parts.map((part) => (part.kind === 'Field' ? part.label.length : 0));
      const width = Math.max(0, ...labels) + INDENT.length + 1;
      return parts.map((part) => textOf(part, width)).join('');
    },
  };
}

const indented = (text: string): string =>
  text
    .split('\n')
    .map((line) => (line === '' ? '' : `${INDENT}${line}`))
    .join('\n');
