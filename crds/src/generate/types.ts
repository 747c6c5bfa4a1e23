/**
 * Generates `src/v1alpha1/generated/` from the CustomResourceDefinitions.
 *
 *   node --conditions=source crds/src/generate/types.ts            writes the files
 *   node --conditions=source crds/src/generate/types.ts --check    fails if they are not what would be written
 */
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { compile, type JSONSchema } from 'json-schema-to-typescript';
import { objectAt, readCustomResourceSchema, type JsonObject } from './crd-schema.ts';
import { collectDefinitions, withoutDocumentation } from './definitions.ts';

const crdsDirectory = path.resolve(import.meta.dirname, '../..');
const outputDirectory = path.resolve(import.meta.dirname, '../v1alpha1/generated');
const plurals = ['agentpolicies', 'maskingrules', 'approvalrequests'] as const;

const banner = `// Code generated from crds/*.yaml by crds/src/generate/types.ts. DO NOT EDIT.`;

type Kind = ReturnType<typeof readCustomResourceSchema>;

async function renderTypes(kinds: readonly Kind[]): Promise<string> {
  const definitions = collectDefinitions(kinds);
  // The root only carries the definitions; what is generated for it is cut off below.
  const root = { title: 'Root', type: 'object', additionalProperties: false, definitions } as JSONSchema;
  const source = await compile(root, 'Root', {
    bannerComment: banner,
    additionalProperties: false,
    ignoreMinAndMaxItems: true,
    unreachableDefinitions: true,
    style: { singleQuote: true, printWidth: 120 },
  });
  return source
    .replace(/^export interface Root \{\}\n/mu, '')
    .replaceAll(
      /^ \*\n \* This interface was referenced by `Root`'s JSON-Schema\n \* via the `definition` "\w+"\.\n/gmu,
      '',
    );
}

function renderSchemas(kinds: readonly Kind[]): string {
  const entries = kinds.map(({ kind, schema }: { kind: string; schema: JsonObject }) => {
    const properties = objectAt(schema, 'properties');
    const parts = { spec: properties['spec'], status: properties['status'] };
    return `  ${kind}: ${JSON.stringify(withoutDocumentation(parts), undefined, 2).replaceAll('\n', '\n  ')},\n`;
  });
  return [
    banner,
    `import type { StructuralSchema } from '../structural-schema.ts';\n`,
    `export type KindWithSchema = ${kinds.map(({ kind }) => `'${kind}'`).join(' | ')};\n`,
    `export const schemas: Readonly<`,
    `  Record<KindWithSchema, { readonly spec: StructuralSchema; readonly status: StructuralSchema }>`,
    `> = {\n${entries.join('')}};\n`,
  ].join('\n');
}

async function main(check: boolean): Promise<number> {
  const kinds = await Promise.all(
    plurals.map(async (plural) =>
      readCustomResourceSchema(await readFile(path.join(crdsDirectory, `chaperone.dev_${plural}.yaml`), 'utf8')),
    ),
  );
  const outputs = { 'api.ts': await renderTypes(kinds), 'schemas.ts': renderSchemas(kinds) };
  let stale = 0;
  for (const [name, content] of Object.entries(outputs)) {
    const file = path.join(outputDirectory, name);
    if (!check) {
      await writeFile(file, content);
    } else if ((await readFile(file, 'utf8').catch(() => '')) !== content) {
      stale += 1;
      process.stderr.write(
        `${path.relative(process.cwd(), file)} is out of date: run node --conditions=source crds/src/generate/types.ts\n`,
      );
    }
  }
  return stale === 0 ? 0 : 1;
}

process.exitCode = await main(process.argv.includes('--check'));
