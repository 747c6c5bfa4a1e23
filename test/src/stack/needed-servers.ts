import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

/** Which servers the tests of a run use. */
export interface NeededServers {
  readonly shared: boolean;
  readonly elasticsearch: boolean;
  readonly gateway: boolean;
}

/**
 * What these test files use, by their text and that of what they import: whoever runs one file does not wait for servers
 * that it never asks for.
 *
 * @param files absolute paths.
 */
export function neededServers(files: readonly string[]): NeededServers {
  const texts = [...sourcesOf(files).values()].join('\n');
  const elasticsearch = /elasticsearch(?:Url|Ready)/.test(texts);
  return {
    shared: elasticsearch || /inject\('(?!gateway')/.test(texts),
    elasticsearch,
    gateway: texts.includes("inject('gateway')"),
  };
}

const TEST_SOURCES = resolve(import.meta.dirname, '..');

/** The files and all of this workspace's that they import, by path. */
function sourcesOf(files: readonly string[]): ReadonlyMap<string, string> {
  const sources = new Map<string, string>();
  const waiting = [...files];
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (sources.has(file) || !existsSync(file)) continue;
    const text = readFileSync(file, 'utf8');
    sources.set(file, text);
    for (const [, name = ''] of text.matchAll(/(?:from|import) '([^']+)'/g)) {
      if (name.startsWith('.')) waiting.push(join(dirname(file), name));
      if (name.startsWith('@chaperone/test/'))
        waiting.push(`${join(TEST_SOURCES, name.slice('@chaperone/test/'.length))}.ts`);
    }
  }
  return sources;
}
