import type { Bundle } from '@chaperone/crds/bundle/bundle';
import { BundleError } from '@chaperone/crds/bundle/bundle-error';
import {
  BUNDLE_HEAD,
  parseBundleHead,
  parseBundlePart,
  parsePreviousHead,
  partName,
  type BundleHead,
} from '@chaperone/crds/bundle/configmaps';
import { decodeBundle } from '@chaperone/crds/bundle/decode';
import type { EncodedPart } from '@chaperone/crds/bundle/encode';
import { isNotFound } from '@chaperone/crds/client/api-error';
import type { ConfigMap } from '@chaperone/crds/client/kinds';
import type { Stored } from '@chaperone/crds/client/kubernetes-object';
import type { ResourceClient } from '@chaperone/crds/client/resource-client';

/** What is stored. */
export interface ReadBundle {
  /** Undefined where there is none. */
  readonly head: Stored<ConfigMap> | undefined;
  /** The bundle that the head names or, where that cannot be read, the one before it. */
  readonly bundle: Bundle | undefined;
  /** Why the bundle that the head names cannot be read. */
  readonly problem: BundleError | undefined;
}

export interface ReadBundleOptions {
  readonly configMaps: Pick<ResourceClient<ConfigMap>, 'get'>;
  readonly namespace: string;
  /** A head of this resourceVersion is known: its parts are not read again. */
  readonly unlessVersion: string | undefined;
  readonly signal: AbortSignal;
}

/** Reads head and parts from etcd, never from a cache: what is decided next rests on it. */
export async function readBundle(options: ReadBundleOptions): Promise<ReadBundle> {
  const { configMaps, namespace, signal } = options;

  async function get(name: string): Promise<Stored<ConfigMap> | undefined> {
    try {
      return await configMaps.get({ name, namespace }, { signal });
    } catch (error) {
      if (isNotFound(error)) {
        return undefined;
      }
      throw error;
    }
  }

  async function decode(head: BundleHead): Promise<Bundle> {
    const parts: EncodedPart[] = [];
    for (const hash of head.parts) {
      parts.push(parseBundlePart(hash, (await get(partName(hash)))?.binaryData));
    }
    return decodeBundle(head.revision, parts);
  }

  const head = await get(BUNDLE_HEAD);
  if (head === undefined || head.metadata.resourceVersion === options.unlessVersion) {
    return { head, bundle: undefined, problem: undefined };
  }
  try {
    return { head, bundle: await decode(parseBundleHead(head.data)), problem: undefined };
  } catch (problem) {
    if (!(problem instanceof BundleError)) {
      throw problem;
    }
    // Better an older record of what was accepted than none: a policy that does not compile now would lose its rules.
    const previous = parsePreviousHead(head.data);
    return { head, bundle: previous === undefined ? undefined : await decodeOrNothing(previous), problem };
  }

  async function decodeOrNothing(previous: BundleHead): Promise<Bundle | undefined> {
    try {
      return await decode(previous);
    } catch (error) {
      if (error instanceof BundleError) {
        return undefined;
      }
      throw error;
    }
  }
}
