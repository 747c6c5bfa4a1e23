import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { parseAllDocuments } from 'yaml';
import { isRecord } from '@chaperone/crds/client/kubernetes-object';

/** The admission policies cannot be read as they should have been installed: an installation fault. */
export class ShippedAdmissionError extends Error {
  override readonly name = 'ShippedAdmissionError';
  readonly code = 'ERR_SHIPPED_ADMISSION';
}

export const admissionKinds = ['ValidatingAdmissionPolicy', 'ValidatingAdmissionPolicyBinding'] as const;
export type AdmissionKind = (typeof admissionKinds)[number];

/** One object as the chart installs it. */
export interface ShippedAdmission {
  readonly kind: AdmissionKind;
  readonly name: string;
  /** With every default of the API server written out, so that the live one equals it. */
  readonly spec: Readonly<Record<string, unknown>>;
}

/** What the chart fills into the files, between @ signs. */
export interface AdmissionWords {
  /** Of the release. */
  readonly namespace: string;
  /** Names of the ServiceAccounts. */
  readonly operator: string;
  readonly proxy: string;
  readonly breakGlassGroups: readonly string[];
}

/** Fills in the words as the template `chaperone.admission` of the chart does, and reads the objects. Pure. */
export function parseShippedAdmission(text: string, words: AdmissionWords): ShippedAdmission[] {
  const groups = words.breakGlassGroups.map((group) => {
    // The chart's schema refuses these; here they would change what the expression says.
    if (/['"\\\p{Cc}]/u.test(group)) {
      throw new ShippedAdmissionError(
        'The name of a break-glass group holds quotes, backslashes or control characters',
      );
    }
    return `'${group}'`;
  });
  const filled = text
    .replaceAll('@namespace@', () => words.namespace)
    .replaceAll('@operator@', () => words.operator)
    .replaceAll('@proxy@', () => words.proxy)
    .replaceAll('@breakGlassGroups@', () => `[${groups.join(', ')}]`);
  return parseAllDocuments(filled).flatMap((document) => {
    const [error] = document.errors;
    if (error !== undefined) {
      throw new ShippedAdmissionError('An admission policy is not YAML', { cause: error });
    }
    const value: unknown = document.toJS();
    return value === null ? [] : [narrow(value)];
  });
}

function narrow(value: unknown): ShippedAdmission {
  const { kind, metadata, spec } = isRecord(value) ? value : {};
  const known = admissionKinds.find((candidate) => candidate === kind);
  const name = isRecord(metadata) ? metadata['name'] : undefined;
  if (known === undefined || typeof name !== 'string' || name === '' || !isRecord(spec)) {
    throw new ShippedAdmissionError(`Neither ${admissionKinds.join(' nor ')} with a name and a spec`);
  }
  return { kind: known, name, spec };
}

/**
 * Reads all `*.yaml` of a directory: `files/admission` of the chart. An empty one is refused, as nothing to compare
 * with would mean that everything is as shipped.
 */
export async function readShippedAdmission(directory: string, words: AdmissionWords): Promise<ShippedAdmission[]> {
  const names = (await readdir(directory)).filter((name) => name.endsWith('.yaml')).toSorted();
  const texts = await Promise.all(names.map((name) => readFile(path.join(directory, name), 'utf8')));
  const shipped = texts.flatMap((text) => parseShippedAdmission(text, words));
  for (const kind of admissionKinds) {
    if (!shipped.some((one) => one.kind === kind)) {
      throw new ShippedAdmissionError(`There is no ${kind} in ${directory}`);
    }
  }
  return shipped;
}
