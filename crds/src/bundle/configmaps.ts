import { isRecord, type OwnerReference } from '../client/kubernetes-object.ts';
import { BundleError } from './bundle-error.ts';
import { BUNDLE_FORMAT } from './bundle.ts';
import type { EncodedBundle, EncodedPart } from './encode.ts';

/** The one ConfigMap of fixed name: it points at the parts, and writing it is what puts a revision in force. */
export const BUNDLE_HEAD = 'chaperone-bundle';
/** Labels of every bundle ConfigMap; the value tells head and parts apart. */
export const BUNDLE_LABEL = 'chaperone.dev/bundle';
/** Key of a part's bytes in `binaryData`. */
export const PART_KEY = 'part';

/** Key of the head under which it tells what it said before. Replicas do not read it. */
export const PREVIOUS_KEY = 'previous';

export interface BundleConfigMap {
  readonly apiVersion: 'v1';
  readonly kind: 'ConfigMap';
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly ownerReferences?: OwnerReference[];
  };
  readonly immutable?: boolean;
  readonly data?: Readonly<Record<string, string>>;
  readonly binaryData?: Readonly<Record<string, string>>;
}

/** What a head says. */
export interface BundleHead {
  readonly revision: string;
  /** Hashes of the parts, in order. */
  readonly parts: readonly string[];
}

const labels = (role: 'head' | 'part'): Readonly<Record<string, string>> => ({
  'app.kubernetes.io/name': 'chaperone',
  'app.kubernetes.io/component': 'bundle',
  [BUNDLE_LABEL]: role,
});

/** Name of the ConfigMap of a part: short enough to read, long enough that two parts never share it. */
export const partName = (hash: string): string => `${BUNDLE_HEAD}-${hash.slice(0, 24)}`;

export interface BundleConfigMapOptions {
  /** Of every ConfigMap, so that they go with the installation. */
  readonly ownerReferences?: readonly OwnerReference[];
  /** What the head said before: its parts are kept, for replicas that are just reading them. */
  readonly previous?: BundleHead | undefined;
}

/** The ConfigMaps of a bundle. Parts are written first and never change; then the head. */
export function bundleConfigMaps(
  { bundle, parts }: EncodedBundle,
  namespace: string,
  { ownerReferences = [], previous }: BundleConfigMapOptions = {},
): { readonly head: BundleConfigMap; readonly parts: readonly BundleConfigMap[] } {
  const owners = ownerReferences.length === 0 ? {} : { ownerReferences: [...ownerReferences] };
  return {
    head: {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: BUNDLE_HEAD, namespace, labels: labels('head'), ...owners },
      data: {
        format: String(BUNDLE_FORMAT),
        revision: bundle.revision,
        parts: JSON.stringify(parts.map((part) => part.hash)),
        ...(previous === undefined ? {} : { [PREVIOUS_KEY]: JSON.stringify(previous) }),
        // For people who look: not read back.
        policies: String(bundle.policies.length),
        maskingRules: String(bundle.maskingRules.length),
      },
    },
    parts: parts.map((part) => ({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: partName(part.hash), namespace, labels: labels('part'), ...owners },
      immutable: true,
      binaryData: { [PART_KEY]: Buffer.from(part.bytes).toString('base64') },
    })),
  };
}

const SHA256 = /^[0-9a-f]{64}$/;

/** @throws BundleError MalformedHead or UnknownFormat */
export function parseBundleHead(data: unknown): BundleHead {
  if (!isRecord(data)) throw new BundleError('MalformedHead', 'the head has no data');
  if (data['format'] !== String(BUNDLE_FORMAT)) {
    throw new BundleError(
      'UnknownFormat',
      `the bundle has format ${String(data['format'])}, this version reads ${BUNDLE_FORMAT}`,
    );
  }
  const { revision, parts } = data;
  const hashes = typeof parts === 'string' ? parseHashes(parts) : undefined;
  if (typeof revision !== 'string' || !SHA256.test(revision) || hashes === undefined) {
    throw new BundleError('MalformedHead', 'the head names no revision, or its parts in another way than expected');
  }
  return { revision, parts: hashes };
}

const isHashes = (list: unknown): list is string[] =>
  Array.isArray(list) && list.length > 0 && list.every((hash) => typeof hash === 'string' && SHA256.test(hash));

function parseHashes(text: string): readonly string[] | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  return isHashes(value) ? value : undefined;
}

/** What a head says that it said before; undefined where it says nothing that can be used. */
export function parsePreviousHead(data: unknown): BundleHead | undefined {
  const text = isRecord(data) ? data[PREVIOUS_KEY] : undefined;
  let value: unknown;
  try {
    value = typeof text === 'string' ? JSON.parse(text) : undefined;
  } catch {
    return undefined;
  }
  const { revision, parts } = isRecord(value) ? value : {};
  return typeof revision === 'string' && SHA256.test(revision) && isHashes(parts) ? { revision, parts } : undefined;
}

/** One part from its ConfigMap's `binaryData`; its hash is checked when the bundle is decoded. */
export function parseBundlePart(hash: string, binaryData: unknown): EncodedPart {
  const encoded = isRecord(binaryData) ? binaryData[PART_KEY] : undefined;
  if (typeof encoded !== 'string') throw new BundleError('MissingPart', `part ${hash} is not there`);
  return { hash, bytes: Buffer.from(encoded, 'base64') };
}
