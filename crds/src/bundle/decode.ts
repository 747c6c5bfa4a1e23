import { gunzipSync } from 'node:zlib';
import { isRecord } from '../client/kubernetes-object.ts';
import { parseAgentPolicy, parseMaskingRule, type ParseResult } from '../validation/parse.ts';
import { formatFieldErrors } from '../validation/field-error.ts';
import { agentPolicies, API_VERSION, maskingRules } from '../v1alpha1/groupversion.ts';
import {
  BUNDLE_FORMAT,
  type Bundle,
  type BundleMaskingRule,
  type BundlePolicy,
  type CompiledObject,
} from './bundle.ts';
import { BundleError } from './bundle-error.ts';
import { sha256, type EncodedPart } from './encode.ts';

/** Refuses what would decompress to more: 5,000 rules take about 5 MiB. */
const MAX_DECODED_BYTES = 128 * 1024 * 1024;

/**
 * Reads a bundle from its parts, whole or not at all: the parts' hashes, the revision, the format and every object are
 * checked, since what comes out decides who may do what.
 *
 * @throws BundleError
 */
export function decodeBundle(revision: string, parts: readonly EncodedPart[]): Bundle {
  for (const part of parts) {
    if (sha256(part.bytes) !== part.hash)
      throw new BundleError('WrongHash', `part ${part.hash} has other content than its name says`);
  }
  const serialized = decompress(parts);
  if (sha256(serialized) !== revision)
    throw new BundleError('WrongHash', `the content is not that of revision ${revision}`);
  const content = parseJson(serialized);
  if (!isRecord(content)) throw new BundleError('Undecodable', 'the bundle is not an object');
  if (content['format'] !== BUNDLE_FORMAT) {
    throw new BundleError(
      'UnknownFormat',
      `the bundle has format ${String(content['format'])}, this version reads ${BUNDLE_FORMAT}`,
    );
  }
  return {
    format: BUNDLE_FORMAT,
    revision,
    policies: list(content, 'policies').map((item): BundlePolicy =>
      compiled(item, agentPolicies.kind, parseAgentPolicy),
    ),
    maskingRules: list(content, 'maskingRules').map((item): BundleMaskingRule =>
      compiled(item, maskingRules.kind, parseMaskingRule),
    ),
  };
}

function decompress(parts: readonly EncodedPart[]): string {
  try {
    return gunzipSync(Buffer.concat(parts.map((part) => part.bytes)), { maxOutputLength: MAX_DECODED_BYTES }).toString(
      'utf8',
    );
  } catch (cause) {
    throw new BundleError('Undecodable', 'the bundle is not gzip, or is too large', { cause });
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new BundleError('Undecodable', 'the bundle is not JSON', { cause });
  }
}

function list(content: Readonly<Record<string, unknown>>, name: string): readonly unknown[] {
  const value = content[name];
  if (!Array.isArray(value)) throw new BundleError('InvalidObject', `${name} is not a list`);
  return value;
}

/** Narrows one entry by way of the object that it was compiled from, so that one schema says what may be in a spec. */
function compiled<Spec>(
  entry: unknown,
  kind: string,
  parse: (value: unknown) => ParseResult<{ readonly spec: Spec }>,
): CompiledObject & { readonly spec: Spec } {
  if (!isRecord(entry)) throw new BundleError('InvalidObject', `an entry of kind ${kind} is not an object`);
  const { name, uid, generation, spec } = entry;
  if (typeof name !== 'string' || typeof uid !== 'string' || typeof generation !== 'number') {
    throw new BundleError('InvalidObject', `an entry of kind ${kind} lacks name, uid or generation`);
  }
  const result = parse({ apiVersion: API_VERSION, kind, metadata: { name, uid, generation }, spec });
  if (result.kind === 'invalid') {
    throw new BundleError('InvalidObject', `${kind} ${name}: ${formatFieldErrors(result.errors, 1_024)}`);
  }
  return { name, uid, generation, spec: result.object.spec };
}
