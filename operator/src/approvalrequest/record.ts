import { BUNDLE_HEAD } from '@chaperone/crds/bundle/configmaps';
import { isRecord } from '@chaperone/crds/client/kubernetes-object';
import { countedIn, type RememberedDecision, type RequestMemory } from './memory.ts';

/**
 * The ConfigMap in which an operator leaves to the next what it must not forget. By the prefix of its name the admission
 * policy `chaperone-bundle` keeps everybody else from writing it.
 */
export const RECORD_NAME = `${BUNDLE_HEAD}-admission`;

/** What one operator process leaves to the next. */
export interface AdmissionRecord {
  /** Which admission policies and bindings these were, and how often their specs had been written. */
  readonly fingerprint: string;
  /** By uid of the request: what had been seen under them and counted. */
  readonly counted: ReadonlyMap<string, RequestMemory>;
}

/** A ConfigMap holds 1 MiB; requests beyond this are left out, and count for nothing after a gap. */
const MAX_COUNTED_BYTES = 768 * 1_024;

/** The data of the ConfigMap. Deterministic, so that the same memory is the same text. */
export function formatRecord({ fingerprint, counted }: AdmissionRecord): Readonly<Record<string, string>> {
  let bytes = 2;
  const entries: [string, [string, string, string][]][] = [];
  for (const [uid, memory] of [...counted].toSorted(([left], [right]) => (left < right ? -1 : 1))) {
    const decisions = [...countedIn(memory)]
      .toSorted(([left], [right]) => (left < right ? -1 : 1))
      .map(([reviewer, { time, digest }]): [string, string, string] => [reviewer, time, digest]);
    bytes += Buffer.byteLength(JSON.stringify([uid, decisions])) + 1;
    if (decisions.length > 0 && bytes <= MAX_COUNTED_BYTES) {
      entries.push([uid, decisions]);
    }
  }
  return { fingerprint, counted: JSON.stringify(entries) };
}

/** Undefined where it says nothing that can be used: then nothing is known. */
export function parseRecord(data: unknown): AdmissionRecord | undefined {
  const { fingerprint, counted } = isRecord(data) ? data : {};
  if (typeof fingerprint !== 'string' || fingerprint === '' || typeof counted !== 'string') {
    return undefined;
  }
  let entries: unknown;
  try {
    entries = JSON.parse(counted);
  } catch {
    return undefined;
  }
  const memories = listOf(entries)?.map(memoryOf) ?? [undefined];
  const known = memories.filter((memory) => memory !== undefined);
  return known.length === memories.length ? { fingerprint, counted: new Map(known) } : undefined;
}

const listOf = (value: unknown): readonly unknown[] | undefined => (Array.isArray(value) ? value : undefined);

function memoryOf(entry: unknown): readonly [string, RequestMemory] | undefined {
  const [uid, list] = listOf(entry) ?? [];
  const decisions = listOf(list)?.map(decisionOf) ?? [undefined];
  const known = decisions.filter((decision) => decision !== undefined);
  return typeof uid === 'string' && known.length === decisions.length
    ? [uid, { decisions: new Map(known), phase: 'Open' }]
    : undefined;
}

function decisionOf(entry: unknown): readonly [string, RememberedDecision] | undefined {
  const [reviewer, time, digest] = listOf(entry) ?? [];
  return typeof reviewer === 'string' && typeof time === 'string' && typeof digest === 'string'
    ? [reviewer, { time, digest, standing: 'Counted' }]
    : undefined;
}
