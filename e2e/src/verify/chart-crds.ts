/**
 * Copies the CustomResourceDefinitions into the chart: Helm reads no file outside a chart, and a symbolic link would not
 * survive packaging.
 *
 *   node --conditions=source e2e/src/verify/chart-crds.ts            writes the copies
 *   node --conditions=source e2e/src/verify/chart-crds.ts --check    fails if they are not byte for byte the same
 */
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '../../..');
const source = path.join(root, 'crds');
const copies = path.join(root, 'charts/chaperone/files/crds');

/** The YAML files of a directory by name; none where the directory is not there. */
async function definitionsIn(directory: string): Promise<ReadonlyMap<string, Buffer>> {
  const names = await readdir(directory).catch(() => []);
  const files = names
    .filter((name) => name.endsWith('.yaml'))
    .map(async (name) => [name, await readFile(path.join(directory, name))] as const);
  return new Map(await Promise.all(files));
}

async function main(check: boolean): Promise<number> {
  const wanted = await definitionsIn(source);
  const present = await definitionsIn(copies);
  const missing = [...wanted].filter(([name, content]) => present.get(name)?.equals(content) !== true);
  const superfluous = [...present.keys()].filter((name) => !wanted.has(name));
  if (check) {
    const stale = [...missing.map(([name]) => name), ...superfluous];
    for (const name of stale) {
      process.stderr.write(`charts/chaperone/files/crds/${name} is not what crds/${name} is: run npm run generate\n`);
    }
    return stale.length === 0 ? 0 : 1;
  }
  await mkdir(copies, { recursive: true });
  await Promise.all(missing.map(([name, content]) => writeFile(path.join(copies, name), content)));
  await Promise.all(superfluous.map((name) => rm(path.join(copies, name))));
  return 0;
}

process.exitCode = await main(process.argv.includes('--check'));
