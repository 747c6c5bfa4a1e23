import {
  BUNDLE_HEAD,
  bundleConfigMaps,
  parseBundleHead,
  parsePreviousHead,
  PART_KEY,
  partName,
  type BundleConfigMap,
  type BundleHead,
} from '@chaperone/crds/bundle/configmaps';
import { BundleError } from '@chaperone/crds/bundle/bundle-error';
import type { EncodedBundle } from '@chaperone/crds/bundle/encode';
import { isAlreadyExists, isConflict, isNotFound } from '@chaperone/crds/client/api-error';
import type { ConfigMap } from '@chaperone/crds/client/kinds';
import type { OwnerReference, Stored } from '@chaperone/crds/client/kubernetes-object';
import type { ResourceClient } from '@chaperone/crds/client/resource-client';
import type { Lister } from '@chaperone/crds/client/store';
import { isDeepStrictEqual } from 'node:util';
import type { Logger } from '@chaperone/crds/process/logger';
import { readBundle, type ReadBundle } from './bundle-reader.ts';

/** What became of a bundle that was to be published. */
export type PublishOutcome =
  /** The head names it now and did not before. */
  | 'published'
  /** The head named it already. */
  | 'unchanged'
  /** Somebody else wrote the head since it was read: read it again, and decide again. */
  | 'conflict';

export interface BundleWriterOptions {
  readonly configMaps: ResourceClient<ConfigMap>;
  /** Head and parts as the watch has them: behind what was just written, never ahead. */
  readonly lister: Lister<ConfigMap>;
  readonly namespace: string;
  readonly ownerReferences?: readonly OwnerReference[];
  readonly logger: Logger;
  /** Told of what was put right: a part that was lost or altered, a head that somebody else wrote. */
  readonly onRepair?: (what: 'part' | 'head') => void;
}

/**
 * Writes bundles: parts first, then the head by PUT with the resourceVersion that was last read or written, so that
 * no other writer's bundle is ever overwritten unread. Every step may be the last one of this process.
 */
export interface BundleWriter {
  /** Has nobody else written the head since it was last read or written here, as far as the watch tells? */
  isCurrent(): boolean;
  /** Reads the head from etcd. `foreign`: it is another than the one last read or written here. */
  load(signal: AbortSignal): Promise<ReadBundle & { readonly foreign: boolean }>;
  /** To be called after `load`. What it throws leaves the head to be read again. */
  publish(encoded: EncodedBundle, signal: AbortSignal): Promise<PublishOutcome>;
  /** The parts that head and previous head name. */
  referenced(): ReadonlySet<string>;
}

interface KnownHead {
  /** Undefined where there is none. */
  readonly object: Stored<ConfigMap> | undefined;
}

