import { secretArguments } from './credential-arguments.ts';
import type { Finder } from './find.ts';
import { type Finding, outsidePlaceholders, united } from './findings.ts';
import { addCounts, countFindings, maskText, type Replace, withReplacements } from './mask-text.ts';
import { shellCommands } from './shell-words.ts';

export interface MaskedCommand {
  readonly arguments: readonly string[];
  readonly counts: ReadonlyMap<string, number>;
}

/** What arguments that are secrets by their place are called. */
export const COMMAND_ARGUMENT = 'command-argument';

/** `sh -c`, `bash -lc`, and PowerShell's way. */
const SHELL = /(?:^|\/)(?:ba|da|a|z|k|fi)?sh$|(?:^|\/)(?:pwsh|powershell)(?:\.exe)?$/i;
const SHELL_FLAG = /^-{1,2}(?:[a-z]*c|command)$/i;

/** Masks the arguments of an exec: what flags and names say are secrets, the same inside a shell's text, and what is found in each. */
export function maskCommand(args: readonly string[], finder: Finder, replace: Replace): MaskedCommand {
  const counts = new Map<string, number>();
  const byPlace = new Map(secretArguments(args).map(({ index, from }) => [index, from]));
  const masked = args.map((argument, index) => {
    const from = byPlace.get(index);
    const spans: Finding[] = from === undefined ? [] : [{ start: from, end: argument.length, name: COMMAND_ARGUMENT }];
    if (isShellText(args, index)) spans.push(...secretsInShell(argument));
    const found = outsidePlaceholders(united([...spans, ...finder(argument)]), argument);
    countFindings(counts, found);
    const rest = maskText(withReplacements(argument, found, replace), finder, replace);
    addCounts(counts, rest.counts);
    return rest.text;
  });
  return { arguments: masked, counts };
}

function isShellText(args: readonly string[], index: number): boolean {
  return (
    index >= 2 &&
    SHELL_FLAG.test(args[index - 1] ?? '') &&
    args.slice(0, index - 1).some((argument) => SHELL.test(argument))
  );
}

/** The secrets in a shell's text, by the flags and names of each of its commands. */
function secretsInShell(text: string): readonly Finding[] {
  return shellCommands(text).flatMap((words) =>
    secretArguments(words.map(({ value }) => value)).flatMap(({ index, from }) => {
      const word = words[index];
      if (word === undefined) return [];
      const raw = text.slice(word.start, word.end);
      // With quotes or escapes before it the secret is somewhere else in the text than in the word.
      const same = raw.startsWith(word.value.slice(0, from)) ? from : 0;
      const quote = /^["']/.exec(raw.slice(same))?.[0];
      const isQuoted = quote !== undefined && raw.length > same + 1 && raw.endsWith(quote);
      const start = word.start + same + (isQuoted ? 1 : 0);
      return [{ start, end: word.end - (isQuoted ? 1 : 0), name: COMMAND_ARGUMENT }];
    }),
  );
}
