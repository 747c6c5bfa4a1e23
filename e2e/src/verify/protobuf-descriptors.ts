/**
 * Generates the descriptors of Kubernetes' protobuf messages from the pinned modules, by the Go program
 * e2e/cluster/protobuf.
 *
 *   node --conditions=source e2e/src/verify/protobuf-descriptors.ts            writes the file; needs Go
 *   node --conditions=source e2e/src/verify/protobuf-descriptors.ts --check    fails if it was made from other modules or
 *                                                                              by another program; needs no Go
 *
 * That the file holds what the program says is for an integration test, which builds it.
 */
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { CLUSTER_MODULE } from '../cluster/kubernetes-version.ts';
import { buildProtobufProgram, PROTOBUF_PROGRAM, runProtobufProgram } from '../cluster/protobuf-program.ts';

const file = path.resolve(import.meta.dirname, '../../../proxy/src/masking/codec/protobuf/generated/descriptors.ts');

/** The modules whose types are described. */
const DESCRIBED = /^k8s\.io\/(?:api|apiextensions-apiserver|apimachinery|client-go|kube-aggregator|metrics) /;

/** Names what the descriptors are made from: versions of modules, sources of what describes them. */
async function recipe(): Promise<string> {
  const hash = createHash('sha256');
  const sums = (await readFile(path.join(CLUSTER_MODULE, 'go.sum'), 'utf8')).split('\n');
  for (const line of sums.filter((sum) => DESCRIBED.test(sum))) hash.update(`${line}\n`);
  for (const name of ['main.go', 'descriptors.go']) hash.update(await readFile(path.join(PROTOBUF_PROGRAM, name)));
  return hash.digest('hex');
}

/** What the Go program says of the messages. */
async function descriptors(): Promise<string> {
  const directory = await mkdtemp(path.join(tmpdir(), 'protobuf-descriptors-'));
  try {
    return await runProtobufProgram(await buildProtobufProgram(directory), ['descriptors']);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function main(check: boolean): Promise<number> {
  const madeFrom = `// Recipe ${await recipe()}`;
  if (check) {
    const present = await readFile(file, 'utf8').catch(() => '');
    if (present.includes(madeFrom)) return 0;
    process.stderr.write(`${path.basename(file)} of protobuf was made from something else: run npm run generate\n`);
    return 1;
  }
  const banner =
    '// Code generated from the pinned k8s.io modules by e2e/src/verify/protobuf-descriptors.ts. DO NOT EDIT.';
  const format = '// The format is told in e2e/cluster/protobuf/descriptors.go.';
  const content = `export const DESCRIPTORS = \`\n${(await descriptors()).trimEnd()}\n\`;`;
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, `${banner}\n${madeFrom}\n${format}\n${content}\n`);
  return 0;
}

process.exitCode = await main(process.argv.includes('--check'));
