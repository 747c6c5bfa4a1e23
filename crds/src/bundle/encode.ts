import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { canonicalJson } from './canonical-json.ts';
import {
  BUNDLE_FORMAT,
  type Bundle,
  type BundleContent,
  type BundleMaskingRule,
  type BundlePolicy,
  type CompiledObject,
} from './bundle.ts';

/** Bytes of one part before base64: a ConfigMap holds at most 1 MiB, and etcd takes requests of 1.5 MiB. */
export const MAX_PART_BYTES = 700 * 1024;

/** A bundle and how it is stored: gzip, cut into parts that are named by their own content. */
export interface EncodedBundle {
  readonly bundle: Bundle;
  /** In order; their concatenation is one gzip stream. */
  readonly parts: readonly EncodedPart[];
}

export interface EncodedPart {
  /** Lower-case hexadecimal SHA-256 of the bytes. */
  readonly hash: string;
  readonly bytes: Uint8Array;
}

/**
 * Makes the bundle of a rule set. Deterministic: two operators that accepted the same objects get the same revision and
 * the same parts, and an unchanged rule set writes nothing.
 */
export function encodeBundle(
  policies: readonly BundlePolicy[],
  maskingRules: readonly BundleMaskingRule[],
): EncodedBundle {
  const content: BundleContent = {
    format: BUNDLE_FORMAT,
    policies: policies.toSorted(byName),
    maskingRules: maskingRules.toSorted(byName),
  };
  // What canonicalJson(content) is, without making the text of every entry anew for each change of one.
  const serialized = `{"format":${BUNDLE_FORMAT},"maskingRules":${listText(content.maskingRules)},"policies":${listText(content.policies)}}`;
  const compressed = gzipSync(serialized, { level: 6 });
  const parts: EncodedPart[] = [];
  for (let offset = 0; offset < compressed.length; offset += MAX_PART_BYTES) {
    const bytes = compressed.subarray(offset, offset + MAX_PART_BYTES);
    parts.push({ hash: sha256(bytes), bytes });
  }
  return { bundle: { ...content, revision: sha256(serialized) }, parts };
}

const entryTexts = new WeakMap<CompiledObject, string>();

/** The canonical JSON of one entry, which is kept for as long as the entry is: entries never change. */
export function entryText(entry: CompiledObject): string {
  const text = entryTexts.get(entry) ?? canonicalJson(entry);
  entryTexts.set(entry, text);
  return text;
}

const listText = (entries: readonly CompiledObject[]): string => `[${entries.map(entryText).join(',')}]`;

/** Lower-case hexadecimal SHA-256; of a string, that of its UTF-8 bytes. */
export function sha256(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}

const byName = (left: { readonly name: string }, right: { readonly name: string }): number => {
  if (left.name === right.name) return 0;
  return left.name < right.name ? -1 : 1;
};
