/** A word of a shell's command line: where it stands, with its quotes, and what the program gets. */
export interface ShellWord {
  readonly start: number;
  readonly end: number;
  readonly value: string;
}

const MAX_TEXT = 64 * 1024;
const SEPARATOR = /[;&|()\n]/;
const SPACE = /[ \t\r]/;

/**
 * The simple commands of a shell's text, as words: enough of POSIX's quoting (2.2) to tell arguments apart. Nothing is
 * expanded, and what a shell would refuse is read somehow: the words are only looked at for secrets.
 */
export function shellCommands(text: string): readonly (readonly ShellWord[])[] {
  const commands: ShellWord[][] = [[]];
  const end = Math.min(text.length, MAX_TEXT);
  for (let at = 0; at < end;) {
    const character = text.charAt(at);
    if (SPACE.test(character)) at += 1;
    else if (SEPARATOR.test(character)) {
      commands.push([]);
      at += 1;
    } else {
      const word = wordAt(text, at, end);
      commands.at(-1)?.push(word);
      at = word.end;
    }
  }
  return commands.filter((words) => words.length > 0);
}

function wordAt(text: string, start: number, limit: number): ShellWord {
  let value = '';
  let at = start;
  while (at < limit) {
    const character = text.charAt(at);
    if (SPACE.test(character) || SEPARATOR.test(character)) break;
    if (character === '\\') {
      value += text.charAt(at + 1);
      at += 2;
    } else if (character === "'" || character === '"') {
      const quoted = quotedAt(text, at, limit);
      value += quoted.value;
      at = quoted.end;
    } else {
      value += character;
      at += 1;
    }
  }
  return { start, end: Math.min(at, limit), value };
}

function quotedAt(text: string, start: number, limit: number): { readonly value: string; readonly end: number } {
  const quote = text.charAt(start);
  let value = '';
  let at = start + 1;
  for (; at < limit && text.charAt(at) !== quote; at += 1) {
    if (quote === '"' && text.charAt(at) === '\\') at += 1;
    value += text.charAt(at);
  }
  return { value, end: at + 1 };
}