export function newBundleWriter(options: BundleWriterOptions): BundleWriter {
  const { configMaps, lister, namespace, logger } = options;
  const ownerReferences = options.ownerReferences ?? [];
  const headName = { name: BUNDLE_HEAD, namespace };
  /** Undefined where it has to be read before anything is written. */
  let known: KnownHead | undefined;
  /** Of heads that were read or written here; the watch brings them late. */
  const seen = new Set<string>();

  function remember(object: Stored<ConfigMap> | undefined): void {
    known = { object };
    if (object !== undefined) {
      seen.add(object.metadata.resourceVersion);
      const [oldest] = seen;
      if (seen.size > 64 && oldest !== undefined) {
        seen.delete(oldest);
      }
    }
  }

  async function ensurePart(part: BundleConfigMap, signal: AbortSignal): Promise<void> {
    const watched = lister.get(part.metadata);
    if (watched !== undefined && isSamePart(watched, part)) {
      return;
    }
    try {
      await configMaps.create(writable(part), { signal });
      return;
    } catch (error) {
      if (!isAlreadyExists(error)) {
        throw error;
      }
    }
    const stored = await configMaps.get(part.metadata, { signal });
    if (isSamePart(stored, part)) {
      return;
    }
    // A part is named by its hash, so other content under its name is damage, and every replica would refuse it.
    logger.error('Part of the bundle was altered and is replaced', { part: part.metadata.name });
    await configMaps.delete(part.metadata, { uid: stored.metadata.uid, signal });
    await configMaps.create(writable(part), { signal });
    options.onRepair?.('part');
  }

  async function writeHead(desired: BundleConfigMap, before: KnownHead, signal: AbortSignal): Promise<boolean> {
    // Whether a write that fails was carried out is not known; only reading tells.
    known = undefined;
    try {
      const resourceVersion = before.object?.metadata.resourceVersion;
      remember(
        resourceVersion === undefined
          ? await configMaps.create(writable(desired), { signal })
          : await configMaps.replace(
              { ...writable(desired), metadata: { ...desired.metadata, resourceVersion } },
              { signal },
            ),
      );
      return true;
    } catch (error) {
      if (isConflict(error) || isAlreadyExists(error) || isNotFound(error)) {
        return false;
      }
      throw error;
    }
  }

  return {
    isCurrent: () => known !== undefined && seen.has(lister.get(headName)?.metadata.resourceVersion ?? ''),
    async load(signal) {
      const before = known?.object?.metadata.resourceVersion;
      const read = await readBundle({ configMaps, namespace, unlessVersion: before, signal });
      const foreign = known === undefined || read.head?.metadata.resourceVersion !== before;
      remember(read.head);
      return { ...read, foreign };
    },
    async publish(encoded, signal) {
      const before = known;
      if (before === undefined) {
        return 'conflict';
      }
      const told = headOf(before.object);
      const changes = told?.revision !== encoded.bundle.revision;
      const previous = changes ? told : parsePreviousHead(before.object?.data);
      const desired = bundleConfigMaps(encoded, namespace, { ownerReferences, previous });
      for (const part of desired.parts) {
        await ensurePart(part, signal);
      }
      if (before.object !== undefined && isSameHead(before.object, desired.head)) {
        return 'unchanged';
      }
      if (!(await writeHead(desired.head, before, signal))) {
        return 'conflict';
      }
      if (!changes) {
        options.onRepair?.('head');
      }
      return 'published';
    },
    referenced() {
      const object = known?.object;
      const heads = [headOf(object), parsePreviousHead(object?.data)];
      return new Set(heads.flatMap((head) => head?.parts.map(partName) ?? []));
    },
  };
}

/** What a head says, or undefined where it says nothing that can be used. */
function headOf(object: Stored<ConfigMap> | undefined): BundleHead | undefined {
  try {
    return object === undefined ? undefined : parseBundleHead(object.data);
  } catch (error) {
    if (error instanceof BundleError) {
      return undefined;
    }
    throw error;
  }
}

/** The client's types are mutable; nothing changes what is sent. */
function writable({ apiVersion, kind, metadata, immutable, data, binaryData }: BundleConfigMap): ConfigMap {
  return {
    apiVersion,
    kind,
    metadata: { ...metadata, labels: { ...metadata.labels } },
    ...(immutable === undefined ? {} : { immutable }),
    ...(data === undefined ? {} : { data: { ...data } }),
    ...(binaryData === undefined ? {} : { binaryData: { ...binaryData } }),
  };
}

const isSamePart = (stored: ConfigMap, desired: BundleConfigMap): boolean =>
  stored.binaryData?.[PART_KEY] === desired.binaryData?.[PART_KEY] && hasMetadata(stored, desired);

const isSameHead = (stored: ConfigMap, desired: BundleConfigMap): boolean =>
  isDeepStrictEqual({ ...stored.data }, { ...desired.data }) && hasMetadata(stored, desired);

/** Labels by which parts are found again, and owners with which they go. What others added is left alone. */
function hasMetadata({ metadata }: ConfigMap, desired: BundleConfigMap): boolean {
  const owners = new Set(metadata?.ownerReferences?.map(({ uid }) => uid));
  return (
    Object.entries(desired.metadata.labels).every(([key, value]) => metadata?.labels?.[key] === value) &&
    (desired.metadata.ownerReferences ?? []).every(({ uid }) => owners.has(uid))
  );
}
