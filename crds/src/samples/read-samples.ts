import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { parseAllDocuments } from 'yaml';

const samplesDirectory = path.resolve(import.meta.dirname, '../../samples');

/** One file of `samples/valid`. */
export interface Sample {
  /** Without directory and extension. */
  readonly name: string;
  readonly file: string;
  readonly text: string;
  /** A second document is what the first, once stored, is changed to. */
  readonly documents: readonly unknown[];
}

/** Who finds the mistake: the schema, its CEL rules, or the operator's validation, which sets a condition. */
export type FoundBy = 'schema' | 'cel' | 'condition';

/** One file of `samples/invalid`. */
export interface InvalidSample extends Sample {
  /** Part of the message that the mistake must provoke. */
  readonly expect: string;
  readonly by: FoundBy;
}

export class SampleError extends Error {
  override readonly name = 'SampleError';
  readonly code = 'ERR_SAMPLE';
}

async function read(directory: 'valid' | 'invalid'): Promise<Sample[]> {
  const names = await readdir(path.join(samplesDirectory, directory));
  return Promise.all(
    names
      .filter((name) => name.endsWith('.yaml'))
      .toSorted()
      .map(async (name) => {
        const file = path.join(samplesDirectory, directory, name);
        const text = await readFile(file, 'utf8');
        return { name: path.basename(name, '.yaml'), file, text, documents: parseDocuments(text, file) };
      }),
  );
}

/** In YAML 1.1, as kubectl reads it: `name: off` is no text there. */
function parseDocuments(text: string, file: string): unknown[] {
  return parseAllDocuments(text, { version: '1.1', schema: 'yaml-1.1', customTags: withoutTimestamps }).map(
    (document) => {
      if (document.errors.length > 0) {
        throw new SampleError(`${file} is not YAML`, { cause: document.errors[0] });
      }
      const value: unknown = document.toJS();
      return value;
    },
  );
}

/** kubectl turns YAML into JSON, which has no dates. */
const withoutTimestamps = <Tag>(tags: Tag[]): Tag[] =>
  tags.filter(
    (tag) => !(typeof tag === 'object' && tag !== null && 'tag' in tag && tag.tag === 'tag:yaml.org,2002:timestamp'),
  );

export const readValidSamples = (): Promise<Sample[]> => read('valid');

export async function readInvalidSamples(): Promise<InvalidSample[]> {
  return (await read('invalid')).map((sample) => {
    const expect = /^# expect: (.+)$/mu.exec(sample.text)?.[1];
    const by = /^# by: (.+)$/mu.exec(sample.text)?.[1];
    if (expect === undefined || (by !== 'schema' && by !== 'cel' && by !== 'condition')) {
      throw new SampleError(`${sample.file} must say "# expect: TEXT" and "# by: schema|cel|condition"`);
    }
    return { ...sample, expect, by };
  });
}
